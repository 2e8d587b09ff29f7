//! Definitions as they come in: good, strange, newer, older, wrong.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{definition, drama, graph, id, node, of, wire};
use crate::{
    domain::FieldError,
    graph::{SocketRef, check, document::format},
};

/// Kind, node and pointer of each error.
fn places(errors: &[FieldError]) -> Vec<(&str, Option<&str>, &str)> {
    errors.iter().map(|error| (error.kind.as_str(), error.node_id.as_ref().map(|id| id.as_str()), error.pointer.as_str())).collect()
}

fn read_errors(definition: &Value) -> Vec<FieldError> {
    format::read_sound(definition).unwrap_err()
}

#[test]
fn what_this_version_does_not_know_is_given_back_untouched() {
    let newer = json!({
        "schema": 7, "zoom": { "level": 2 },
        "nodes": [
            { "id": "m", "type": "MusicBed", "position": { "x": 10, "y": -20.5, "z": 3 }, "params": { "mood": ["calm", 2] }, "locked": true },
            { "id": "a", "type": "Sora2Video", "position": { "x": 0, "y": 0 }, "params": { "camera": { "pan": 1 }, "seconds": 8 }, "colour": "red" },
            { "id": "f", "type": "Odd", "position": { "x": 1, "y": 2 }, "params": 5 }
        ],
        "connections": [
            { "from": { "node": "m", "socket": "audio", "channel": 1 }, "to": { "node": "a", "socket": "soundtrack" }, "gain": 0.5 },
            { "from": { "node": "f", "socket": "x" }, "to": { "node": "a", "socket": "prompt" } }
        ]
    });
    let graph = format::read_sound(&newer).unwrap();
    assert_eq!(format::write(&graph), newer);
}

#[test]
fn every_break_of_a_graph_is_named_with_its_node_and_place() {
    let nodes = [
        node("p", "Prompt", json!({})),
        node("q", "Prompt", json!({})),
        node("a", "VeoVideo", json!({})),
        node("s", "VideoStitcher", json!({})),
        node("t", "VideoStitcher", json!({})),
    ];
    let cases = [
        (vec![wire("p.text", "a.prompt"), wire("q.text", "a.prompt")], ("second_connection", Some("a"), "/connections/1/to")),
        (vec![wire("p.text", "s.videos")], ("type_mismatch", Some("s"), "/connections/0")),
        (vec![wire("a.video", "gone.video")], ("dangling_connection", Some("gone"), "/connections/0/to/node")),
        (vec![wire("gone.video", "s.videos")], ("dangling_connection", Some("gone"), "/connections/0/from/node")),
        (vec![wire("a.clip", "s.videos")], ("dangling_connection", Some("a"), "/connections/0/from/socket")),
        (vec![wire("a.video", "s.videos"), wire("a.video", "s.videos")], ("duplicate_connection", Some("s"), "/connections/1")),
        (vec![wire("s.video", "t.videos"), wire("t.video", "s.videos")], ("cycle", Some("s"), "/nodes/3")),
        (vec![wire("t.video", "t.videos")], ("cycle", Some("t"), "/nodes/4")),
    ];
    for (connections, problem) in cases {
        assert_eq!(places(&read_errors(&definition(&nodes, &connections))), [problem]);
    }
    let twice = definition(&[nodes[0].clone(), nodes[0].clone()], &[]);
    assert_eq!(places(&read_errors(&twice)), [("duplicate_id", Some("p"), "/nodes/1/id")]);
}

#[test]
fn each_circle_is_reported_and_says_its_way() {
    let nodes = ["a", "b", "c", "d"].map(|name| node(name, "VideoStitcher", json!({})));
    let wires = [("b", "a"), ("a", "b"), ("c", "d"), ("d", "c"), ("b", "c")]
        .map(|(from, to)| wire(&format!("{from}.video"), &format!("{to}.videos")));
    let problems = check::problems(&graph(&nodes, &wires));
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].detail.contains("a → b → a"), "{}", problems[0].detail);
    assert!(problems[1].detail.contains("c → d → c"), "{}", problems[1].detail);
}

#[test]
fn a_wrong_form_is_told_by_its_pointer() {
    let with = |pointer: &str, value: Value| {
        let mut document = format::write(&drama());
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    for (pointer, value) in [
        ("/schema", json!(0)),
        ("/schema", json!("1")),
        ("/nodes", json!({})),
        ("/connections", json!("none")),
        ("/nodes/1", json!("a")),
        ("/nodes/1/id", json!("")),
        ("/nodes/1/id", json!("x".repeat(129))),
        ("/nodes/1/id", json!(3)),
        ("/nodes/1/type", json!(null)),
        ("/nodes/1/position", json!([0, 0])),
        ("/nodes/1/position/x", json!("0")),
        ("/nodes/1/params", json!([])),
        ("/nodes/0/params/text", json!(["a"])),
        ("/nodes/0/params/text", json!("x".repeat(100_001))),
        ("/nodes/2/params/seconds", json!("soon")),
        ("/connections/0", json!(null)),
        ("/connections/0/from", json!("p")),
        ("/connections/0/to/node", json!(null)),
        ("/connections/0/to/socket", json!("")),
    ] {
        let errors = read_errors(&with(pointer, value));
        assert!(errors.iter().any(|error| error.pointer == pointer && error.kind == "invalid"), "{pointer}: {errors:?}");
    }
    for document in [json!(null), json!([]), json!("nodes"), json!(1)] {
        assert_eq!(read_errors(&document)[0].pointer, "");
    }
}

#[test]
fn too_many_nodes_or_connections_are_refused() {
    let nodes: Vec<_> = (0..10_001).map(|number| node(&number.to_string(), "Note", json!({}))).collect();
    assert_eq!(places(&read_errors(&definition(&nodes, &[]))), [("too_large", None, "/nodes")]);
    let wires = vec![wire("a.video", "b.video"); 40_001];
    assert_eq!(places(&read_errors(&definition(&[], &wires))), [("too_large", None, "/connections")]);
}

#[test]
fn a_whole_number_is_one_however_it_is_written_and_null_is_absent() {
    for schema in [json!(1), json!(1.0), json!(null), json!(2)] {
        assert!(format::read_sound(&json!({ "schema": schema, "nodes": [] })).is_ok(), "{schema}");
    }
    for schema in [json!(1.5), json!(-1), json!(1e300), json!((1_u64 << 53) + 2)] {
        assert_eq!(places(&read_errors(&json!({ "schema": schema, "nodes": [] }))), [("invalid", None, "/schema")], "{schema}");
    }
}

#[test]
fn a_number_is_read_to_its_last_bit() {
    // Each is written shortest, and read by a hurried parser as its neighbour.
    for fps in [11.735285235726739, 23.976023976023978, 59.94005994005994, 0.1 + 0.2] {
        let written = json!({ "schema": 1, "connections": [], "nodes": [
            { "id": "s", "type": "VideoStitcher", "position": { "x": fps, "y": -fps }, "params": { "fps": fps } }
        ]});
        let read: Value = serde_json::from_str(&written.to_string()).unwrap();
        assert_eq!(format::write(&format::read_sound(&read).unwrap()), written);
    }
}

#[test]
fn a_node_outside_of_the_canvas_is_read_to_be_moved_back_and_not_stored() {
    for (x, y) in [(1_000_001.0, 0.0), (0.0, -1e300)] {
        let far = json!({ "schema": 1, "nodes": [{ "id": "n", "type": "Note", "position": { "x": x, "y": y } }] });
        assert!(format::read(&far).is_ok());
        assert_eq!(places(&read_errors(&far)), [("invalid", Some("n"), "/nodes/0/position")]);
    }
    let edge = json!({ "schema": 1, "nodes": [{ "id": "n", "type": "Note", "position": { "x": 1_000_000, "y": -1e6 } }] });
    assert!(format::read_sound(&edge).is_ok());
}

#[test]
fn nodes_without_a_place_do_not_lie_on_each_other() {
    let nodes: Vec<_> = (0..10_000).map(|number| json!({ "id": number.to_string(), "type": "Note" })).collect();
    let graph = graph(&nodes, &[]);
    let places: HashSet<_> = graph.nodes().iter().map(|node| (node.position.x as i64, node.position.y as i64)).collect();
    assert_eq!(places.len(), nodes.len());
}

#[test]
fn a_document_from_before_schemas_is_read() {
    let seed = json!({
        "nodes": [
            { "id": 1, "type": "Prompt", "x": 10, "y": 20, "data": { "prompt": "Rain" } },
            { "id": "2", "node_type": "Sora2Video", "pos": [300, 40], "config": { "duration": "8", "model": "sora-2" }, "executed": true },
            { "id": "3", "type": "VideoStitcher", "position": { "x": 600, "y": 0 }, "properties": { "transition": "fade" } },
            { "id": "4", "type": "Output", "params": { "title": "Episode" } }
        ],
        "edges": [
            { "id": "e1", "source": "1", "target": "2", "sourceHandle": "output", "targetHandle": "prompt" },
            { "from": "2", "fromOutput": 0, "to": "3", "toInput": 0 },
            { "from": { "nodeId": "3" }, "to": { "node": "4", "port": "video" } }
        ]
    });
    let graph = format::read_sound(&seed).unwrap();
    assert_eq!(of(&graph, "1").params["text"], "Rain");
    assert_eq!(of(&graph, "1").position.y, 20.0);
    assert_eq!(of(&graph, "2").params["seconds"], "8");
    assert_eq!(of(&graph, "2").position.x, 300.0);
    assert_eq!(of(&graph, "2").other["executed"], true);
    assert_eq!(of(&graph, "4").params["name"], "Episode");
    for (from, output, to, input) in [("1", "text", "2", "prompt"), ("2", "video", "3", "videos"), ("3", "video", "4", "video")] {
        assert!(graph.connection(&SocketRef::new(id(from), output), &SocketRef::new(id(to), input)).is_some(), "{from} to {to}");
    }
    let written = format::write(&graph);
    assert_eq!(written["schema"], 1);
    assert_eq!(written["connections"][0]["id"], "e1");
    assert_eq!(format::read_sound(&written).unwrap(), graph);
}

#[test]
fn an_empty_seed_document_is_an_empty_graph() {
    assert!(format::read_sound(&json!({})).unwrap().nodes().is_empty());
    assert_eq!(places(&read_errors(&json!({ "schema": 1 }))), [("invalid", None, "/nodes")]);
}

#[test]
fn a_seed_document_with_loose_ends_is_refused_in_words() {
    let loose = json!({ "nodes": [], "connections": [{ "from": "a", "to": "b" }, {}] });
    let errors = format::read(&loose).unwrap_err();
    assert!(errors.iter().all(|error| error.pointer.starts_with("/connections/1")), "{errors:?}");
    let dangling = json!({ "nodes": [], "connections": [{ "from": "a", "to": "b" }] });
    assert_eq!(read_errors(&dangling).len(), 2);
}
