//! What a run does: which nodes, in which order, each with its inputs and parameters resolved.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    check,
    list_order::in_list_order,
    model::{Connection, Graph, Node, NodeType},
    nodes,
    param::{Param, ParamKind},
    setting,
    socket_type::SocketType,
    spec::{self, NodeSpec, Socket},
    unfinished,
};
use crate::domain::{
    AssetRef, FieldError, NodeId,
    execution::Mode,
    provider::{self, Model, Provider},
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
    /// What flows in: the connected inputs in the order of its type's spec.
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
    /// Gives what the user gave.
    Given(AssetRef),
    /// Names what it receives.
    Name {
        /// The name; `None` leaves it its own.
        name: Option<String>,
    },
    /// Makes something.
    Make {
        /// The operation that makes it.
        operation: &'static str,
        /// Who is asked to, where it is one of the providers: in a draft always the animatic.
        provider: Option<Provider>,
    },
}

impl Step {
    /// Which provider makes it, for a step that asks one.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        match self.action {
            Action::Make { provider, .. } => provider,
            _ => None,
        }
    }

    /// The operation that makes it, for a step that is work for a job.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        match self.action {
            Action::Make { operation, .. } => Some(operation),
            _ => None,
        }
    }

    /// Whether somebody is paid for it.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.provider().is_some_and(|provider| provider != Provider::Animatic)
    }

    /// Whether it is work for a job.
    #[must_use]
    pub fn makes(&self) -> bool {
        self.operation().is_some()
    }

    /// The text of a parameter; empty where it holds none.
    #[must_use]
    pub fn text(&self, param: &str) -> &str {
        self.params.get(param).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number of a parameter, if it holds one.
    #[must_use]
    pub fn number(&self, param: &str) -> Option<f64> {
        self.params.get(param).and_then(Value::as_f64)
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
    let runs = |node: &Node| match nodes::spec(&node.node_type).map(|spec| spec.action) {
        Some(spec::Action::Nothing) => false,
        Some(spec::Action::Value { .. }) => targets.is_some() || used.contains(&node.id),
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
    let action = match spec.action {
        spec::Action::Nothing => return None,
        spec::Action::Value { param } => Action::Value { text: node.text(param).to_owned() },
        spec::Action::Given { .. } => Action::Given(nodes::given(node)?),
        spec::Action::Name { param } => Action::Name { name: Some(node.text(param).trim().to_owned()).filter(|name| !name.is_empty()) },
        spec::Action::Make(operation) => Action::Make { operation: operation.name, provider: model.map(|model| model.provider) },
    };
    Some(Step { node_id: node.id.clone(), node_type: node.node_type.clone(), action, inputs: inputs(graph, node, spec), params })
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
