//! Tests of the core as a whole; what concerns one file only is tested there.

#![expect(clippy::unwrap_used)]

mod commands;
mod documents;
mod plans;
mod properties;

use serde_json::{Value, json};

use super::{Graph, Node, document::format};
use crate::domain::NodeId;

fn id(text: &str) -> NodeId {
    text.parse().unwrap()
}

/// A node as it stands in a definition.
fn node(id: &str, node_type: &str, params: Value) -> Value {
    json!({ "id": id, "type": node_type, "position": { "x": 0, "y": 0 }, "params": params })
}

/// A connection as it stands in a definition, from and to `node.socket`.
fn wire(from: &str, to: &str) -> Value {
    let end = |end: &str| {
        let (node, socket) = end.split_once('.').unwrap();
        json!({ "node": node, "socket": socket })
    };
    json!({ "from": end(from), "to": end(to) })
}

fn definition(nodes: &[Value], connections: &[Value]) -> Value {
    json!({ "schema": 1, "nodes": nodes, "connections": connections })
}

fn graph(nodes: &[Value], connections: &[Value]) -> Graph {
    format::read(&definition(nodes, connections)).unwrap()
}

/// A prompt for two shots, which are stitched and come out.
fn drama() -> Graph {
    graph(
        &[
            node("p", "Prompt", json!({ "text": "A harbour at dawn" })),
            node("a", "Sora2Video", json!({})),
            node("b", "VeoVideo", json!({ "prompt": "Her own words", "seconds": 6 })),
            node("s", "VideoStitcher", json!({})),
            node("o", "Output", json!({ "name": "Episode 1" })),
            node("n", "Note", json!({ "text": "Ask Mei about the light" })),
        ],
        &[wire("p.text", "a.prompt"), wire("a.video", "s.videos"), wire("b.video", "s.videos"), wire("s.video", "o.video")],
    )
}

fn of<'a>(graph: &'a Graph, name: &str) -> &'a Node {
    graph.node(&id(name)).unwrap()
}
