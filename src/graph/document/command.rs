//! Commands: the only way to change a graph. Each is applied as a whole or not at all, and leaves the graph sound.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    change::Change,
    clipboard::Fragment,
    connect::{ConnectError, title},
    model::{Connection, Graph, Node, Position, SocketRef},
};
use crate::{
    domain::{NodeId, limits},
    graph::{nodes, param::ParamKind, setting, spec::Direction},
};

/// The most nodes a graph may have.
pub const MAX_NODES: usize = limits::NODES;
/// The most connections a graph may have.
pub const MAX_CONNECTIONS: usize = limits::CONNECTIONS;

/// A change of the document.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Adds a node, whose id the caller has made.
    AddNode(Node),
    /// Adds nodes, whose ids the caller has made, with connections among them, or from and to nodes that are there.
    Insert(Fragment),
    /// Removes nodes and every connection at them.
    RemoveNodes(Vec<NodeId>),
    /// Puts nodes at these places.
    MoveNodes(Vec<(NodeId, Position)>),
    /// Connects an output to an input; what occupied a single input gives way.
    Connect {
        /// The output.
        from: SocketRef,
        /// The input.
        to: SocketRef,
    },
    /// Takes a connection away.
    Disconnect {
        /// The output.
        from: SocketRef,
        /// The input.
        to: SocketRef,
    },
    /// Sets a parameter; `null` puts it back to its default.
    SetParam {
        /// The node.
        node: NodeId,
        /// The parameter's name.
        name: String,
        /// Its value.
        value: Value,
    },
    /// Several commands as one.
    All(Vec<Command>),
}

/// Why a command was refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// A node is not there.
    #[error("The node “{0}” is not there.")]
    NoNode(NodeId),
    /// A node's id is taken.
    #[error("There is a node “{0}” already.")]
    DuplicateId(NodeId),
    /// The connection is not there.
    #[error("There is no such connection.")]
    NoConnection,
    /// The sockets cannot be connected.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The node has no such parameter.
    #[error("{title} has no parameter “{name}”.")]
    NoParam {
        /// The node's type in words.
        title: String,
        /// The name that was given.
        name: String,
    },
    /// The value is not of the parameter's kind.
    #[error("{0}")]
    Value(String),
    /// A place is not a pair of finite numbers.
    #[error("A node cannot stand outside of the canvas.")]
    Position,
    /// The graph would grow too large.
    #[error("A workflow holds at most {MAX_NODES} nodes and {MAX_CONNECTIONS} connections.")]
    TooLarge,
}

impl Graph {
    /// Applies a command as a whole, or refuses it and changes nothing. Says what it touched.
    pub fn apply(&mut self, command: Command) -> Result<Change, CommandError> {
        match command {
            Command::AddNode(node) => self.add_node(node),
            Command::Insert(fragment) => self.insert(fragment),
            Command::RemoveNodes(ids) => self.remove_nodes(&ids),
            Command::MoveNodes(places) => self.move_nodes(places),
            Command::Connect { from, to } => self.connect(Connection::new(from, to)),
            Command::Disconnect { from, to } => self.disconnect(&from, &to),
            Command::SetParam { node, name, value } => self.set_param(node, name, value),
            Command::All(commands) => self.apply_all(commands),
        }
    }

    fn add_node(&mut self, node: Node) -> Result<Change, CommandError> {
        if !node.position.is_on_canvas() {
            return Err(CommandError::Position);
        }
        if self.nodes().len() >= MAX_NODES {
            return Err(CommandError::TooLarge);
        }
        for (name, value) in &node.params {
            let wrong = nodes::param(&node.node_type, name).and_then(|param| param.kind_error(value));
            wrong.map_or(Ok(()), |reason| Err(CommandError::Value(reason)))?;
        }
        let id = node.id.clone();
        self.push_node(node).map_err(|node| CommandError::DuplicateId(node.id))?;
        Ok(Change { added: vec![id], ..Change::default() })
    }

    fn insert(&mut self, fragment: Fragment) -> Result<Change, CommandError> {
        let mut next = self.clone();
        for node in fragment.nodes {
            next.add_node(node)?;
        }
        for connection in fragment.connections {
            next.connect(connection)?;
        }
        Ok(self.replace_with(next))
    }

    fn apply_all(&mut self, commands: Vec<Command>) -> Result<Change, CommandError> {
        let mut next = self.clone();
        for command in commands {
            next.apply(command)?;
        }
        Ok(self.replace_with(next))
    }

    fn replace_with(&mut self, next: Self) -> Change {
        let change = Change::between(self, &next);
        *self = next;
        change
    }

    fn remove_nodes(&mut self, ids: &[NodeId]) -> Result<Change, CommandError> {
        let gone: HashSet<&NodeId> = ids.iter().collect();
        if let Some(missing) = gone.iter().find(|id| self.node(id).is_none()) {
            return Err(CommandError::NoNode((*missing).clone()));
        }
        let disconnected = self.take_connections(|connection| gone.contains(&connection.from.node) || gone.contains(&connection.to.node));
        let removed = self.nodes().iter().filter(|node| gone.contains(&node.id)).map(|node| node.id.clone()).collect();
        self.retain_nodes(|node| !gone.contains(&node.id));
        Ok(Change { removed, disconnected, ..Change::default() })
    }

    fn move_nodes(&mut self, places: Vec<(NodeId, Position)>) -> Result<Change, CommandError> {
        for (id, position) in &places {
            self.node(id).ok_or_else(|| CommandError::NoNode(id.clone()))?;
            if !position.is_on_canvas() {
                return Err(CommandError::Position);
            }
        }
        let mut moved = Vec::with_capacity(places.len());
        for (id, position) in places {
            let elsewhere = self.node(&id).is_some_and(|node| node.position != position);
            if elsewhere && let Some(node) = self.node_mut(&id) {
                node.position = position;
                moved.push(id);
            }
        }
        Ok(Change { moved, ..Change::default() })
    }

    fn connect(&mut self, connection: Connection) -> Result<Change, CommandError> {
        self.may_connect(&connection.from, &connection.to)?;
        let (_, list) = self.socket_at(Direction::In, &connection.to)?;
        let occupied = !list && self.wired_to(&connection.to.node, &connection.to.socket).next().is_some();
        if !occupied && self.connections().len() >= MAX_CONNECTIONS {
            return Err(CommandError::TooLarge);
        }
        let disconnected = if list { Vec::new() } else { self.take_connections(|old| old.to == connection.to) };
        self.push_connection(connection.clone());
        Ok(Change { connected: vec![connection], disconnected, ..Change::default() })
    }

    fn disconnect(&mut self, from: &SocketRef, to: &SocketRef) -> Result<Change, CommandError> {
        let disconnected = self.take_connections(|connection| connection.joins(from, to));
        if disconnected.is_empty() { Err(CommandError::NoConnection) } else { Ok(Change { disconnected, ..Change::default() }) }
    }

    fn set_param(&mut self, id: NodeId, name: String, value: Value) -> Result<Change, CommandError> {
        let node = self.node(&id).ok_or_else(|| CommandError::NoNode(id.clone()))?;
        let Some(param) = nodes::param(&node.node_type, &name) else {
            return Err(CommandError::NoParam { title: title(node), name });
        };
        if let Some(reason) = param.kind_error(&value) {
            return Err(CommandError::Value(reason));
        }
        if node.params.get(&name).unwrap_or(&Value::Null) == &value {
            return Ok(Change::default());
        }
        if let Some(node) = self.node_mut(&id) {
            if value.is_null() {
                node.params.remove(&name);
            } else {
                node.params.insert(name.clone(), value);
            }
            // A model belongs to its provider: under another one it would only stand in the way.
            if param.kind == ParamKind::Provider
                && setting::chosen_model(node).is_none()
                && let Some(model) = nodes::spec(&node.node_type).and_then(|spec| spec.param_of(ParamKind::Model))
            {
                node.params.remove(model.name);
            }
        }
        Ok(Change { edited: vec![id], ..Change::default() })
    }
}
