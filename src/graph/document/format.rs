//! The definition as JSON: read in any version, written in the newest this one knows. What is not known is kept and given back.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    command::{MAX_CONNECTIONS, MAX_NODES},
    foreign,
    model::{Connection, Graph, Node, NodeType, Position, SCHEMA, SocketRef},
    seed,
};
use crate::{
    domain::{
        FieldError, NodeId,
        limits::{DEFINITION_BYTES, NODE_TYPE},
    },
    graph::{check, nodes, param},
};

/// Reads a definition of any schema, or one from before there were schemas. Says everything that is wrong with its form, by JSON pointers into it;
/// whether the graph is sound is told by [`check::problems`].
///
/// A document of a newer schema is read as far as it is understood.
pub fn read(definition: &Value) -> Result<Graph, Vec<FieldError>> {
    let is_ours = definition.get("schema").is_some_and(|schema| !schema.is_null());
    if let Some(tool) = foreign::tool_of(definition).filter(|_| !is_ours) {
        let detail = format!("This is a workflow of {tool}, which Reelgraph does not read.");
        return Err(vec![FieldError { kind: "foreign".into(), ..wrong("", detail) }]);
    }
    let Value::Object(document) = definition else {
        return Err(vec![wrong("", "A definition is an object with nodes and connections.")]);
    };
    let schema = match document.get("schema") {
        None | Some(Value::Null) => None,
        Some(schema) => match param::whole(schema).and_then(|schema| u64::try_from(schema).ok()) {
            Some(number) if number >= SCHEMA && schema.is_number() => Some(number),
            _ => return Err(vec![wrong("/schema", "The schema is a whole number from 1.")]),
        },
    };
    let document = if schema.is_some() { document.clone() } else { seed::to_schema_1(document.clone()) };
    Reader { schema: schema.unwrap_or(SCHEMA), errors: Vec::new() }.document(document)
}

/// Reads a definition that is to be stored or run: its form is right and the graph is sound. One that holds something but no nodes is a document of
/// something else.
pub fn read_sound(definition: &Value) -> Result<Graph, Vec<FieldError>> {
    if let Some(error) = too_large(definition) {
        return Err(vec![error]);
    }
    let graph = read(definition)?;
    let holds_something = definition.as_object().is_some_and(|document| document.keys().any(|name| name != "schema"));
    if holds_something && definition.get("nodes").is_none() {
        return Err(vec![wrong("/nodes", "This is no workflow: it has no list of nodes.")]);
    }
    let problems = check::problems(&graph);
    if problems.is_empty() { Ok(graph) } else { Err(problems) }
}

/// What is wrong with a definition that has more JSON than may be stored or run.
#[must_use]
pub fn too_large(definition: &Value) -> Option<FieldError> {
    /// Counts what is written.
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting fails nowhere.
    let is_counted = serde_json::to_writer(&mut count, definition).is_ok();
    (is_counted && count.0 > DEFINITION_BYTES).then(|| {
        let detail =
            format!("A definition has at most {} MiB of JSON; this one has {:.1}.", DEFINITION_BYTES >> 20, count.0 as f64 / 1_048_576.0);
        FieldError { kind: "too_large".into(), ..wrong("", detail) }
    })
}

/// The definition of a graph. Reading it gives the same graph.
#[must_use]
pub fn write(graph: &Graph) -> Value {
    let mut document = graph.other().clone();
    document.insert("schema".into(), graph.schema().into());
    document.insert("nodes".into(), graph.nodes().iter().map(|node| write_node(node)).collect());
    document.insert("connections".into(), graph.connections().iter().map(write_connection).collect());
    Value::Object(document)
}

/// The JSON of [`write`] in pieces, a node or a connection each, so that a page can write a large definition between its frames.
pub fn write_in_pieces(graph: &Graph) -> impl Iterator<Item = String> {
    let mut document = graph.other().clone();
    document.insert("schema".into(), graph.schema().into());
    let mut head = Value::Object(document).to_string();
    head.truncate(head.len() - 1);
    let separated = |place: usize, value: Value| if place == 0 { value.to_string() } else { format!(",{value}") };
    let nodes = graph.nodes().iter().enumerate().map(move |(place, node)| separated(place, write_node(node)));
    let connections = graph.connections().iter().enumerate().map(move |(place, connection)| separated(place, write_connection(connection)));
    let begin = std::iter::once(head + r#","nodes":["#);
    begin.chain(nodes).chain(std::iter::once(r#"],"connections":["#.to_owned())).chain(connections).chain(std::iter::once("]}".to_owned()))
}

fn write_node(node: &Node) -> Value {
    let mut known = json!({ "id": node.id, "type": node.node_type.name() });
    known["position"] = json!({ "x": coordinate(node.position.x), "y": coordinate(node.position.y) });
    if nodes::is_known(&node.node_type) {
        known["params"] = Value::Object(node.params.clone());
    }
    merged(&node.other, known)
}

fn write_connection(connection: &Connection) -> Value {
    let end = |end: &SocketRef| json!({ "node": end.node, "socket": &*end.socket });
    merged(&connection.other, json!({ "from": end(&connection.from), "to": end(&connection.to) }))
}

/// What was kept, with what is known laid over it.
fn merged(kept: &Map<String, Value>, known: Value) -> Value {
    let mut all = Value::Object(kept.clone());
    lay_over(&mut all, known);
    all
}

fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// Whole coordinates are written without a point, as browsers do.
fn coordinate(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

struct Reader {
    schema: u64,
    errors: Vec<FieldError>,
}

impl Reader {
    fn document(mut self, mut document: Map<String, Value>) -> Result<Graph, Vec<FieldError>> {
        document.remove("schema");
        let nodes = self.list(&mut document, "nodes", MAX_NODES, true);
        let connections = self.list(&mut document, "connections", MAX_CONNECTIONS, false);
        let mut graph = Graph::of_document(self.schema, document);
        let mut first_places = HashMap::new();
        for (place, value) in nodes.into_iter().enumerate() {
            let Some(node) = self.node(place, value) else { continue };
            let id = node.id.clone();
            if graph.push_node(node).is_ok() {
                first_places.insert(id, place);
                continue;
            }
            let first = first_places.get(&id).copied().unwrap_or_default();
            let detail = format!("The id “{id}” is taken by node {first}: every node has its own.");
            self.errors.push(FieldError { node_id: Some(id), kind: "duplicate_id".into(), ..wrong(format!("/nodes/{place}/id"), detail) });
        }
        for (place, value) in connections.into_iter().enumerate() {
            if let Some(connection) = self.connection(place, value) {
                graph.push_connection(connection);
            }
        }
        if self.errors.is_empty() { Ok(graph) } else { Err(self.errors) }
    }

    fn list(&mut self, document: &mut Map<String, Value>, name: &str, limit: usize, needed: bool) -> Vec<Value> {
        let pointer = format!("/{name}");
        match document.remove(name) {
            Some(Value::Array(list)) if list.len() <= limit => return list,
            Some(Value::Array(list)) => {
                let detail = format!("A workflow holds at most {limit} {name}, not {}.", list.len());
                self.errors.push(FieldError { kind: "too_large".into(), ..wrong(pointer, detail) });
            }
            None if !needed => {}
            _ => self.errors.push(wrong(pointer, format!("The {name} are a list."))),
        }
        Vec::new()
    }

    fn node(&mut self, place: usize, value: Value) -> Option<Node> {
        let pointer = format!("/nodes/{place}");
        let Value::Object(mut object) = value else {
            self.errors.push(wrong(pointer, "A node is an object with id, type, position and params."));
            return None;
        };
        let id = self.id(object.remove("id"), format!("{pointer}/id"));
        let name = self.name(object.remove("type"), format!("{pointer}/type"), "A node's type");
        let before = self.errors.len();
        let (position, odd_position) = self.position(object.remove("position"), place, &pointer);
        let node_type = nodes::node_type(&name?);
        let id = id?;
        let params = if nodes::is_known(&node_type) { self.params(object.remove("params"), &node_type, &pointer) } else { Map::new() };
        self.errors[before..].iter_mut().for_each(|error| error.node_id = Some(id.clone()));
        if !odd_position.is_empty() {
            object.insert("position".into(), Value::Object(odd_position));
        }
        Some(Node { id, node_type, position, params, other: object })
    }

    /// A node's place and the members of it that are not known. A node without one gets a place in a grid.
    fn position(&mut self, value: Option<Value>, place: usize, node: &str) -> (Position, Map<String, Value>) {
        let pointer = format!("{node}/position");
        let mut object = match value {
            None | Some(Value::Null) => return (place_in_grid(place), Map::new()),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.errors.push(wrong(pointer, "A position is an object with the numbers x and y."));
                return (Position::default(), Map::new());
            }
        };
        let mut coordinate = |name: &str| {
            let number = object.remove(name).and_then(|value| value.as_f64()).filter(|number| number.is_finite());
            number.unwrap_or_else(|| {
                self.errors.push(wrong(format!("{pointer}/{name}"), format!("A position's {name} is a finite number.")));
                0.0
            })
        };
        let position = Position::new(coordinate("x"), coordinate("y"));
        (position, object)
    }

    fn params(&mut self, value: Option<Value>, node_type: &NodeType, node: &str) -> Map<String, Value> {
        let params = match value {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => {
                self.errors.push(wrong(format!("{node}/params"), "A node's params are an object."));
                return Map::new();
            }
        };
        // A newer version may give a parameter another kind: it is kept, and refused only when it is to be run here.
        if self.schema == SCHEMA {
            for (name, value) in &params {
                if let Some(detail) = nodes::param(node_type, name).and_then(|param| param.kind_error(value)) {
                    self.errors.push(wrong(format!("{node}/params/{name}"), detail));
                }
            }
        }
        params
    }

    fn connection(&mut self, place: usize, value: Value) -> Option<Connection> {
        let pointer = format!("/connections/{place}");
        let Value::Object(mut object) = value else {
            self.errors.push(wrong(pointer, "A connection is an object with from and to."));
            return None;
        };
        let from = self.end(&mut object, "from", &pointer);
        let to = self.end(&mut object, "to", &pointer);
        Some(Connection { from: from?, to: to?, other: object })
    }

    /// One end of a connection; members of it that are not known stay in the connection.
    fn end(&mut self, connection: &mut Map<String, Value>, name: &str, pointer: &str) -> Option<SocketRef> {
        let pointer = format!("{pointer}/{name}");
        let Some(Value::Object(mut end)) = connection.remove(name) else {
            self.errors.push(wrong(pointer, format!("A connection's {name} is an object with node and socket.")));
            return None;
        };
        let node = self.id(end.remove("node"), format!("{pointer}/node"));
        let socket = self.name(end.remove("socket"), format!("{pointer}/socket"), "A socket");
        if !end.is_empty() {
            connection.insert(name.into(), Value::Object(end));
        }
        Some(SocketRef::new(node?, socket?))
    }

    fn id(&mut self, value: Option<Value>, pointer: String) -> Option<NodeId> {
        let id = value.as_ref().and_then(Value::as_str).and_then(|text| text.parse().ok());
        if id.is_none() {
            self.errors.push(wrong(pointer, "A node's id is a text of 1 to 128 characters."));
        }
        id
    }

    fn name(&mut self, value: Option<Value>, pointer: String, what: &str) -> Option<String> {
        match value {
            Some(Value::String(name)) if (1..=NODE_TYPE).contains(&name.chars().count()) => Some(name),
            _ => {
                self.errors.push(wrong(pointer, format!("{what} is a name of 1 to {NODE_TYPE} characters.")));
                None
            }
        }
    }
}

/// Four nodes a row, and a new grid beside the one that reaches far down.
fn place_in_grid(place: usize) -> Position {
    const COLUMNS: usize = 4;
    const ROWS: usize = 1_000;
    let (column, row) = (place % COLUMNS, place / COLUMNS);
    Position::new((column + row / ROWS * COLUMNS) as f64 * 360.0, (row % ROWS) as f64 * 480.0)
}

fn wrong(pointer: impl Into<String>, detail: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.into(), node_id: None, kind: "invalid".into(), detail: detail.into() }
}
