//! What a node still needs before it can be run. None of it keeps a graph from being saved.

use super::{
    document::model::{Connection, Graph, Node},
    nodes,
    param::{Param, ParamKind},
    setting,
    spec::{Need, NodeSpec},
};
use crate::domain::{
    AssetRef, FieldError, NodeId,
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
    let Some(spec) = nodes::spec(&node.node_type) else {
        let reason = format!("This version does not know the node type “{}”, and cannot run it.", node.node_type);
        return vec![Shortcoming { kind: "unknown_type", param: None, reason }];
    };
    let mut found: Vec<Shortcoming> = spec.needs.iter().find_map(|need| lacking(spec, graph, node, need)).into_iter().collect();
    let strange = graph.incoming(&node.id).find(|connection| spec.input(&connection.to.socket).is_none());
    found.extend(strange.map(|connection| {
        let reason = format!("This version does not know the input “{}”, and cannot run the node.", connection.to.socket);
        Shortcoming { kind: "unfinished", param: None, reason }
    }));
    found.extend(wrong_params(spec, node, mode));
    if mode == Mode::Final {
        found.extend(unusable_inputs(spec, graph, node));
    }
    found
}

/// What is wired to a socket that the chosen model cannot use. The animatic stands in for any model, and passes over what it cannot show.
fn unusable_inputs<'a>(spec: &'static NodeSpec, graph: &'a Graph, node: &'a Node) -> impl Iterator<Item = Shortcoming> + 'a {
    let model = setting::chosen_model(node).filter(|model| model.provider != Provider::Animatic);
    let wires = model.into_iter().flat_map(|model| graph.incoming(&node.id).map(move |wire| (model, &*wire.to.socket)));
    wires.filter_map(|(model, socket)| model.takes_no(spec.input(socket)?.needs?)).map(|rule| {
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

/// What the user has yet to write, choose or connect for one need.
fn lacking(spec: &NodeSpec, graph: &Graph, node: &Node, need: &Need) -> Option<Shortcoming> {
    let unfinished = |param, reason: &str| Some(Shortcoming { kind: "unfinished", param, reason: reason.into() });
    match need {
        Need::Text { param, reason, wired } => {
            let wire = spec.param(param).and_then(|param| wire_in_place(graph, node, param));
            let is_blank = text(graph, node, spec.param(param)?).is_some_and(|text| text.trim().is_empty());
            match (is_blank, wire) {
                (false, _) => None,
                (true, None) => unfinished(Some(*param), reason),
                (true, Some(_)) => unfinished(None, wired),
            }
        }
        Need::Wired { socket, reason } => {
            if graph.wired_to(&node.id, socket).next().is_none() {
                unfinished(None, reason)
            } else {
                None
            }
        }
        Need::Above { param, than, reason } => {
            let number = |name| spec.param(name).and_then(|param| param.value(node).as_f64());
            let is_above = number(param).zip(number(than)).is_none_or(|(number, other)| number > other);
            (!is_above).then(|| Shortcoming { kind: "invalid", param: Some(*param), reason: (*reason).into() })
        }
        Need::Asset { param, reason, wrong } => {
            let kind = spec.params.iter().find_map(|one| match one.kind {
                ParamKind::Asset(kind) if one.name == *param => Some(kind),
                _ => None,
            })?;
            match node.text(param) {
                "" => unfinished(Some(*param), reason),
                id if AssetRef::parse(kind, id).is_none() => unfinished(Some(*param), wrong),
                _ => None,
            }
        }
    }
}

/// What is wired to the input in whose place a parameter stands.
fn wire_in_place<'a>(graph: &'a Graph, node: &'a Node, param: &'static Param) -> Option<&'a Connection> {
    graph.wired_to(&node.id, param.unwired?).next()
}

/// The text of a parameter as it takes effect: what is wired in its place, else its own. `None` where what is wired cannot be read by this version.
pub(super) fn text(graph: &Graph, node: &Node, param: &'static Param) -> Option<String> {
    let Some(wire) = wire_in_place(graph, node, param) else { return Some(node.text(param.name).to_owned()) };
    nodes::value(graph.node(&wire.from.node)?).map(str::to_owned)
}
