//! What a run does, what it refuses, and which changes make a clip another clip.

use serde_json::{Value, json};

use super::{drama, graph, id, node, of, wire};
use crate::{
    domain::{AssetKind, FieldError, NodeId, Sha256, execution::Mode, provider::Provider},
    graph::{
        Command, Graph, Position, SocketRef, content_key, nodes,
        plan::{Plan, plan},
        step::{Action, Step},
        unfinished,
    },
};

fn names(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.node_id.as_str()).collect()
}

fn step<'a>(plan: &'a Plan, name: &str) -> &'a Step {
    plan.steps.iter().find(|step| step.node_id == id(name)).unwrap()
}

/// Provider, model, prompt, seconds, and what the step has of size, aspect and resolution.
fn asked<'a>(plan: &'a Plan, name: &str) -> (Provider, [&'a str; 2], Option<f64>, [&'a str; 3]) {
    let step = step(plan, name);
    let frame = ["size", "aspect", "resolution"].map(|param| step.text(param));
    (step.provider().unwrap(), [step.text("model"), step.text("prompt")], step.number("seconds"), frame)
}

fn with(graph: &Graph, node: &str, name: &str, value: impl Into<Value>) -> Graph {
    let mut graph = graph.clone();
    graph.apply(Command::SetParam { node: id(node), name: name.into(), value: value.into() }).unwrap();
    graph
}

fn refusals(graph: &Graph, mode: Mode) -> Vec<(String, String, String)> {
    let error = |error: FieldError| (error.node_id.map_or_else(String::new, |id| id.to_string()), error.kind, error.pointer);
    plan(graph, None, mode).unwrap_err().into_iter().map(error).collect()
}

fn key(graph: &Graph, node: &str, mode: Mode) -> Sha256 {
    let plan = plan(graph, None, mode).unwrap();
    let step = step(&plan, node);
    // Every source's clip is known by the source's id, padded.
    let hash = |id: &NodeId| Sha256::new(std::array::from_fn(|at| id.as_str().as_bytes().get(at).copied().unwrap_or_default()));
    let media: Vec<_> = step.media_inputs().map(|input| (input.socket, input.from.iter().map(hash).collect())).collect();
    content_key(step, &media)
}

#[test]
fn everything_runs_but_notes_and_prompts_that_nobody_uses() {
    let mut graph = drama();
    graph.apply(Command::AddNode(crate::graph::Node::new(id("idle"), crate::graph::NodeType::PROMPT, Position::default()))).unwrap();
    assert_eq!(names(&plan(&graph, None, Mode::Draft).unwrap()), ["p", "a", "b", "s", "o"]);
    assert_eq!(names(&plan(&graph, Some(&[id("a")]), Mode::Draft).unwrap()), ["p", "a"]);
    assert_eq!(plan(&graph, Some(&[id("n")]), Mode::Draft).unwrap_err()[0].kind, "nothing_to_run");
    let unknown = plan(&graph, Some(&[id("a"), id("z")]), Mode::Draft).unwrap_err();
    assert_eq!((unknown[0].kind.as_str(), unknown[0].pointer.as_str()), ("unknown_target", "/nodes/1"));
    assert_eq!(plan(&Graph::new(), None, Mode::Final).unwrap_err()[0].kind, "nothing_to_run");
}

#[test]
fn a_connected_prompt_wins_and_defaults_are_filled_in() {
    let graph = with(&drama(), "a", "prompt", "Never said");
    let plan = plan(&graph, None, Mode::Final).unwrap();
    let a = asked(&plan, "a");
    assert_eq!(a, (Provider::OpenAi, ["sora-2", "A harbour at dawn"], Some(4.0), ["720x1280", "", ""]));
    assert_eq!((step(&plan, "a").number("seed"), step(&plan, "a").number("take")), (None, Some(1.0)));
    let (provider, [_, prompt], seconds, frame) = asked(&plan, "b");
    assert_eq!((provider, prompt, seconds, frame), (Provider::Google, "Her own words", Some(6.0), ["", "9:16", "720p"]));
}

#[test]
fn a_draft_keeps_timing_and_frame_and_is_made_here() {
    let graph = with(&with(&drama(), "a", "seconds", 12), "a", "size", "1280x720");
    let plan = plan(&graph, None, Mode::Draft).unwrap();
    let (provider, _, seconds, [size, ..]) = asked(&plan, "a");
    assert_eq!((provider, seconds, size), (Provider::Animatic, Some(12.0), "1280x720"));
    assert!(plan.steps.iter().all(|step| !step.is_paid()));
}

#[test]
fn what_is_unfinished_is_refused_by_node() {
    let nodes = [
        node("p", "Prompt", json!({ "text": " " })),
        node("a", "Sora2Video", json!({})),
        node("b", "VeoVideo", json!({})),
        node("u", "UploadVideo", json!({})),
        node("v", "UploadVideo", json!({ "video_id": "no id" })),
        node("s", "VideoStitcher", json!({})),
        node("o", "Output", json!({})),
        node("x", "FutureNode", json!({})),
        node("i", "UploadImage", json!({})),
        node("j", "UploadImage", json!({ "image_id": "no id" })),
        node("f", "FrameGrab", json!({})),
        node("g", "FrameGrab", json!({ "frame": "middle", "index": -1 })),
    ];
    let graph = graph(&nodes, &[wire("p.text", "a.prompt"), wire("u.video", "g.video")]);
    let found = refusals(&graph, Mode::Draft);
    let found: Vec<_> = found.iter().map(|(node, kind, pointer)| (node.as_str(), kind.as_str(), pointer.as_str())).collect();
    assert_eq!(
        found,
        [
            ("p", "unfinished", "/nodes/0/params/text"),
            ("a", "unfinished", "/nodes/1"),
            ("b", "unfinished", "/nodes/2/params/prompt"),
            ("u", "unfinished", "/nodes/3/params/video_id"),
            ("v", "unfinished", "/nodes/4/params/video_id"),
            ("s", "unfinished", "/nodes/5"),
            ("o", "unfinished", "/nodes/6"),
            ("x", "unknown_type", "/nodes/7"),
            ("i", "unfinished", "/nodes/8/params/image_id"),
            ("j", "unfinished", "/nodes/9/params/image_id"),
            ("f", "unfinished", "/nodes/10"),
            ("g", "invalid", "/nodes/11/params/frame"),
            ("g", "invalid", "/nodes/11/params/index"),
        ]
    );
    assert_eq!(unfinished(&graph, &id("b"), Mode::Draft).as_deref(), Some("Write a prompt, or connect one."));
    assert_eq!(unfinished(&drama(), &id("a"), Mode::Final), None);
}

#[test]
fn a_final_is_held_to_its_models_limits_and_a_draft_to_the_renderers() {
    for (node, name, value, reason) in [
        ("a", "seconds", json!(6), "Sora 2 makes clips of 4, 8, 12 seconds, not of 6."),
        ("a", "size", json!("1080x1920"), "Sora 2 makes no size “1080x1920”: choose one of 720x1280, 1280x720."),
        ("b", "seconds", json!(2), "Gemini Omni 1.2 Flash makes clips of 3 to 15 whole seconds, not of 2."),
        ("b", "model", json!("veo-9"), "Google has no model “veo-9”: choose another one."),
    ] {
        let graph = with(&drama(), node, name, value);
        assert_eq!(unfinished(&graph, &id(node), Mode::Final).as_deref(), Some(reason));
        assert_eq!(unfinished(&graph, &id(node), Mode::Draft), None, "{name}");
        assert!(refusals(&graph, Mode::Final).iter().all(|(at, kind, pointer)| at == node && kind == "invalid" && pointer.ends_with(name)));
    }
    for (node, name, value) in [
        ("a", "provider", json!("acme")),
        ("a", "seconds", json!(0)),
        ("a", "seconds", json!(61)),
        ("a", "size", json!("huge")),
        ("a", "take", json!(0)),
        ("b", "aspect", json!("16-9")),
        ("s", "transition", json!("explode")),
        ("s", "transition_seconds", json!(-1)),
        ("s", "size", json!("721x3")),
        ("s", "fps", json!(0)),
    ] {
        let graph = with(&drama(), node, name, value.clone());
        assert!(unfinished(&graph, &id(node), Mode::Draft).is_some(), "{name} {value}");
    }
    let veo = with(&with(&drama(), "b", "model", "veo-3.1-generate-preview"), "b", "resolution", "1080p");
    assert_eq!(unfinished(&veo, &id("b"), Mode::Final).as_deref(), Some("Veo 3.1 makes 1080p in clips of 8 seconds only."));
}

#[test]
fn a_stitcher_takes_its_order_then_top_to_bottom_left_to_right() {
    let place = |name: &str, x: f64, y: f64| json!({ "id": name, "type": "VeoVideo", "position": { "x": x, "y": y }, "params": { "prompt": name } });
    let nodes =
        [place("a", 0.0, 9.0), place("b", 5.0, 1.0), place("c", 1.0, 1.0), place("d", 1.0, 1.0), node("s", "VideoStitcher", json!({}))];
    let graph = graph(&nodes, &["a", "b", "c", "d"].map(|name| wire(&format!("{name}.video"), "s.videos")));
    let order = |graph: &Graph| {
        step(&plan(graph, None, Mode::Draft).unwrap(), "s").inputs[0].from.iter().map(ToString::to_string).collect::<String>()
    };
    assert_eq!(order(&graph), "cdba");
    let graph = with(&graph, "s", "order", json!(["b", "gone", "a"]));
    assert_eq!(order(&graph), "bacd");
}

#[test]
fn every_parameter_with_an_effect_makes_another_clip_and_no_other_does() {
    let graph = drama();
    let other = |name: &str| match name {
        "text" | "prompt" | "negative_prompt" => json!("Other words"),
        "provider" => json!("xai"),
        "model" => json!("gemini-omni-1.1-flash"),
        "seconds" => json!(8),
        "size" => json!("1280x720"),
        "aspect" => json!("16:9"),
        "resolution" => json!("1080p"),
        "transition" => json!("fade"),
        "transition_seconds" => json!(1.5),
        "seed" | "take" | "fps" => json!(24),
        "name" => json!("Another name"),
        "order" => json!(["nobody"]),
        unexpected => panic!("say what another {unexpected} is"),
    };
    for node in ["b", "s", "o"] {
        let before = key(&graph, node, Mode::Final);
        for param in nodes::spec(&of(&graph, node).node_type).unwrap().params {
            let changed = key(&with(&graph, node, param.name, other(param.name)), node, Mode::Final);
            assert_eq!(changed == before, !param.counts, "{node} {}", param.name);
        }
    }
}

/// A clip of the library whose frame a shot begins with; the shot ends with a picture of its own.
fn continued() -> Graph {
    let some = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";
    graph(
        &[
            node("u", "UploadVideo", json!({ "video_id": some })),
            node("f", "FrameGrab", json!({})),
            node("i", "UploadImage", json!({ "image_id": some })),
            node("v", "VeoVideo", json!({ "prompt": "She turns round" })),
        ],
        &[wire("u.video", "f.video"), wire("f.image", "v.first_frame"), wire("i.image", "v.last_frame")],
    )
}

#[test]
fn a_shot_goes_on_from_a_frame_of_the_one_before_it() {
    let graph = continued();
    let whole = plan(&graph, None, Mode::Draft).unwrap();
    assert_eq!(names(&whole), ["u", "f", "i", "v"]);
    assert_eq!(step(&whole, "f").action, Action::Make { operation: "frame_grab", provider: None });
    assert_eq!(step(&whole, "f").text("frame"), "last");
    assert!(matches!(step(&whole, "i").action, Action::Given(asset) if asset.kind == AssetKind::Image));
    let sockets: Vec<_> = step(&whole, "v").media_inputs().map(|input| input.socket).collect();
    assert_eq!(sockets, ["first_frame", "last_frame"]);
    for (frame, index, taken) in [("first", 7, 0.0), ("last", 7, 0.0), ("nth", 7, 7.0), ("nth", 0, 0.0)] {
        let graph = with(&with(&graph, "f", "frame", frame), "f", "index", index);
        assert_eq!(step(&plan(&graph, None, Mode::Draft).unwrap(), "f").number("index"), Some(taken), "{frame}");
    }
}

#[test]
fn a_picture_makes_another_shot_and_a_frames_number_counts_only_where_it_is_asked_for() {
    let graph = continued();
    let before = key(&graph, "v", Mode::Final);
    for (from, to) in [(("f", "image"), ("v", "first_frame")), (("i", "image"), ("v", "last_frame"))] {
        let mut without = graph.clone();
        without.apply(Command::Disconnect { from: SocketRef::new(id(from.0), from.1), to: SocketRef::new(id(to.0), to.1) }).unwrap();
        assert_ne!(key(&without, "v", Mode::Final), before, "{}", to.1);
    }
    let frame = |name: &str, index: i64| key(&with(&with(&graph, "f", "frame", name), "f", "index", index), "f", Mode::Final);
    assert_eq!(frame("last", 0), frame("last", 9));
    assert_ne!(frame("last", 0), frame("first", 0));
    assert_ne!(frame("first", 0), frame("nth", 0));
    assert_ne!(frame("nth", 0), frame("nth", 9));
    assert_eq!(key(&graph, "f", Mode::Draft), key(&graph, "f", Mode::Final), "a frame is the same in a rehearsal");
}

/// Keys of steps that earlier versions made: what was paid for must be found again.
#[test]
fn keys_of_steps_without_pictures_are_those_of_earlier_versions() {
    let graph = with(&drama(), "a", "model", "sora-2");
    assert_eq!(key(&graph, "a", Mode::Final).to_string(), "0a7eccf069a105b4b306c4eb983df8d01d9e2d1afb81b460fc9c25affc4f8105");
    assert_eq!(key(&graph, "s", Mode::Final).to_string(), "f7a821e49d972136f7631a40985d6b42fb74ac43bd989a8993054a6d87020a7d");
}

#[test]
fn the_key_does_not_care_how_the_same_thing_is_said() {
    let graph = drama();
    let before = key(&graph, "a", Mode::Final);
    for (name, value) in
        [("seconds", json!(4)), ("seconds", json!("4")), ("seconds", json!(4.0)), ("model", json!("sora-2")), ("take", json!(1))]
    {
        assert_eq!(key(&with(&graph, "a", name, value.clone()), "a", Mode::Final), before, "{name} {value}");
    }
    let mut unwired = with(&graph, "a", "prompt", "A harbour at dawn");
    unwired.apply(Command::RemoveNodes(vec![id("p")])).unwrap();
    assert_eq!(key(&unwired, "a", Mode::Final), before, "it does not matter where the words come from");
    assert_ne!(key(&with(&graph, "p", "text", "Dusk"), "a", Mode::Final), before, "but what they say does");
}

#[test]
fn a_draft_never_stands_for_a_final() {
    assert_ne!(key(&drama(), "a", Mode::Draft), key(&drama(), "a", Mode::Final));
    let pro = with(&drama(), "a", "model", "sora-2-pro");
    assert_eq!(key(&drama(), "a", Mode::Draft), key(&pro, "a", Mode::Draft), "the animatic is the same whatever model it stands for");
}

#[test]
fn moving_a_node_matters_only_where_it_changes_a_stitchers_order() {
    let graph = drama();
    let moved = |y: f64| {
        let mut graph = graph.clone();
        graph.apply(Command::MoveNodes(vec![(id("a"), Position::new(500.0, y))])).unwrap();
        graph
    };
    for node in ["a", "s", "o"] {
        assert_eq!(key(&graph, node, Mode::Final), key(&moved(-50.0), node, Mode::Final), "{node}");
    }
    assert_ne!(key(&graph, "s", Mode::Final), key(&moved(50.0), "s", Mode::Final));
}

/// What was made of nodes that name no provider or no model, as of f047a37: these keys are in people's databases, and what they paid for is found by
/// them, whatever is offered or retired since.
#[test]
fn stored_nodes_without_provider_or_model_keep_their_content_keys() {
    let key = |node_type: &str, params: Value| {
        let graph = graph(&[node("n", node_type, params)], &[]);
        content_key(step(&plan(&graph, None, Mode::Final).unwrap(), "n"), &[]).to_string()
    };
    let keys = [
        key("Sora2Video", json!({ "prompt": "A harbour at dawn" })),
        key("VeoVideo", json!({ "prompt": "A harbour at dawn" })),
        key("Sora2Video", json!({ "prompt": "A harbour at dawn", "provider": "google" })),
        key("VeoVideo", json!({ "prompt": "A harbour at dawn", "provider": "xai", "seconds": 6 })),
        key("Sora2Video", json!({ "prompt": "A harbour at dawn", "provider": "animatic" })),
        key("Sora2Video", json!({ "prompt": "A harbour at dawn", "model": "sora-2-pro", "size": "1024x1792" })),
    ];
    let pinned = [
        "0a7eccf069a105b4b306c4eb983df8d01d9e2d1afb81b460fc9c25affc4f8105",
        "999a5a2fc1a4f677d3a505ea9627b3e50740a67390b5769f6fdcaa5b23822dd0",
        "15e4c2b3a92e952e0abc43cc28e9e3a5ee4bca71179aeae68c52d354800d3c24",
        "a4bace8c50af209cff843c0634bf290daf60b4dd0630e98b65eff030cb88c405",
        "437705dcfc8282b5afd30d0f45f4771726662ed616d64e19d779861435869c46",
        "cd16fbc12951b8f5fe7c4b0764f690605f5644d1e305edc96a36752b84f3b1f9",
    ];
    assert_eq!(keys, pinned);
}
