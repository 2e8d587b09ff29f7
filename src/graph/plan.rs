//! What a run does: which nodes, in which order, each with its inputs and parameters resolved.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    catalogue::{self, NodeSpec},
    check,
    list_order::in_list_order,
    model::{Connection, Graph, Node, NodeType},
    setting,
    socket_type::SocketType,
    unfinished::{self, text},
};
use crate::domain::{
    FieldError, ImageId, NodeId, VideoId,
    execution::Mode,
    image::Frame,
    provider::{self, Provider, Size},
};

/// The steps of a run; each comes after those it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Rehearsal or the real thing.
    pub mode: Mode,
    /// The steps in an order in which they can be done.
    pub steps: Vec<Step>,
}

/// One node of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The node.
    pub node_id: NodeId,
    /// Its type.
    pub node_type: NodeType,
    /// What is to be done.
    pub action: Action,
    /// What flows in: the connected inputs in the catalogue's order.
    pub inputs: Vec<Input>,
    /// Every parameter this version knows, in its plain form, defaults filled in; provider, model and prompt as they take effect.
    pub params: Map<String, Value>,
}

/// A connected input of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The socket's name.
    pub socket: &'static str,
    /// What flows through it.
    pub socket_type: SocketType,
    /// The nodes that feed it, in order: several at a list only.
    pub from: Vec<NodeId>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Gives a text; those who use it have it already.
    Value {
        /// The text.
        text: String,
    },
    /// Makes a clip.
    Generate(Generate),
    /// Joins the clips of the input `videos`.
    Stitch {
        /// `cut`, or the name of an xfade transition.
        transition: String,
        /// How long a transition lasts, in seconds.
        transition_seconds: f64,
        /// The frame, or that of the first clip.
        size: Option<Size>,
        /// The frame rate, or that of the first clip.
        fps: Option<f64>,
    },
    /// Gives a clip of the library.
    Upload {
        /// The clip.
        video_id: VideoId,
    },
    /// Gives a stored image.
    UploadImage {
        /// The image.
        image_id: ImageId,
    },
    /// Takes a frame out of the clip of the input `video`.
    GrabFrame {
        /// Which one.
        frame: Frame,
    },
    /// Names the clip it receives.
    Output {
        /// The name; `None` leaves the clip its own.
        name: Option<String>,
    },
}

/// A clip to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Generate {
    /// Who makes it: in a draft always the animatic.
    pub provider: Provider,
    /// The provider's model that makes it.
    pub model: String,
    /// What is to be seen; never blank.
    pub prompt: String,
    /// Length in seconds, above 0.
    pub seconds: f64,
    /// The frame.
    pub size: Size,
    /// The seed, if the user fixed one.
    pub seed: Option<i64>,
    /// Which take it is, from 1.
    pub take: i64,
    /// The other parameters with an effect, such as `negative_prompt`.
    pub params: Map<String, Value>,
}

impl Step {
    /// Who makes the clip, for a step that generates one.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        match &self.action {
            Action::Generate(generate) => Some(generate.provider),
            _ => None,
        }
    }

    /// The inputs through which clips and pictures flow: those whose hashes belong to the content key.
    pub fn media_inputs(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|input| input.socket_type != SocketType::Text)
    }

    /// The nodes whose clips or texts this step needs, each once.
    #[must_use]
    pub fn needs(&self) -> Vec<&NodeId> {
        let mut seen = HashSet::new();
        self.inputs.iter().flat_map(|input| &input.from).filter(|id| seen.insert(*id)).collect()
    }
}

/// Plans a run of these nodes and what they need; without any, of every node but notes and prompts that nobody uses.
///
/// Refused, by node and with JSON pointers into the definition, are unsound graphs and needed nodes that are unfinished or of unknown type. A target
/// that is not in the graph is the error kind `unknown_target`, whose pointer `/nodes/N` counts the targets. That a provider lacks its setting is for the
/// caller to see, by [`Step::provider`].
pub fn plan(graph: &Graph, targets: Option<&[NodeId]>, mode: Mode) -> Result<Plan, Vec<FieldError>> {
    let errors = targets.map_or_else(Vec::new, |targets| unknown_targets(graph, targets));
    refuse(errors)?;
    refuse(check::problems(graph))?;
    let needed = needed(graph, targets);
    let nodes = || graph.nodes().iter().map(|node| &**node).filter(|node| needed.contains(&node.id));
    refuse(unfinished::errors(graph, nodes(), mode))?;
    if needed.is_empty() {
        let detail = "There is nothing to run: add a node that makes a clip.".into();
        return Err(vec![FieldError { pointer: "/nodes".into(), node_id: None, kind: "nothing_to_run".into(), detail }]);
    }
    let steps = in_order(graph, &needed).into_iter().filter_map(|node| step(graph, node, mode)).collect();
    Ok(Plan { mode, steps })
}

fn refuse(errors: Vec<FieldError>) -> Result<(), Vec<FieldError>> {
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn unknown_targets(graph: &Graph, targets: &[NodeId]) -> Vec<FieldError> {
    let unknown = targets.iter().enumerate().filter(|(_, id)| graph.node(id).is_none());
    let error = |(place, id): (usize, &NodeId)| FieldError {
        pointer: format!("/nodes/{place}"),
        node_id: Some(id.clone()),
        kind: "unknown_target".into(),
        detail: format!("There is no node “{id}” in the workflow."),
    };
    unknown.map(error).collect()
}

fn needed(graph: &Graph, targets: Option<&[NodeId]>) -> HashSet<NodeId> {
    let used: HashSet<&NodeId> = graph.connections().iter().map(|connection| &connection.from.node).collect();
    let runs = |node: &Node| match node.node_type {
        NodeType::Note => false,
        NodeType::Prompt => targets.is_some() || used.contains(&node.id),
        _ => true,
    };
    let named: Option<HashSet<&NodeId>> = targets.map(|targets| targets.iter().collect());
    let wanted = graph.nodes().iter().filter(|node| runs(node) && named.as_ref().is_none_or(|named| named.contains(&node.id)));
    let wanted: Vec<&NodeId> = wanted.map(|node| &node.id).collect();
    let mut needed = graph.upstream(wanted.iter().copied());
    needed.extend(wanted.into_iter().cloned());
    needed
}

/// The needed nodes, each after those it needs, and otherwise in document order.
fn in_order<'a>(graph: &'a Graph, needed: &HashSet<NodeId>) -> Vec<&'a Node> {
    let inside = |connection: &&Connection| needed.contains(&connection.from.node) && needed.contains(&connection.to.node);
    let mut waits: HashMap<&NodeId, usize> = HashMap::new();
    let mut feeds: HashMap<&NodeId, Vec<&NodeId>> = HashMap::new();
    for connection in graph.connections().iter().filter(inside) {
        *waits.entry(&connection.to.node).or_default() += 1;
        feeds.entry(&connection.from.node).or_default().push(&connection.to.node);
    }
    let free = |(_, node): &(usize, &'a Node)| needed.contains(&node.id) && !waits.contains_key(&node.id);
    let mut ready: BTreeSet<usize> = graph.nodes().iter().map(|node| &**node).enumerate().filter(free).map(|(place, _)| place).collect();
    let mut order = Vec::with_capacity(needed.len());
    while let Some(node) = ready.pop_first().and_then(|place| graph.nodes().get(place)) {
        order.push(&**node);
        for fed in feeds.remove(&node.id).unwrap_or_default() {
            if let Some(left) = waits.get_mut(fed) {
                *left -= 1;
                ready.extend((*left == 0).then(|| graph.place_of(fed)).flatten());
            }
        }
    }
    order
}

/// The step of a node that was found finished.
fn step(graph: &Graph, node: &Node, mode: Mode) -> Option<Step> {
    let spec = catalogue::spec(&node.node_type)?;
    let mut params: Map<String, Value> = spec.params.iter().map(|param| (param.name.into(), param.value(node))).collect();
    let number = |params: &Map<String, Value>, name: &str| params.get(name).and_then(Value::as_f64);
    let action = match node.node_type {
        NodeType::Prompt => Action::Value { text: text(node, "text") },
        NodeType::Sora2Video | NodeType::VeoVideo => Action::Generate(generate(graph, node, &mut params, mode)?),
        NodeType::VideoStitcher => Action::Stitch {
            transition: text(node, "transition"),
            transition_seconds: number(&params, "transition_seconds")?,
            size: text(node, "size").parse().ok(),
            fps: number(&params, "fps"),
        },
        NodeType::UploadVideo => Action::Upload { video_id: text(node, "video_id").parse().ok()? },
        NodeType::UploadImage => Action::UploadImage { image_id: text(node, "image_id").parse().ok()? },
        NodeType::FrameGrab => Action::GrabFrame { frame: frame(node, &mut params)? },
        NodeType::Output => Action::Output { name: Some(text(node, "name").trim().to_owned()).filter(|name| !name.is_empty()) },
        NodeType::Note | NodeType::Unknown(_) => return None,
    };
    Some(Step { node_id: node.id.clone(), node_type: node.node_type.clone(), action, inputs: inputs(graph, node, spec), params })
}

/// The frame that is taken. Where it is not by number, the number has no effect and must not make another step.
fn frame(node: &Node, params: &mut Map<String, Value>) -> Option<Frame> {
    let index = params.get("index").and_then(Value::as_u64)?;
    let frame = match text(node, "frame").as_str() {
        "first" => Frame::First,
        "last" => Frame::Last,
        _ => return Some(Frame::Nth(index)),
    };
    params.insert("index".into(), 0.into());
    Some(frame)
}

fn generate(graph: &Graph, node: &Node, params: &mut Map<String, Value>, mode: Mode) -> Option<Generate> {
    let model = match mode {
        Mode::Draft => provider::animatic(),
        Mode::Final => setting::chosen_model(node)?,
    };
    let prompt = unfinished::prompt(graph, node)?;
    params.insert("provider".into(), model.provider.name().into());
    params.insert("model".into(), model.model.clone().into());
    params.insert("prompt".into(), prompt.clone().into());
    let whole = |name: &str| params.get(name).and_then(Value::as_i64);
    let apart = ["provider", "model", "prompt", "seconds", "size", "seed", "take"];
    Some(Generate {
        provider: model.provider,
        model: model.model.clone(),
        prompt,
        seconds: params.get("seconds").and_then(Value::as_f64)?,
        size: setting::frame(node)?,
        seed: whole("seed"),
        take: whole("take")?,
        params: params
            .iter()
            .filter(|(name, _)| !apart.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    })
}

fn inputs(graph: &Graph, node: &Node, spec: &NodeSpec) -> Vec<Input> {
    let of_socket = |socket: &'static catalogue::Socket| {
        let from = if socket.list { in_list_order(graph, node, socket.name) } else { wired(graph, node, socket.name) };
        (!from.is_empty()).then_some(Input { socket: socket.name, socket_type: socket.socket_type, from })
    };
    spec.inputs.iter().filter_map(of_socket).collect()
}

fn wired(graph: &Graph, node: &Node, socket: &'static str) -> Vec<NodeId> {
    graph.wired_to(&node.id, socket).map(|connection| connection.from.node.clone()).collect()
}
