//! Small workflows whose clips are rendered in a moment.

use serde_json::{Value, json};

/// A shot of one second in a small frame, with `params` beside.
pub fn shot(id: &str, params: Value) -> Value {
    let mut all = json!({ "provider": "animatic", "model": "animatic", "seconds": 1, "size": "180x320" });
    all.as_object_mut().unwrap().extend(params.as_object().cloned().unwrap_or_default());
    node(id, "Sora2Video", all)
}

/// A node.
pub fn node(id: &str, node_type: &str, params: Value) -> Value {
    json!({ "id": id, "type": node_type, "position": { "x": 0, "y": 0 }, "params": params })
}

/// A definition; each connection is `from.socket to.socket`.
pub fn definition(nodes: &[Value], connections: &[&str]) -> Value {
    let end = |text: &str| {
        let (node, socket) = text.split_once('.').unwrap();
        json!({ "node": node, "socket": socket })
    };
    let connections = connections.iter().map(|text| text.split_once(' ').unwrap());
    let connections: Vec<_> = connections.map(|(from, to)| json!({ "from": end(from), "to": end(to) })).collect();
    json!({ "schema": 1, "nodes": nodes, "connections": connections })
}

/// Two shots of one prompt and one of its own, joined, and the result named.
pub fn episode() -> Value {
    definition(
        &[
            node("prompt", "Prompt", json!({ "text": "A rainy street in Chongqing, 重庆, neon \"signs\"" })),
            shot("first", json!({})),
            shot("second", json!({ "prompt": "A door opens", "seed": 7 })),
            node("stitch", "VideoStitcher", json!({ "order": ["first", "second"] })),
            node("output", "Output", json!({ "name": "Episode one" })),
            node("note", "Note", json!({ "text": "for people" })),
        ],
        &["prompt.text first.prompt", "first.video stitch.videos", "second.video stitch.videos", "stitch.video output.video"],
    )
}
