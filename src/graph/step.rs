//! A step of a run: what is to be done for one node, with its inputs and parameters resolved. It is stored with the run, as JSON.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    document::model::NodeType,
    nodes,
    param::ParamKind,
    socket_type::SocketType,
    spec::{self, NodeSpec},
};
use crate::domain::{AssetRef, NodeId, provider::Provider};

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

/// A step as it is stored. What its node's type says of it is left out: that stands in the registry.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "type")]
    node_type: String,
    inputs: Vec<StoredInput>,
    params: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct StoredInput {
    socket: String,
    from: Vec<NodeId>,
}

impl Step {
    /// The step of a node of that type; `None` where it does nothing, or a parameter does not hold what its action needs.
    pub(super) fn new(node_id: NodeId, spec: &NodeSpec, inputs: Vec<Input>, params: Map<String, Value>) -> Option<Self> {
        let text = |param: &str| params.get(param).and_then(Value::as_str).unwrap_or_default();
        let action = match spec.action {
            spec::Action::Nothing => return None,
            spec::Action::Value { param } => Action::Value { text: text(param).to_owned() },
            spec::Action::Given { param, kind } => Action::Given(AssetRef::parse(kind, text(param))?),
            spec::Action::Name { param } => Action::Name { name: Some(text(param).trim().to_owned()).filter(|name| !name.is_empty()) },
            spec::Action::Make(operation) => {
                let provider = spec.param_of(ParamKind::Provider).and_then(|param| Provider::from_name(text(param.name)));
                Action::Make { operation: operation.name, provider }
            }
        };
        Some(Self { node_id, node_type: spec.node_type.clone(), action, inputs, params })
    }

    /// The step as it is stored with its run.
    ///
    /// # Errors
    /// Never: its parts are all JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let inputs = self.inputs.iter().map(|input| StoredInput { socket: input.socket.to_owned(), from: input.from.clone() }).collect();
        serde_json::to_string(&Stored { node_type: self.node_type.name().to_owned(), inputs, params: self.params.clone() })
    }

    /// The step of that node, as it was stored; `None` where this version cannot do it.
    #[must_use]
    pub fn from_json(node_id: NodeId, json: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(json).ok()?;
        let spec = nodes::spec(&NodeType::from_name(&stored.node_type))?;
        let input = |input: StoredInput| {
            let socket = spec.input(&input.socket)?;
            Some(Input { socket: socket.name, socket_type: socket.socket_type, from: input.from })
        };
        let inputs = stored.inputs.into_iter().map(input).collect::<Option<_>>()?;
        Self::new(node_id, spec, inputs, stored.params)
    }

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
