//! Another provider or model for a shot: what of its parameters would change, and the one command that does it.

use std::fmt;

use serde_json::Value;

use super::{
    command::Command,
    model::{Graph, Node},
};
use crate::{
    domain::provider::{Model, Size},
    graph::{
        limits, nodes,
        param::{Param, ParamKind, plain_number},
        setting,
    },
};

/// What a swap would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Swap {
    /// The model that is swapped in.
    pub model: &'static Model,
    /// What changes besides provider and model, in the order of the inspector.
    pub changes: Vec<ParamChange>,
    /// Does it, as one step.
    pub command: Command,
}

/// A parameter or an input that a swap changes. Its text is `Seconds 12 → 10`, or `Seed is not used`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamChange {
    /// Its name in words.
    pub label: &'static str,
    /// What stands there now.
    pub from: String,
    /// What would stand there; `None` where the model has no use for it.
    pub to: Option<String>,
}

impl fmt::Display for ParamChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => write!(f, "{} {} → {to}", self.label, self.from),
            None => write!(f, "{} is not used", self.label),
        }
    }
}

/// Swaps `model` in at a generating node. Length and frame stay as near to what they are as the model allows: the aspect first, then the
/// length, rather shorter than longer, then the resolution, rather lower than higher, so that nothing grows dearer unseen.
#[must_use]
pub fn swap(graph: &Graph, node: &Node, model: &'static Model) -> Swap {
    let mut swapped = node.clone();
    let mut commands = Vec::new();
    let mut set = |swapped: &mut Node, param: &Param, value: Value| {
        swapped.params.insert(param.name.to_owned(), value.clone());
        commands.push(Command::SetParam { node: node.id.clone(), name: param.name.to_owned(), value });
    };
    let spec = nodes::spec(&node.node_type);
    let param_of = |kind| spec.and_then(|spec| spec.param_of(kind));
    for (kind, value) in [(ParamKind::Provider, model.provider.name()), (ParamKind::Model, model.model.as_str())] {
        if let Some(param) = param_of(kind) {
            set(&mut swapped, param, value.into());
        }
    }
    let mut changes = Vec::new();
    for (kind, value) in nearest(node, model) {
        let Some(param) = param_of(kind) else { continue };
        let before = param.value(node);
        if param.value(&swapped) != value {
            set(&mut swapped, param, value.clone());
        }
        if before != value {
            changes.push(ParamChange { label: param.label, from: words(&before), to: Some(words(&value)) });
        }
    }
    let params = spec.map(|spec| spec.params).unwrap_or_default();
    for param in params {
        let set_now = words(&param.value(node));
        if !set_now.is_empty() && param.unused(&swapped).is_some() && param.unused(node).is_none() {
            changes.push(ParamChange { label: param.label, from: set_now, to: None });
        }
    }
    for wire in graph.incoming(&node.id) {
        let socket = spec.and_then(|spec| spec.input(&wire.to.socket));
        let Some(socket) = socket.filter(|socket| socket.needs.is_some_and(|ability| !model.can(ability))) else { continue };
        changes.push(ParamChange { label: socket.label, from: wire.from.node.to_string(), to: None });
        commands.push(Command::Disconnect { from: wire.from.clone(), to: wire.to.clone() });
    }
    Swap { model, changes, command: Command::All(commands) }
}

/// A length and a frame that a model makes, with the parameters that ask for them.
struct Way {
    seconds: f64,
    size: Size,
    params: Vec<(ParamKind, Value)>,
}

/// Length and frame as parameters: of all that the model makes, what is nearest to the node's own.
fn nearest(node: &Node, model: &Model) -> Vec<(ParamKind, Value)> {
    let now = setting::frame(node);
    let seconds = setting::seconds(node).unwrap_or_else(|| f64::from(model.default_seconds));
    let mut lengths: Vec<f64> = model.durations.iter().map(|length| f64::from(*length)).collect();
    lengths.extend(Some(seconds).filter(|seconds| model.makes_seconds(*seconds)));
    let frames = frames(node, model, now);
    let ways = lengths.iter().flat_map(|length| frames.iter().map(move |frame| (*length, frame)));
    let made = ways.filter(|(length, (size, _))| limits::seconds_rule(model, *length, Some(*size)).is_none());
    let way = made
        .map(|(length, (size, params))| {
            let params = std::iter::once((ParamKind::Seconds, plain_number(length))).chain(params.iter().cloned());
            Way { seconds: length, size: *size, params: params.collect() }
        })
        .min_by_key(|way| distance(seconds, now, way));
    way.map(|way| way.params).unwrap_or_default()
}

type Frame = (Size, Vec<(ParamKind, Value)>);

/// The frames that a model makes, each with the parameters that ask for it at this node.
fn frames(node: &Node, model: &Model, now: Option<Size>) -> Vec<Frame> {
    if nodes::spec(&node.node_type).is_some_and(|spec| spec.param_of(ParamKind::Size).is_some()) {
        let made = model.frames().into_iter().chain(now.filter(|now| model.makes_size(*now)));
        return made.map(|size| (size, vec![(ParamKind::Size, size.to_string().into())])).collect();
    }
    let text = |kind| setting::value_of(node, kind).as_str().map(str::to_owned);
    let own = text(ParamKind::Aspect).zip(text(ParamKind::Resolution)).filter(|_| model.any_size);
    let resolutions = model.resolutions();
    let offered = model.aspects().into_iter().flat_map(|aspect| resolutions.iter().map(move |one| (aspect.clone(), one.clone())));
    let pairs = offered.chain(own).filter_map(|(aspect, resolution)| {
        let size = Size::of(&aspect, &resolution).filter(|size| model.makes_size(*size))?;
        Some((size, vec![(ParamKind::Aspect, aspect.into()), (ParamKind::Resolution, resolution.into())]))
    });
    pairs.collect()
}

/// How far a way is from what was asked for; the least is the nearest.
fn distance(seconds: f64, now: Option<Size>, way: &Way) -> (i64, bool, i64, bool, u32) {
    let ratio = |size: Size| (f64::from(size.width) / f64::from(size.height)).ln();
    // In hundredths, so that sides rounded to even numbers leave an aspect what it is.
    let aspect = now.map_or(0, |now| ((ratio(now) - ratio(way.size)).abs() * 100.0).round() as i64);
    let length = ((way.seconds - seconds).abs() * 1_000.0).round() as i64;
    let (larger, resolution) =
        now.map_or((false, 0), |now| (way.size.short_side() > now.short_side(), way.size.short_side().abs_diff(now.short_side())));
    (aspect, way.seconds > seconds, length, larger, resolution)
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            execution::Mode,
            provider::{self, Provider, models},
        },
        graph::{NodeType, Position, control::Control, document::history::History, unfinished::shortcomings},
    };

    fn node(node_type: NodeType, model: &Model) -> Node {
        let node = Node::new("shot".parse().unwrap(), node_type, Position::new(0.0, 0.0)).with_param("prompt", "Dawn");
        node.with_param("provider", model.provider.name()).with_param("model", model.model.as_str())
    }

    fn graph_of(node: Node) -> Graph {
        let mut graph = Graph::new();
        graph.push_node(node).unwrap();
        graph
    }

    /// Swaps, checks that the result can run and that one undo takes it all back, and gives the changes in words.
    fn swapped(node: Node, model: &'static Model) -> Vec<String> {
        let graph = graph_of(node);
        let node = &graph.nodes()[0];
        let swap = swap(&graph, node, model);
        let mut history = History::new(graph.clone());
        let mut next = graph.clone();
        next.apply(swap.command).unwrap();
        history.set(next.clone());
        let after = &next.nodes()[0];
        assert_eq!(setting::chosen_model(after), Some(model));
        let wrong = shortcomings(&next, after, Mode::Final);
        assert!(wrong.is_empty(), "{:?} by {}: {wrong:?}", node.params, model.model);
        history.undo();
        assert_eq!(history.present(), &graph);
        swap.changes.iter().map(ToString::to_string).collect()
    }

    fn choices(param: &str, node: &Node) -> Vec<Value> {
        let control = nodes::param(&node.node_type, param).map(|param| param.control(node));
        let Some(Control::Choice(choices)) = control else { return vec![Value::Null] };
        choices.into_iter().map(|choice| choice.value).collect()
    }

    #[test]
    fn whatever_is_set_the_swapped_model_can_make_it() {
        for from in models() {
            for node_type in [NodeType::SORA_VIDEO, NodeType::VEO_VIDEO] {
                let plain = node(node_type, from);
                let lengths = choices("seconds", &plain);
                for seconds in [lengths.first(), lengths.get(lengths.len() / 2), lengths.last()].into_iter().flatten() {
                    for frame in ["size", "aspect", "resolution"].into_iter().flat_map(|name| {
                        let values = if nodes::param(&plain.node_type, name).is_some() { choices(name, &plain) } else { Vec::new() };
                        values.into_iter().map(move |value| (name, value))
                    }) {
                        let set = plain.clone().with_param("seconds", seconds.clone()).with_param(frame.0, frame.1);
                        for to in models() {
                            swapped(set.clone(), to);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_nearest_is_chosen_and_nothing_grows_dearer_unseen() {
        let model = |provider, name| provider::model(provider, name).unwrap();
        let omni = model(Provider::Google, "gemini-omni-1.2-flash");
        let pro = model(Provider::OpenAi, "sora-2-pro");
        let veo = model(Provider::Google, "veo-3.1-generate-preview");
        let omni_1 = model(Provider::Google, "gemini-omni-1.1-flash");

        let sora = Node::new("shot".parse().unwrap(), NodeType::SORA_VIDEO, Position::new(0.0, 0.0)).with_param("prompt", "Dawn");
        assert!(swapped(sora.clone(), omni).is_empty(), "the length stays 4 though the new model's default is 8");
        let large = node(NodeType::SORA_VIDEO, pro).with_param("seconds", 12).with_param("size", "1024x1792");
        assert_eq!(swapped(large.clone(), omni_1), ["Seconds 12 → 10", "Size 1024x1792 → 720x1280"]);
        assert_eq!(swapped(large, veo), ["Seconds 12 → 8", "Size 1024x1792 → 720x1280"]);

        let wide = node(NodeType::VEO_VIDEO, omni).with_param("seconds", 5).with_param("aspect", "16:9").with_param("resolution", "1080p");
        assert_eq!(swapped(wide, veo), ["Seconds 5 → 4", "Resolution 1080p → 720p"], "Veo makes 1080p in 8 seconds only");
        let short = node(NodeType::VEO_VIDEO, omni).with_param("seconds", 3);
        assert_eq!(swapped(short, pro), ["Seconds 3 → 4"]);
    }

    #[test]
    fn what_the_model_has_no_use_for_is_said_and_its_wire_taken_off() {
        let animatic = provider::animatic();
        let grok = provider::model(Provider::Xai, "grok-imagine-video-1.5").unwrap();
        let shot = node(NodeType::VEO_VIDEO, animatic).with_param("seed", 7).with_param("negative_prompt", "rain");
        assert_eq!(swapped(shot.clone(), grok), ["Negative prompt is not used", "Seed is not used"]);

        let omni = provider::model(Provider::Google, "gemini-omni-1.2-flash").unwrap();
        let mut graph = graph_of(node(NodeType::VEO_VIDEO, omni));
        graph.push_node(Node::new("next".parse().unwrap(), NodeType::from_name("Picture"), Position::new(0.0, 0.0))).unwrap();
        for socket in ["first_frame", "last_frame"] {
            let end = |node: &str, socket: &str| crate::graph::SocketRef::new(node.parse().unwrap(), socket);
            graph.apply(Command::Connect { from: end("next", "image"), to: end("shot", socket) }).unwrap();
        }
        let kinds = |graph: &Graph| shortcomings(graph, &graph.nodes()[0], Mode::Final).iter().map(|one| one.kind).collect::<Vec<_>>();
        assert!(kinds(&graph).is_empty());
        graph.apply(Command::SetParam { node: "shot".parse().unwrap(), name: "provider".into(), value: "xai".into() }).unwrap();
        let wrong = shortcomings(&graph, &graph.nodes()[0], Mode::Final);
        assert!(wrong.iter().any(|one| {
            one.kind == "invalid" && one.reason == "Grok Imagine 1.5 takes no last frame: disconnect it or swap the model."
        }));
        assert!(!shortcomings(&graph, &graph.nodes()[0], Mode::Draft).iter().any(|one| one.reason.contains("last frame")));
        let swap = swap(&graph, &graph.nodes()[0], grok);
        assert_eq!(swap.changes.last().unwrap().to_string(), "Last frame is not used");
        graph.apply(swap.command).unwrap();
        assert!(kinds(&graph).is_empty() && graph.connections().len() == 1);
    }
}
