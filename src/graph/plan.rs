//! What a run does: which nodes, in which order, each with its inputs and parameters resolved.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    check,
    document::{
        list_order::in_list_order,
        model::{Connection, Graph, Node},
    },
    nodes,
    param::{Param, ParamKind},
    setting,
    spec::{Action, NodeSpec, Socket},
    step::{Input, Step},
    unfinished,
};
use crate::domain::{
    FieldError, NodeId,
    execution::Mode,
    provider::{self, Model},
};

/// The steps of a run; each comes after those it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Rehearsal or the real thing.
    pub mode: Mode,
    /// The steps in an order in which they can be done.
    pub steps: Vec<Step>,
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
    let steps = in_order(graph, &needed).into_iter().filter_map(|node| step_of(graph, node, mode)).collect();
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
    let runs = |node: &Node| match nodes::spec(&node.node_type).map(|spec| spec.action) {
        Some(Action::Nothing) => false,
        Some(Action::Value { .. }) => targets.is_some() || used.contains(&node.id),
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

/// The step of a node in that mode; `None` where it does nothing, or its settings name nothing that can be done.
#[must_use]
pub fn step_of(graph: &Graph, node: &Node, mode: Mode) -> Option<Step> {
    let spec = nodes::spec(&node.node_type)?;
    let model = match mode {
        _ if !spec.generates() => None,
        Mode::Draft => Some(provider::animatic()),
        Mode::Final => Some(setting::chosen_model(node)?),
    };
    let value = |param: &'static Param| settled(graph, node, param, model);
    let mut params = spec.params.iter().map(|param| Some((param.name.into(), value(param)?))).collect::<Option<Map<_, _>>>()?;
    // What has no effect must not make another step.
    for param in spec.params {
        if param.with.is_some_and(|(other, value)| params.get(other).and_then(Value::as_str) != Some(value)) {
            params.insert(param.name.into(), param.default(node));
        }
    }
    Step::new(node.id.clone(), spec, inputs(graph, node, spec), params)
}

/// The value of a parameter as it takes effect: what is wired in its place, and the model that is called, which in a draft is the animatic.
fn settled(graph: &Graph, node: &Node, param: &'static Param, model: Option<&Model>) -> Option<Value> {
    Some(match (param.kind, model) {
        (ParamKind::Provider, Some(model)) => model.provider.name().into(),
        (ParamKind::Model, Some(model)) => model.model.clone().into(),
        _ if param.unwired.is_some() => unfinished::text(graph, node, param)?.into(),
        _ => param.value(node),
    })
}

fn inputs(graph: &Graph, node: &Node, spec: &NodeSpec) -> Vec<Input> {
    let of_socket = |socket: &'static Socket| {
        let from = if socket.list { in_list_order(graph, node, socket.name) } else { wired(graph, node, socket.name) };
        (!from.is_empty()).then_some(Input { socket: socket.name, socket_type: socket.socket_type, from })
    };
    spec.inputs.iter().filter_map(of_socket).collect()
}

fn wired(graph: &Graph, node: &Node, socket: &'static str) -> Vec<NodeId> {
    graph.wired_to(&node.id, socket).map(|connection| connection.from.node.clone()).collect()
}
