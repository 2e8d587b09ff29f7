//! What a user does to a graph, what is refused, and in which words.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{drama, graph, id, node, of, wire};
use crate::graph::{Command, CommandError, Connection, Fragment, Graph, Node, NodeType, Position, SocketRef, check};

fn at(end: &str) -> SocketRef {
    let (node, socket) = end.split_once('.').unwrap();
    SocketRef::new(id(node), socket)
}

fn connect(from: &str, to: &str) -> Command {
    Command::Connect { from: at(from), to: at(to) }
}

fn set(node: &str, name: &str, value: impl Into<Value>) -> Command {
    Command::SetParam { node: id(node), name: name.into(), value: value.into() }
}

fn refused(graph: &mut Graph, command: Command) -> String {
    let before = graph.clone();
    let reason = graph.apply(command).unwrap_err().to_string();
    assert_eq!(*graph, before, "a refused command changes nothing");
    reason
}

#[test]
fn a_new_connection_takes_the_place_of_the_one_in_a_single_input() {
    let mut graph = drama();
    graph.apply(Command::AddNode(Node::new(id("q"), NodeType::PROMPT, Position::default()))).unwrap();
    let change = graph.apply(connect("q.text", "a.prompt")).unwrap();
    assert_eq!(change.connected, [Connection::new(at("q.text"), at("a.prompt"))]);
    assert_eq!(change.disconnected, [Connection::new(at("p.text"), at("a.prompt"))]);
    assert_eq!(graph.wired_to(&id("a"), "prompt").count(), 1);
}

#[test]
fn a_list_input_takes_several_connections() {
    assert_eq!(drama().wired_to(&id("s"), "videos").count(), 2);
}

#[test]
fn a_connection_that_cannot_be_is_refused_with_its_reason() {
    let mut graph = drama();
    for (from, to, reason) in [
        ("p.text", "s.videos", "Text does not fit here: this input takes a clip."),
        ("a.video", "b.prompt", "A clip does not fit here: this input takes text."),
        ("s.video", "s.videos", "A node cannot feed itself."),
        ("p.text", "a.prompt", "These are connected already."),
        ("p.text", "x.prompt", "The node “x” is not there."),
        ("p.words", "a.prompt", "Prompt has no output called “words”."),
        ("p.text", "a.prompts", "Sora shot has no input called “prompts”."),
    ] {
        assert_eq!(graph.may_connect(&at(from), &at(to)).unwrap_err().to_string(), reason, "{from} to {to}");
        assert_eq!(refused(&mut graph, connect(from, to)), reason);
    }
}

#[test]
fn a_circle_is_refused() {
    let stitchers = ["s", "t", "u"].map(|name| node(name, "VideoStitcher", json!({})));
    let mut graph = graph(&stitchers, &[wire("s.video", "t.videos"), wire("t.video", "u.videos")]);
    assert_eq!(refused(&mut graph, connect("u.video", "s.videos")), "This would close a circle: the one already feeds the other.");
}

#[test]
fn removing_nodes_takes_their_connections_along() {
    let mut graph = drama();
    let change = graph.apply(Command::RemoveNodes(vec![id("a"), id("s")])).unwrap();
    assert_eq!((change.removed.len(), change.disconnected.len()), (2, 4));
    assert!(graph.connections().is_empty());
    assert_eq!(of(&graph, "o").id, id("o"), "those behind the removed ones are still found");
    assert_eq!(refused(&mut graph, Command::RemoveNodes(vec![id("b"), id("a")])), "The node “a” is not there.");
}

#[test]
fn a_value_of_another_kind_is_refused_and_null_is_the_default_again() {
    let mut graph = drama();
    assert_eq!(refused(&mut graph, set("a", "seconds", "soon")), "Seconds is a number.");
    assert_eq!(refused(&mut graph, set("a", "take", 1.5)), "Take is a whole number.");
    assert_eq!(refused(&mut graph, set("a", "prompt", 5)), "Prompt is a text.");
    assert_eq!(refused(&mut graph, set("s", "order", json!([1]))), "Order is a list of node ids.");
    assert_eq!(refused(&mut graph, set("a", "prompt", "x".repeat(100_001))), "Prompt is longer than 100000 characters.");
    assert_eq!(refused(&mut graph, set("o", "seconds", 4)), "Output has no parameter “seconds”.");
    assert_eq!(graph.apply(set("b", "seconds", 8)).unwrap().edited, [id("b")]);
    assert!(graph.apply(set("b", "seconds", 8)).unwrap().is_empty(), "the same value again is no change");
    graph.apply(set("b", "seconds", Value::Null)).unwrap();
    assert!(!of(&graph, "b").params.contains_key("seconds"));
}

#[test]
fn another_provider_leaves_no_model_of_the_old_one_behind() {
    let mut graph = drama();
    graph.apply(set("a", "model", "sora-2-pro")).unwrap();
    graph.apply(set("a", "provider", "google")).unwrap();
    assert!(!of(&graph, "a").params.contains_key("model"));
    graph.apply(set("a", "model", "gemini-omni-1.1-flash")).unwrap();
    graph.apply(set("a", "provider", "google")).unwrap();
    assert_eq!(of(&graph, "a").params["model"], "gemini-omni-1.1-flash");
}

#[test]
fn several_commands_are_one_or_none() {
    let mut graph = drama();
    let fresh = Node::new(id("c"), NodeType::VEO_VIDEO, Position::default());
    let add = Command::AddNode(fresh.clone());
    refused(&mut graph, Command::All(vec![add.clone(), connect("c.video", "s.videos"), connect("c.video", "a.prompt")]));
    let change = graph.apply(Command::All(vec![add, connect("c.video", "s.videos")])).unwrap();
    assert_eq!((change.added, change.connected.len()), (vec![id("c")], 1));
    refused(&mut graph, Command::Insert(Fragment { nodes: vec![fresh], connections: Vec::new() }));
}

#[test]
fn a_node_stands_on_the_canvas() {
    let mut graph = drama();
    for wrong in [f64::NAN, f64::INFINITY, 1_000_001.0, -1e7] {
        refused(&mut graph, Command::MoveNodes(vec![(id("a"), Position::default()), (id("b"), Position::new(0.0, wrong))]));
        refused(&mut graph, Command::AddNode(Node::new(id("z"), NodeType::NOTE, Position::new(wrong, 0.0))));
    }
}

#[test]
fn a_workflow_does_not_grow_without_bounds() {
    let nodes: Vec<_> = (0..10_000).map(|number| node(&number.to_string(), "Note", json!({}))).collect();
    let mut graph = graph(&nodes, &[]);
    let one_more = Command::AddNode(Node::new(id("more"), NodeType::NOTE, Position::default()));
    assert_eq!(graph.apply(one_more), Err(CommandError::TooLarge));
}

#[test]
fn a_move_leaves_every_other_node_shared_with_the_snapshot() {
    let before = drama();
    let mut graph = before.clone();
    let change = graph.apply(Command::MoveNodes(vec![(id("a"), Position::new(5.0, 6.0)), (id("b"), Position::default())])).unwrap();
    assert_eq!(change.moved, [id("a")], "a node put where it stands has not moved");
    for (old, new) in before.nodes().iter().zip(graph.nodes()) {
        assert_eq!(Arc::ptr_eq(old, new), old.id != id("a"), "{}", old.id);
    }
    let first = Arc::as_ptr(graph.node(&id("a")).unwrap());
    graph.apply(Command::MoveNodes(vec![(id("a"), Position::new(7.0, 8.0))])).unwrap();
    assert_eq!(Arc::as_ptr(graph.node(&id("a")).unwrap()), first, "the next move of a drag copies nothing");
}

#[test]
fn what_an_unknown_node_connects_is_not_judged() {
    let nodes = [node("x", "FutureMixer", json!({})), node("s", "VideoStitcher", json!({}))];
    let mut graph = graph(&nodes, &[wire("x.sound", "s.videos")]);
    graph.apply(connect("s.video", "x.whatever")).unwrap_err();
    assert_eq!(check::invariants(&graph), Vec::<String>::new());
}
