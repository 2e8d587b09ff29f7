//! Tests of the editor's state, without a page: what a hand does to it, and what of it is drawn again.
#![expect(clippy::unwrap_used)]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use leptos::prelude::*;
use serde_json::json;

use super::{Editor, Look, PaletteRequest};
use crate::{
    domain::{
        Asset, AssetId, NodeId, Timestamp,
        execution::{Mode, NodeRun, NodeStatus},
    },
    graph::{
        Command, Graph, Node, NodeType, Position, SocketRef,
        canvas::{
            geometry::{Point, Size, Viewport},
            gesture::{Input, Target},
            selection::Selection,
            wire::End,
        },
        content_key,
        document::format,
        nodes,
        plan::step_of,
        spec::Direction,
    },
    ui::media::Media,
};

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

fn graph() -> Graph {
    let node = |id: &str, kind: &str, x: f64| json!({ "id": id, "type": kind, "position": { "x": x, "y": 0.0 }, "params": {} });
    let definition = json!({
        "schema": 1,
        "nodes": [node("p", "Prompt", 0.0), node("a", "VeoVideo", 400.0), node("s", "VideoStitcher", 800.0), node("new", "Dubbing", 1200.0)],
        "connections": [{ "from": { "node": "p", "socket": "text" }, "to": { "node": "a", "socket": "prompt" } }],
    });
    format::read(&definition).unwrap()
}

fn editor() -> (Owner, Editor) {
    let owner = Owner::new();
    let editor = owner.with(|| Editor::new(graph(), None));
    (owner, editor)
}

fn set_text(node: &str, name: &str, text: &str) -> Command {
    Command::SetParam { node: id(node), name: name.into(), value: text.into() }
}

fn drag(editor: Editor, target: Target, from: Point, to: Point) {
    let view = editor.view.viewport.get_untracked();
    let (from, to) = (view.to_screen(from), view.to_screen(to));
    editor.feed(Input::Down { pointer: 1, at: from, target, adds: false, pans: false });
    editor.feed(Input::Move { pointer: 1, at: to });
    editor.feed(Input::Up { pointer: 1, at: to });
}

#[test]
fn a_typed_word_is_one_step() {
    let (_owner, editor) = editor();
    for text in ["D", "Da", "Dawn"] {
        editor.dispatch_as_part("p text", set_text("p", "text", text));
    }
    editor.document.end_typing();
    editor.dispatch(set_text("a", "prompt", "other"));
    editor.undo();
    editor.undo();
    assert_eq!(editor.graph(), graph());
    assert!(!editor.document.can_undo.get_untracked() && editor.document.can_redo.get_untracked());
}

#[test]
fn a_change_draws_only_what_it_touched() {
    let (owner, editor) = editor();
    let drawn = Arc::new(AtomicUsize::new(0));
    let (state, count) = (editor.node(&id("s")).unwrap(), drawn.clone());
    let node = owner.with(|| {
        Memo::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            state.data.track();
            state.position.track();
            (state.size().height, state.look().name())
        })
    });
    node.get_untracked();
    editor.dispatch(set_text("p", "text", "Dawn"));
    drag(editor, Target::Node(id("p")), Point::new(10.0, 10.0), Point::new(60.0, 10.0));
    node.get_untracked();
    assert_eq!(drawn.load(Ordering::Relaxed), 1);
    editor.dispatch(Command::MoveNodes(vec![(id("s"), Point::new(900.0, 0.0).into())]));
    node.get_untracked();
    assert_eq!(drawn.load(Ordering::Relaxed), 2);
}

#[test]
fn a_drag_is_one_step_and_escape_leaves_none() {
    let (_owner, editor) = editor();
    drag(editor, Target::Node(id("p")), Point::new(10.0, 10.0), Point::new(110.0, 60.0));
    assert_eq!(editor.node(&id("p")).unwrap().position.get_untracked(), Point::new(100.0, 50.0));
    editor.undo();
    assert_eq!(editor.node(&id("p")).unwrap().position.get_untracked(), Point::default());
    editor.feed(Input::Down { pointer: 1, at: Point::default(), target: Target::Node(id("p")), adds: false, pans: false });
    editor.feed(Input::Move { pointer: 1, at: Point::new(90.0, 0.0) });
    editor.feed(Input::Escape);
    assert_eq!(editor.node(&id("p")).unwrap().position.get_untracked(), Point::default());
    assert!(!editor.document.can_undo.get_untracked());
}

#[test]
fn a_wire_connects_or_says_why_not() {
    let (_owner, editor) = editor();
    let out = |node: &str, socket: &str| End::output(SocketRef::new(id(node), socket));
    let at = |end: &End| untrack(|| editor.socket_at(end)).unwrap();
    let clips = End::input(SocketRef::new(id("s"), "videos"));
    drag(editor, Target::Socket(out("p", "text")), at(&out("p", "text")), at(&clips));
    assert!(editor.status.get_untracked().contains("does not fit"), "{}", editor.status.get_untracked());
    drag(editor, Target::Socket(out("a", "video")), at(&out("a", "video")), at(&clips));
    assert_eq!(editor.with_graph(|graph| graph.connections().len()), 2);
    assert_eq!(editor.view.mounted_wires.get_untracked().len(), 2);
    drag(editor, Target::Socket(out("a", "video")), at(&out("a", "video")), Point::new(600.0, 700.0));
    let request = editor.palette.get_untracked().unwrap();
    editor.add_node(nodes::specs().iter().find(|spec| spec.title == "Output").unwrap(), |_| serde_json::Map::new(), &request);
    assert_eq!(editor.with_graph(|graph| graph.connections().len()), 3);
    let added = editor.selection.get_untracked().single().cloned().unwrap();
    assert_eq!(at(&End { socket: SocketRef::new(added, "video"), direction: Direction::In }), Point::new(600.0, 700.0));
}

#[test]
fn what_is_gone_comes_back_as_it_was() {
    let (_owner, editor) = editor();
    editor.dispatch(set_text("p", "text", "A prompt"));
    let step = editor.with_graph(|graph| step_of(graph, graph.node(&id("a")).unwrap(), Mode::Draft).unwrap());
    let run = NodeRun {
        node_id: id("a"),
        node_type: "VeoVideo".into(),
        status: NodeStatus::Succeeded,
        progress: 1.0,
        message: String::new(),
        cached: false,
        key: Some(content_key(&step, &[])),
        job_id: None,
        video_id: None,
        image_id: None,
        asset: None,
        error: None,
        cost: None,
    };
    editor.set_run(run, Mode::Draft);
    editor.selection.set(Selection::of_nodes([id("a")]));
    editor.delete_selection();
    assert!(editor.view.mounted_wires.get_untracked().is_empty() && editor.selection.get_untracked().is_empty());
    editor.undo();
    assert_eq!(editor.view.mounted_wires.get_untracked().len(), 1);
    assert_eq!(editor.node(&id("a")).unwrap().look(), Look::Run(NodeStatus::Succeeded));
    editor.dispatch(set_text("p", "text", "Another prompt"));
    assert_eq!(editor.node(&id("a")).unwrap().look(), Look::Stale);
    editor.undo();
    assert_eq!(editor.node(&id("a")).unwrap().look(), Look::Run(NodeStatus::Succeeded));
}

#[test]
fn copies_are_new_nodes_with_their_wires() {
    let (_owner, editor) = editor();
    editor.selection.set(Selection::of_nodes([id("p"), id("a")]));
    let text = editor.copied().unwrap();
    editor.paste(&text);
    editor.duplicate();
    assert_eq!(editor.with_graph(|graph| (graph.nodes().len(), graph.connections().len())), (8, 3));
    editor.undo();
    editor.undo();
    assert_eq!(editor.graph(), graph());
}

#[test]
fn nodes_are_added_in_view_and_not_on_top_of_each_other() {
    let (_owner, editor) = editor();
    let request = PaletteRequest { at: None, from: None };
    for _ in 0..3 {
        editor.add_node(nodes::specs()[0], |_| serde_json::Map::new(), &request);
    }
    let places = editor.with_graph(|graph| graph.nodes().iter().skip(4).map(|node| Point::from(node.position)).collect::<Vec<_>>());
    assert!(places[0].distance(places[1]) > 20.0 && places[1].distance(places[2]) > 20.0);
    let shown = editor.view.viewport.get_untracked().shows(Size::ASSUMED_WINDOW);
    assert!(places.iter().all(|place| shown.holds(crate::graph::canvas::geometry::Rect::between(*place, *place))));
}

#[test]
fn only_what_is_near_is_mounted() {
    let owner = Owner::new();
    let editor = owner.with(|| Editor::new(graph(), Some(Viewport::default())));
    editor.dispatch(Command::MoveNodes(vec![(id("s"), Point::new(9_000.0, 0.0).into())]));
    editor.resize(Size { width: 1000.0, height: 700.0 });
    assert!(!editor.view.mounted.get_untracked().contains(&id("s")));
    editor.look_at(Point::new(9_000.0, 0.0));
    assert_eq!(editor.view.mounted.get_untracked(), [id("s")]);
    editor.fit();
    assert_eq!(editor.view.mounted.get_untracked().len(), 4);
}

#[test]
fn a_page_that_leaves_nodes_out_leaves_their_wires_out() {
    let node =
        |place: usize| json!({ "id": format!("n{place}"), "type": "VideoStitcher", "position": { "x": place, "y": 0.0 }, "params": {} });
    let wire = |place: usize| json!({ "from": { "node": format!("n{place}"), "socket": "video" }, "to": { "node": format!("n{}", place + 1), "socket": "videos" } });
    let definition = json!({
        "schema": 1,
        "nodes": (0..300).map(node).collect::<Vec<_>>(),
        "connections": (0..299).map(wire).collect::<Vec<_>>(),
    });
    let owner = Owner::new();
    let editor = owner.with(|| Editor::new(format::read(&definition).unwrap(), None));
    assert_eq!((editor.view.mounted.get_untracked().len(), editor.view.mounted_wires.get_untracked().len()), (200, 199));
    editor.resize(Size { width: 1440.0, height: 900.0 });
    assert_eq!((editor.view.mounted.get_untracked().len(), editor.view.mounted_wires.get_untracked().len()), (300, 299));
}

#[test]
fn a_node_makes_room_for_its_picture() {
    let (_owner, editor) = editor();
    let picture: Asset = serde_json::from_value(json!({
        "id": AssetId::generate(), "kind": "image", "name": "Harbour", "file_hash": "0".repeat(64), "stream_hash": null, "size_bytes": 1000,
        "media_type": "image/png", "source_type": "uploaded", "created_at": Timestamp::now(), "deleted_at": null,
        "facts": { "width": 720, "height": 1280 },
    }))
    .unwrap();
    let node = Node::new(id("i"), NodeType::UPLOAD_IMAGE, Position::default()).with_param("image_id", picture.id.to_string());
    assert!(editor.dispatch(Command::AddNode(node)));
    let state = editor.node(&id("i")).unwrap();
    let (before, sizes) = (state.size_untracked(), editor.view.sizes.get_untracked());
    editor.set_media(&id("i"), Media::waiting(Arc::new(picture)));
    assert!(state.size_untracked().height > before.height + 300.0 && editor.view.sizes.get_untracked() > sizes);
    assert_eq!(state.look(), Look::Idle, "what was given was not made");
}
