//! Definitions from before there was a schema: what other builders of this kind wrote is put into the form of schema 1.
//!
//! Read are, where the member of schema 1 is absent: for a node `node_type` or `nodeType`; its parameters under `data`, `config`, `properties` or
//! `inputs`; its place as `x` and `y` beside them, or as `pos: [x, y]`; `duration`, `aspectRatio` and the like for parameters; numbers as ids. For the
//! connections also `edges`, each with its ends as `{from, to}` (objects or node ids with `fromSocket`…), `{source, sourceHandle, target,
//! targetHandle}` or `{from_node, from_socket, to_node, to_socket}`. Sockets that are absent, counted or differently named are inferred by type.

use serde_json::{Map, Value, json};

use crate::graph::{
    nodes,
    socket_type::can_connect,
    spec::{NodeSpec, Socket},
};

const PARAM_HOLDERS: [&str; 4] = ["data", "config", "properties", "inputs"];
const PARAM_NAMES: [(&str, &str); 12] = [
    ("duration", "seconds"),
    ("duration_seconds", "seconds"),
    ("aspectRatio", "aspect"),
    ("aspect_ratio", "aspect"),
    ("negativePrompt", "negative_prompt"),
    ("videoId", "video_id"),
    ("transitionType", "transition"),
    ("transitionDuration", "transition_seconds"),
    ("transition_duration", "transition_seconds"),
    ("prompt", "text"),
    ("content", "text"),
    ("title", "name"),
];
const FROM_NODE: [&str; 6] = ["from", "source", "from_node", "fromNode", "sourceNode", "source_node"];
const FROM_SOCKET: [&str; 8] =
    ["sourceHandle", "from_socket", "fromSocket", "fromOutput", "fromPort", "from_port", "sourceOutput", "source_socket"];
const TO_NODE: [&str; 6] = ["to", "target", "to_node", "toNode", "targetNode", "target_node"];
const TO_SOCKET: [&str; 8] = ["targetHandle", "to_socket", "toSocket", "toInput", "toPort", "to_port", "targetInput", "target_socket"];
const END_NODE: [&str; 4] = ["node", "node_id", "nodeId", "id"];
const END_SOCKET: [&str; 6] = ["socket", "port", "handle", "output", "input", "name"];

/// The document in the form of schema 1. What is not recognised stays where it is, for the reader to keep or to refuse.
pub(super) fn to_schema_1(mut document: Map<String, Value>) -> Map<String, Value> {
    rename(&mut document, &["edges", "links"], "connections");
    document.entry("nodes").or_insert_with(|| json!([]));
    if let Some(Value::Array(nodes)) = document.get_mut("nodes") {
        nodes.iter_mut().filter_map(Value::as_object_mut).for_each(node_to_schema_1);
    }
    let nodes = document.get("nodes").cloned().unwrap_or_default();
    if let Some(Value::Array(connections)) = document.get_mut("connections") {
        let mut taken = Vec::new();
        for connection in connections.iter_mut().filter_map(Value::as_object_mut) {
            connection_to_schema_1(connection, &nodes, &mut taken);
        }
    }
    document
}

fn node_to_schema_1(node: &mut Map<String, Value>) {
    rename(node, &["node_type", "nodeType"], "type");
    if let Some(id) = node.get_mut("id") {
        *id = id_text(id);
    }
    if !node.contains_key("position") {
        let pair = node.get("pos").and_then(Value::as_array).filter(|pair| pair.len() == 2).map(|pair| (pair[0].clone(), pair[1].clone()));
        let place = match pair {
            Some(pair) => node.remove("pos").map(|_| pair),
            None if node.contains_key("x") && node.contains_key("y") => node.remove("x").zip(node.remove("y")),
            None => None,
        };
        if let Some((x, y)) = place {
            node.insert("position".into(), json!({ "x": x, "y": y }));
        }
    }
    let Some(spec) = spec_of(node) else { return };
    let holder = PARAM_HOLDERS.into_iter().find(|holder| node.get(*holder).is_some_and(Value::is_object));
    rename(node, holder.as_slice(), "params");
    if let Some(Value::Object(params)) = node.get_mut("params") {
        for (old, new) in PARAM_NAMES {
            if spec.param(old).is_none() && spec.param(new).is_some() {
                rename(params, &[old], new);
            }
        }
    }
}

fn connection_to_schema_1(connection: &mut Map<String, Value>, nodes: &Value, taken: &mut Vec<(Value, String)>) {
    let (from_node, from_socket) = take_end(connection, &FROM_NODE, &FROM_SOCKET);
    let (to_node, to_socket) = take_end(connection, &TO_NODE, &TO_SOCKET);
    let (source, target) = (spec_in(nodes, &from_node), spec_in(nodes, &to_node));
    let output = source.map_or(&[][..], |spec| spec.outputs);
    let from_socket = named(output, from_socket.as_ref()).or_else(|| output.first());
    let to_socket = named(target.map_or(&[][..], |spec| spec.inputs), to_socket.as_ref()).or_else(|| {
        let free = |input: &&Socket| input.list || !taken.contains(&(to_node.clone(), input.name.into()));
        let fits = |input: &&Socket| from_socket.is_some_and(|output| can_connect(output.socket_type, input.socket_type).is_ok());
        target?.inputs.iter().filter(fits).find(free).or_else(|| target?.inputs.iter().find(fits))
    });
    let from_name = from_socket.map_or("out", |socket| socket.name);
    let to_name = to_socket.map_or("in", |socket| socket.name);
    taken.push((to_node.clone(), to_name.into()));
    connection.insert("from".into(), json!({ "node": from_node, "socket": from_name }));
    connection.insert("to".into(), json!({ "node": to_node, "socket": to_name }));
}

/// Takes one end out of a connection: its node, and its socket as it is called there.
fn take_end(connection: &mut Map<String, Value>, nodes: &[&str], sockets: &[&str]) -> (Value, Option<Value>) {
    let socket = take(connection, sockets);
    match take(connection, nodes) {
        Some(Value::Object(mut end)) => (id_text(&take(&mut end, &END_NODE).unwrap_or_default()), take(&mut end, &END_SOCKET).or(socket)),
        node => (id_text(&node.unwrap_or_default()), socket),
    }
}

/// The socket of that name, or at that place.
fn named(sockets: &'static [Socket], name: Option<&Value>) -> Option<&'static Socket> {
    match name? {
        Value::String(name) => sockets.iter().find(|socket| socket.name == name),
        place => sockets.get(usize::try_from(place.as_u64()?).ok()?),
    }
}

fn spec_in(nodes: &Value, id: &Value) -> Option<&'static NodeSpec> {
    spec_of(nodes.as_array()?.iter().filter_map(Value::as_object).find(|node| node.get("id") == Some(id))?)
}

fn spec_of(node: &Map<String, Value>) -> Option<&'static NodeSpec> {
    nodes::spec(&nodes::node_type(node.get("type")?.as_str()?))
}

/// An id that was a number, as text.
fn id_text(id: &Value) -> Value {
    if id.is_number() { id.to_string().into() } else { id.clone() }
}

/// Gives the first of the `old` members that is there the name `new`, unless that is taken.
fn rename(object: &mut Map<String, Value>, old: &[&str], new: &str) {
    if !object.contains_key(new)
        && let Some(value) = take(object, old)
    {
        object.insert(new.into(), value);
    }
}

fn take(object: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().find_map(|name| object.remove(*name))
}
