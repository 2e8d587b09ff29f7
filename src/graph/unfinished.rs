//! What a node still needs before it can be run. None of it keeps a graph from being saved.

use serde_json::Value;

use super::{
    catalogue::{self, NodeSpec},
    limits::takes_no,
    model::{Graph, Node, NodeType},
    param::ParamKind,
    setting,
};
use crate::domain::{
    FieldError, ImageId, NodeId, VideoId,
    execution::Mode,
    provider::{self, Provider},
};

/// Something that keeps a node from being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortcoming {
    /// A stable word for the case: `unfinished`, `invalid` or `unknown_type`.
    pub kind: &'static str,
    /// The parameter concerned, if one is.
    pub param: Option<&'static str>,
    /// What is missing or wrong and what to do, in a sentence.
    pub reason: String,
}

/// The first thing that keeps a node from being run in that mode, in words; `None` where nothing does.
#[must_use]
pub fn unfinished(graph: &Graph, node: &NodeId, mode: Mode) -> Option<String> {
    shortcomings(graph, graph.node(node)?, mode).into_iter().next().map(|shortcoming| shortcoming.reason)
}

/// The same for every node that is to run, as the parts of one answer: by node, with JSON pointers into the definition.
pub(super) fn errors<'a>(graph: &Graph, nodes: impl Iterator<Item = &'a Node>, mode: Mode) -> Vec<FieldError> {
    let of_node = |node: &'a Node| {
        let place = graph.place_of(&node.id).unwrap_or_default();
        shortcomings(graph, node, mode).into_iter().map(move |shortcoming| FieldError {
            pointer: shortcoming.param.map_or_else(|| format!("/nodes/{place}"), |param| format!("/nodes/{place}/params/{param}")),
            node_id: Some(node.id.clone()),
            kind: shortcoming.kind.into(),
            detail: shortcoming.reason,
        })
    };
    nodes.flat_map(of_node).collect()
}

/// Everything that keeps a node from being run in that mode. A draft is held to what the local renderer can do, a final to its model's limits.
#[must_use]
pub fn shortcomings(graph: &Graph, node: &Node, mode: Mode) -> Vec<Shortcoming> {
    let Some(spec) = catalogue::spec(&node.node_type) else {
        let reason = format!("This version does not know the node type “{}”, and cannot run it.", node.node_type);
        return vec![Shortcoming { kind: "unknown_type", param: None, reason }];
    };
    let mut found: Vec<Shortcoming> = missing(graph, node).into_iter().collect();
    let strange = graph.incoming(&node.id).find(|connection| spec.input(&connection.to.socket).is_none());
    found.extend(strange.map(|connection| {
        let reason = format!("This version does not know the input “{}”, and cannot run the node.", connection.to.socket);
        Shortcoming { kind: "unfinished", param: None, reason }
    }));
    found.extend(wrong_params(spec, node, mode));
    if mode == Mode::Final && node.node_type.generates() {
        found.extend(unusable_inputs(graph, node));
    }
    found
}

/// What is wired to a socket that the chosen model cannot use. The animatic stands in for any model, and passes over what it cannot show.
fn unusable_inputs<'a>(graph: &'a Graph, node: &'a Node) -> impl Iterator<Item = Shortcoming> + 'a {
    let model = setting::chosen_model(node).filter(|model| model.provider != Provider::Animatic);
    let wires = model.into_iter().flat_map(|model| graph.incoming(&node.id).map(move |wire| (model, &*wire.to.socket)));
    wires.filter_map(|(model, socket)| takes_no(model, socket)).map(|rule| {
        let reason = format!("{rule}: disconnect it or swap the model.");
        Shortcoming { kind: "invalid", param: None, reason }
    })
}

fn wrong_params(spec: &'static NodeSpec, node: &Node, mode: Mode) -> impl Iterator<Item = Shortcoming> {
    let model = match mode {
        Mode::Draft => Some(provider::animatic()),
        Mode::Final => setting::chosen_model(node),
    };
    spec.params.iter().filter_map(move |param| {
        if mode == Mode::Draft && param.kind == ParamKind::Model {
            return None;
        }
        let wrong_kind = node.params.get(param.name).and_then(|value| param.kind_error(value));
        let reason = wrong_kind.or_else(|| param.limit_error(node, model))?;
        Some(Shortcoming { kind: "invalid", param: Some(param.name), reason })
    })
}

/// What the user has yet to write, choose or connect.
fn missing(graph: &Graph, node: &Node) -> Option<Shortcoming> {
    let wired = |socket| graph.wired_to(&node.id, socket).next().is_some();
    let unfinished = |param, reason: &str| Some(Shortcoming { kind: "unfinished", param, reason: reason.into() });
    match node.node_type {
        NodeType::Prompt if text(node, "text").trim().is_empty() => unfinished(Some("text"), "Write the prompt."),
        NodeType::Sora2Video | NodeType::VeoVideo if prompt(graph, node).is_some_and(|prompt| prompt.trim().is_empty()) => {
            let wired = wired("prompt");
            let reason = if wired { "The prompt that is connected is empty: write it." } else { "Write a prompt, or connect one." };
            unfinished((!wired).then_some("prompt"), reason)
        }
        NodeType::UploadVideo if text(node, "video_id").is_empty() => unfinished(Some("video_id"), "Choose a clip, or upload one."),
        NodeType::UploadVideo if text(node, "video_id").parse::<VideoId>().is_err() => {
            unfinished(Some("video_id"), "This is not the id of a clip: choose the clip again.")
        }
        NodeType::UploadImage if text(node, "image_id").is_empty() => unfinished(Some("image_id"), "Upload an image."),
        NodeType::UploadImage if text(node, "image_id").parse::<ImageId>().is_err() => {
            unfinished(Some("image_id"), "This is not the id of an image: upload the image again.")
        }
        NodeType::FrameGrab if !wired("video") => unfinished(None, "Connect the clip from which the frame is taken."),
        NodeType::VideoStitcher if !wired("videos") => unfinished(None, "Connect the clips that are to be joined."),
        NodeType::Output if !wired("video") => unfinished(None, "Connect the clip that is to come out here."),
        _ => None,
    }
}

/// The text of a parameter, empty where nothing is set.
pub(super) fn text(node: &Node, name: &str) -> String {
    let value = catalogue::param(&node.node_type, name).map(|param| param.value(node));
    value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The prompt of a generating node: the text that is connected, else its own. `None` where what is connected cannot be read by this version.
pub(super) fn prompt(graph: &Graph, node: &Node) -> Option<String> {
    match graph.wired_to(&node.id, "prompt").next() {
        None => Some(text(node, "prompt")),
        Some(wire) => graph.node(&wire.from.node).filter(|source| source.node_type == NodeType::Prompt).map(|source| text(source, "text")),
    }
}
