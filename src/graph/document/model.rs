//! The document: nodes and connections. Everything is shared behind `Arc`, so a snapshot costs four reference counts.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value};

use crate::domain::{NodeId, limits};

/// The definition's schema that this version writes.
pub const SCHEMA: u64 = 1;

/// A node type, by its name; what there is to know of it stands in `graph::nodes`. A type of a newer version is kept, shown as a placeholder,
/// and never run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeType(Cow<'static, str>);

impl NodeType {
    /// A type of the program's own.
    pub(in crate::graph) const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The type of that name; any name is one.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }

    /// The name, as it stands in a definition.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The upper left corner of a node on the canvas, in canvas units (pixels at zoom 1).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl Position {
    /// The point (x, y).
    #[must_use]
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Whether it lies on the canvas: no coordinate is farther from the origin than [`limits::CANVAS`].
    #[must_use]
    pub fn is_on_canvas(self) -> bool {
        self.x.abs() <= limits::CANVAS && self.y.abs() <= limits::CANVAS
    }
}

/// A node of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Unique in the graph.
    pub id: NodeId,
    /// What it does.
    pub node_type: NodeType,
    /// Where it stands.
    pub position: Position,
    /// What the user has set; what is absent has its default. Parameters of a newer version are kept here too.
    pub params: Map<String, Value>,
    /// Members this version does not know, nested as they stood in the definition.
    pub other: Map<String, Value>,
}

impl Node {
    /// A node with every parameter at its default.
    #[must_use]
    pub fn new(id: NodeId, node_type: NodeType, position: Position) -> Self {
        Self { id, node_type, position, params: Map::new(), other: Map::new() }
    }

    /// The text that is set as that parameter; empty where none is.
    #[must_use]
    pub fn text(&self, param: &str) -> &str {
        self.params.get(param).and_then(Value::as_str).unwrap_or_default()
    }

    /// The node with one parameter set.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketRef {
    /// The node.
    pub node: NodeId,
    /// The socket's name, as in its type's spec.
    pub socket: Arc<str>,
}

impl SocketRef {
    /// The socket of that name at that node.
    pub fn new(node: NodeId, socket: impl Into<Arc<str>>) -> Self {
        Self { node, socket: socket.into() }
    }
}

/// A connection from an output to an input. There is at most one between two sockets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Connection {
    /// The output.
    pub from: SocketRef,
    /// The input.
    pub to: SocketRef,
    /// Members this version does not know, nested as they stood in the definition.
    pub other: Map<String, Value>,
}

impl Connection {
    /// A connection between two sockets.
    #[must_use]
    pub fn new(from: SocketRef, to: SocketRef) -> Self {
        Self { from, to, other: Map::new() }
    }

    /// Whether it runs between these two sockets.
    #[must_use]
    pub fn joins(&self, from: &SocketRef, to: &SocketRef) -> bool {
        self.from == *from && self.to == *to
    }

    /// Whether one of its ends is at the node.
    #[must_use]
    pub fn touches(&self, node: &NodeId) -> bool {
        self.from.node == *node || self.to.node == *node
    }
}

/// A workflow's graph. Changed only through [`Graph::apply`](crate::graph::document::command), which keeps it sound.
#[derive(Debug, Clone)]
pub struct Graph {
    schema: u64,
    nodes: Arc<Vec<Arc<Node>>>,
    places: Arc<HashMap<NodeId, usize>>,
    connections: Arc<Vec<Connection>>,
    /// The connections of each node: made when it is first asked for, dropped when one of the two lists changes.
    ends: OnceLock<Arc<Ends>>,
    other: Arc<Map<String, Value>>,
}

/// Of each node, by its place, the places of its connections.
#[derive(Debug)]
struct Ends {
    /// Those that end there.
    into: Vec<Vec<usize>>,
    /// Those that begin there.
    out_of: Vec<Vec<usize>>,
}

impl Default for Graph {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            nodes: Arc::default(),
            places: Arc::default(),
            connections: Arc::default(),
            ends: OnceLock::new(),
            other: Arc::default(),
        }
    }
}

impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        let same_nodes = Arc::ptr_eq(&self.nodes, &other.nodes) || self.nodes == other.nodes;
        self.schema == other.schema && same_nodes && self.connections == other.connections && self.other == other.other
    }
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The nodes in the order in which they were added.
    #[must_use]
    pub fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// The node of that id, in constant time.
    #[must_use]
    pub fn node(&self, id: &NodeId) -> Option<&Arc<Node>> {
        self.nodes.get(*self.places.get(id)?)
    }

    /// The place of a node in [`Graph::nodes`], in constant time.
    #[must_use]
    pub fn place_of(&self, id: &NodeId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The connections in the order in which they were made.
    #[must_use]
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// The connection between these two sockets.
    #[must_use]
    pub fn connection(&self, from: &SocketRef, to: &SocketRef) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.joins(from, to))
    }

    /// The connections that end at a node of the graph.
    pub fn incoming<'a>(&'a self, node: &'a NodeId) -> impl Iterator<Item = &'a Connection> {
        self.at(node, |ends| &ends.into)
    }

    /// The connections that begin at a node of the graph.
    pub fn outgoing<'a>(&'a self, node: &'a NodeId) -> impl Iterator<Item = &'a Connection> {
        self.at(node, |ends| &ends.out_of)
    }

    fn at<'a>(&'a self, node: &NodeId, side: impl Fn(&'a Ends) -> &'a Vec<Vec<usize>>) -> impl Iterator<Item = &'a Connection> {
        let ends = self.ends.get_or_init(|| Arc::new(self.ends_by_place()));
        let of_node = self.place_of(node).and_then(|place| side(ends).get(place)).map_or(&[][..], Vec::as_slice);
        of_node.iter().filter_map(|at| self.connections.get(*at))
    }

    fn ends_by_place(&self) -> Ends {
        let mut ends = Ends { into: vec![Vec::new(); self.nodes.len()], out_of: vec![Vec::new(); self.nodes.len()] };
        for (at, connection) in self.connections.iter().enumerate() {
            for (side, node) in [(&mut ends.into, &connection.to.node), (&mut ends.out_of, &connection.from.node)] {
                if let Some(of_node) = self.place_of(node).and_then(|place| side.get_mut(place)) {
                    of_node.push(at);
                }
            }
        }
        ends
    }

    /// The connections that end at the input socket `socket` of the node.
    pub fn wired_to<'a>(&'a self, node: &'a NodeId, socket: &'a str) -> impl Iterator<Item = &'a Connection> {
        self.incoming(node).filter(move |connection| &*connection.to.socket == socket)
    }

    /// The schema of the document this graph was read from, at least [`SCHEMA`].
    #[must_use]
    pub fn schema(&self) -> u64 {
        self.schema
    }

    /// Members of the document this version does not know.
    #[must_use]
    pub fn other(&self) -> &Map<String, Value> {
        &self.other
    }

    /// An empty graph of a document with that schema and those unknown members.
    pub(super) fn of_document(schema: u64, other: Map<String, Value>) -> Self {
        Self { schema, other: Arc::new(other), ..Self::default() }
    }

    /// Connections without nodes, for writing them.
    pub(super) fn of_connections(connections: &[Connection]) -> Self {
        Self { connections: Arc::new(connections.to_vec()), ..Self::default() }
    }

    /// This graph with the schema and the unknown members of another's document.
    pub(super) fn with_document_of(&self, other: &Self) -> Self {
        Self { schema: other.schema, other: other.other.clone(), ..self.clone() }
    }

    /// Adds a node at the end; gives it back if its id is taken.
    pub(super) fn push_node(&mut self, node: Node) -> Result<(), Node> {
        if self.places.contains_key(&node.id) {
            return Err(node);
        }
        self.ends.take();
        Arc::make_mut(&mut self.places).insert(node.id.clone(), self.nodes.len());
        Arc::make_mut(&mut self.nodes).push(Arc::new(node));
        Ok(())
    }

    /// The node of that id, to change; its id must stay.
    pub(super) fn node_mut(&mut self, id: &NodeId) -> Option<&mut Node> {
        let place = *self.places.get(id)?;
        Arc::make_mut(&mut self.nodes).get_mut(place).map(Arc::make_mut)
    }

    /// Keeps the nodes for which `keep` holds. Connections are the caller's business.
    pub(super) fn retain_nodes(&mut self, keep: impl Fn(&Node) -> bool) {
        self.ends.take();
        Arc::make_mut(&mut self.nodes).retain(|node| keep(node));
        self.places = Arc::new(self.nodes.iter().enumerate().map(|(place, node)| (node.id.clone(), place)).collect());
    }

    /// Adds a connection at the end, unchecked.
    pub(super) fn push_connection(&mut self, connection: Connection) {
        self.ends.take();
        Arc::make_mut(&mut self.connections).push(connection);
    }

    /// Takes out the connections for which `leaves` holds, and gives them back.
    pub(super) fn take_connections(&mut self, leaves: impl Fn(&Connection) -> bool) -> Vec<Connection> {
        if !self.connections.iter().any(&leaves) {
            return Vec::new();
        }
        self.ends.take();
        Arc::make_mut(&mut self.connections).extract_if(.., |connection| leaves(connection)).collect()
    }
}
