//! Which connections may be made: asked while a wire is dragged, and again when it is dropped.

use std::collections::HashSet;

use super::model::{Graph, Node, SocketRef};
use crate::{
    domain::NodeId,
    graph::{
        nodes,
        socket_type::{Reason, can_connect},
        spec::Direction,
    },
};

/// Why two sockets cannot be connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// One of the nodes is not there.
    #[error("The node “{0}” is not there.")]
    NoNode(NodeId),
    /// A node has no such output or input.
    #[error("{title} has no {} called “{socket}”.", if *.direction == Direction::In { "input" } else { "output" })]
    NoSocket {
        /// The node's type in words.
        title: String,
        /// The name that was asked for.
        socket: String,
        /// Which kind of socket was asked for.
        direction: Direction,
    },
    /// The types do not fit.
    #[error("{0}")]
    Type(Reason),
    /// The node would wait for itself.
    #[error("A node cannot feed itself.")]
    Itself,
    /// The node would wait for what it feeds.
    #[error("This would close a circle: the one already feeds the other.")]
    Cycle,
    /// They are connected.
    #[error("These are connected already.")]
    Duplicate,
}

impl Graph {
    /// Whether an output may be connected to an input. An occupied single input may: the new connection takes the old one's place.
    pub fn may_connect(&self, from: &SocketRef, to: &SocketRef) -> Result<(), ConnectError> {
        let (output, _) = self.socket_at(Direction::Out, from)?;
        let (input, _) = self.socket_at(Direction::In, to)?;
        can_connect(output, input).map_err(ConnectError::Type)?;
        if from.node == to.node {
            return Err(ConnectError::Itself);
        }
        if self.connection(from, to).is_some() {
            return Err(ConnectError::Duplicate);
        }
        if self.downstream(&to.node).contains(&from.node) { Err(ConnectError::Cycle) } else { Ok(()) }
    }

    /// The nodes that a node's result reaches.
    #[must_use]
    pub fn downstream<'a>(&'a self, node: &'a NodeId) -> HashSet<NodeId> {
        self.reach([node], |node| self.outgoing(node).map(|connection| &connection.to.node).collect())
    }

    /// The nodes that these nodes need, they themselves left out unless others of them need them.
    #[must_use]
    pub fn upstream<'a>(&'a self, nodes: impl IntoIterator<Item = &'a NodeId>) -> HashSet<NodeId> {
        self.reach(nodes, |node| self.incoming(node).map(|connection| &connection.from.node).collect())
    }

    fn reach<'a>(
        &'a self,
        starts: impl IntoIterator<Item = &'a NodeId>,
        neighbours: impl Fn(&'a NodeId) -> Vec<&'a NodeId>,
    ) -> HashSet<NodeId> {
        let mut seen = HashSet::new();
        let mut open: Vec<&NodeId> = starts.into_iter().collect();
        while let Some(node) = open.pop() {
            for neighbour in neighbours(node) {
                if seen.insert(neighbour.clone()) {
                    open.push(neighbour);
                }
            }
        }
        seen
    }

    /// These nodes and all that their results reach, each after those of them that it needs. A circle ends where it began.
    #[must_use]
    pub fn downstream_in_order<'a>(&'a self, nodes: impl IntoIterator<Item = &'a NodeId>) -> Vec<NodeId> {
        let next = |node: &'a NodeId| self.outgoing(node).map(|connection| &connection.to.node).collect::<Vec<_>>();
        let (mut seen, mut ended) = (HashSet::new(), Vec::new());
        for start in nodes {
            if !seen.insert(start) {
                continue;
            }
            // Depth first without recursion: a chain may be as long as the graph is large.
            let mut way = vec![(start, next(start))];
            while let Some((node, rest)) = way.last_mut() {
                match rest.pop() {
                    Some(neighbour) if seen.insert(neighbour) => way.push((neighbour, next(neighbour))),
                    Some(_) => {}
                    None => {
                        ended.push((*node).clone());
                        way.pop();
                    }
                }
            }
        }
        ended.reverse();
        ended
    }

    /// Type and arity of a socket.
    pub(in crate::graph) fn socket_at(
        &self,
        direction: Direction,
        at: &SocketRef,
    ) -> Result<(crate::graph::SocketType, bool), ConnectError> {
        let node = self.node(&at.node).ok_or_else(|| ConnectError::NoNode(at.node.clone()))?;
        nodes::socket(node, direction, at).ok_or_else(|| ConnectError::NoSocket {
            title: title(node),
            socket: at.socket.to_string(),
            direction,
        })
    }
}

/// A node's type in words.
pub(super) fn title(node: &Node) -> String {
    nodes::spec(&node.node_type).map_or_else(|| node.node_type.to_string(), |spec| spec.title.into())
}
