//! What is selected: nodes, or one connection. Never both, so that Delete is never a surprise.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::NodeId,
    graph::document::model::{Connection, Graph},
};

/// What is selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    nodes: Arc<BTreeSet<NodeId>>,
    connection: Option<Connection>,
}

impl Selection {
    /// These nodes.
    pub fn of_nodes(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self { nodes: Arc::new(nodes.into_iter().collect()), connection: None }
    }

    /// One connection.
    #[must_use]
    pub fn of_connection(connection: Connection) -> Self {
        Self { nodes: Arc::default(), connection: Some(connection) }
    }

    /// Every node of a graph.
    #[must_use]
    pub fn all(graph: &Graph) -> Self {
        Self::of_nodes(graph.nodes().iter().map(|node| node.id.clone()))
    }

    /// Whether the node is selected.
    #[must_use]
    pub fn has(&self, node: &NodeId) -> bool {
        self.nodes.contains(node)
    }

    /// Whether this is the selected connection.
    #[must_use]
    pub fn has_connection(&self, connection: &Connection) -> bool {
        self.connection.as_ref().is_some_and(|selected| selected.joins(&connection.from, &connection.to))
    }

    /// Whether nothing is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.connection.is_none()
    }

    /// The selected nodes, in the order of their ids.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &NodeId> {
        self.nodes.iter()
    }

    /// The one selected node, if it is one.
    #[must_use]
    pub fn single(&self) -> Option<&NodeId> {
        if self.nodes.len() == 1 { self.nodes.first() } else { None }
    }

    /// The selected connection.
    #[must_use]
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// The nodes of this selection with `node` added, or taken out if it is in.
    #[must_use]
    pub fn toggled(&self, node: &NodeId) -> Self {
        let mut nodes = BTreeSet::clone(&self.nodes);
        if !nodes.remove(node) {
            nodes.insert(node.clone());
        }
        Self::of_nodes(nodes)
    }

    /// The nodes of this selection and these.
    #[must_use]
    pub fn with_nodes(&self, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self::of_nodes(self.nodes.iter().cloned().chain(nodes))
    }

    /// What of this selection a graph still holds: after an undo, some of it may be gone.
    #[must_use]
    pub fn within(&self, graph: &Graph) -> Self {
        Self {
            nodes: Arc::new(self.nodes.iter().filter(|id| graph.node(id).is_some()).cloned().collect()),
            connection: self.connection.clone().filter(|selected| graph.connection(&selected.from, &selected.to).is_some()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::document::model::SocketRef;

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    #[test]
    fn toggling_twice_changes_nothing() {
        let selection = Selection::of_nodes([id("a"), id("b")]);
        assert!(!selection.toggled(&id("a")).has(&id("a")));
        assert_eq!(selection.toggled(&id("c")).toggled(&id("c")), selection);
        assert_eq!(selection.single(), None);
        assert_eq!(selection.toggled(&id("a")).single(), Some(&id("b")));
    }

    #[test]
    fn a_connection_and_nodes_are_not_selected_together() {
        let wire = Connection::new(SocketRef::new(id("a"), "video"), SocketRef::new(id("b"), "video"));
        let selection = Selection::of_connection(wire.clone());
        assert!(selection.has_connection(&wire));
        let with_node = selection.toggled(&id("a"));
        assert!(with_node.connection().is_none() && with_node.has(&id("a")));
        assert!(selection.with_nodes([id("b")]).connection().is_none());
    }

    #[test]
    fn what_is_gone_is_not_selected() {
        let selection = Selection::of_nodes([id("a")]);
        assert!(selection.within(&Graph::new()).is_empty());
    }
}
