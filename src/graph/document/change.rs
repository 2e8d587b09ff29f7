//! What a command or an undo did to a graph, so that a page updates only that.

use std::{collections::HashSet, sync::Arc};

use super::model::{Connection, Graph, SocketRef};
use crate::domain::NodeId;

/// The nodes and connections that were touched. A node is in at most one list, but one that was both moved and edited.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Nodes that are new.
    pub added: Vec<NodeId>,
    /// Nodes that are gone.
    pub removed: Vec<NodeId>,
    /// Nodes that stand elsewhere.
    pub moved: Vec<NodeId>,
    /// Nodes with other parameters.
    pub edited: Vec<NodeId>,
    /// Connections that are new.
    pub connected: Vec<Connection>,
    /// Connections that are gone.
    pub disconnected: Vec<Connection>,
}

impl Graph {
    /// Whether both hold the same, in whatever order it was added.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        self.schema() == other.schema() && self.other() == other.other() && Change::between(self, other).is_empty()
    }
}

impl Change {
    /// Whether nothing was touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What leads from `before` to `after`. Nodes that both share are not looked into, so this is cheap after an undo.
    #[must_use]
    pub fn between(before: &Graph, after: &Graph) -> Self {
        let mut change = Self::default();
        for node in after.nodes() {
            let id = || node.id.clone();
            match before.node(&node.id) {
                None => change.added.push(id()),
                Some(old) if Arc::ptr_eq(old, node) => {}
                Some(old) if old.node_type != node.node_type => {
                    change.removed.push(id());
                    change.added.push(id());
                }
                Some(old) => {
                    if old.position != node.position {
                        change.moved.push(id());
                    }
                    if old.params != node.params || old.other != node.other {
                        change.edited.push(id());
                    }
                }
            }
        }
        change.removed.extend(before.nodes().iter().filter(|node| after.node(&node.id).is_none()).map(|node| node.id.clone()));
        change.connected = missing_in(before, after.connections());
        change.disconnected = missing_in(after, before.connections());
        change
    }

    /// Every node whose look may have changed: those listed, and those at the ends of the connections listed.
    #[must_use]
    pub fn nodes(&self) -> HashSet<NodeId> {
        let listed = [&self.added, &self.removed, &self.moved, &self.edited].into_iter().flatten();
        let wired = [&self.connected, &self.disconnected].into_iter().flatten();
        listed.chain(wired.flat_map(|connection| [&connection.from.node, &connection.to.node])).cloned().collect()
    }
}

fn missing_in(graph: &Graph, connections: &[Connection]) -> Vec<Connection> {
    let there: HashSet<(&SocketRef, &SocketRef)> =
        graph.connections().iter().map(|connection| (&connection.from, &connection.to)).collect();
    connections.iter().filter(|connection| !there.contains(&(&connection.from, &connection.to))).cloned().collect()
}
