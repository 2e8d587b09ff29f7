//! The node types as data, for programs that build definitions: what `GET /api/nodes` lists, read off the registry.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    control::Control,
    document::model::{Node, Position},
    nodes,
    param::{Limit, Param, ParamKind},
    spec::{Category, NodeSpec, Socket},
};
use crate::domain::NodeId;

/// A node type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeTypeEntry {
    /// Its name in a definition.
    #[serde(rename = "type")]
    pub node_type: String,
    /// Its name in words.
    pub title: String,
    /// What it is for, in a line.
    pub description: String,
    /// `input`, `generate`, `edit`, `result` or `remark`.
    pub category: String,
    /// Raised when the same node gives other results than before.
    pub version: u32,
    /// Inputs, from top to bottom.
    pub inputs: Vec<SocketEntry>,
    /// Outputs, from top to bottom.
    pub outputs: Vec<SocketEntry>,
    /// Parameters, in the order of the inspector. All are optional.
    pub params: Vec<ParamEntry>,
}

/// A socket of a node type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocketEntry {
    /// Its name in a definition.
    pub name: String,
    /// Its name in words.
    pub label: String,
    /// What flows through it: `text`, `image` or `video`.
    #[serde(rename = "type")]
    pub socket_type: String,
    /// Whether it takes several connections.
    pub list: bool,
}

/// A parameter of a node type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParamEntry {
    /// Its name in a definition.
    pub name: String,
    /// Its name in words.
    pub label: String,
    /// What it holds, such as `text`, `integer` or `choice`; of an asset its id.
    pub kind: String,
    /// What stands there where nothing is set; `null` for nothing. Of what the chosen model decides, that of the default model.
    #[schema(value_type = Value)]
    pub default: Value,
    /// The bounds of a number, both included; `null` where there are none.
    pub limit: Option<LimitEntry>,
    /// What can be chosen; of what the chosen model decides, with the default provider. Absent where anything of its kind fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<ChoiceEntry>>,
}

/// The bounds of a number, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitEntry {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChoiceEntry {
    /// What goes into the definition.
    #[schema(value_type = Value)]
    pub value: Value,
    /// What people read.
    pub label: String,
}

/// Every node type that this version knows, in the order of the palette.
#[must_use]
pub fn catalog() -> Vec<NodeTypeEntry> {
    nodes::specs().iter().filter_map(|spec| entry(spec)).collect()
}

fn entry(spec: &NodeSpec) -> Option<NodeTypeEntry> {
    let id: NodeId = "node".parse().ok()?;
    let node = Node::new(id, spec.node_type.clone(), Position::default());
    Some(NodeTypeEntry {
        node_type: spec.node_type.name().to_owned(),
        title: spec.title.to_owned(),
        description: spec.description.to_owned(),
        category: category(spec.category).to_owned(),
        version: spec.version,
        inputs: spec.inputs.iter().map(socket).collect(),
        outputs: spec.outputs.iter().map(socket).collect(),
        params: spec.params.iter().map(|one| param(one, &node)).collect(),
    })
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Input => "input",
        Category::Generate => "generate",
        Category::Edit => "edit",
        Category::Result => "result",
        Category::Remark => "remark",
    }
}

fn socket(socket: &Socket) -> SocketEntry {
    SocketEntry {
        name: socket.name.to_owned(),
        label: socket.label.to_owned(),
        socket_type: socket.socket_type.name().to_owned(),
        list: socket.list,
    }
}

fn param(param: &Param, node: &Node) -> ParamEntry {
    let limit = match param.limit {
        Limit::None => None,
        Limit::Whole { min, max } => Some(LimitEntry { min: min as f64, max: max as f64 }),
        Limit::Number { min, max, .. } => Some(LimitEntry { min, max }),
    };
    let choices = match param.control(node) {
        Control::Choice(choices) => {
            Some(choices.into_iter().map(|choice| ChoiceEntry { value: choice.value, label: choice.label }).collect())
        }
        _ => None,
    };
    let (name, label, kind) = (param.name.to_owned(), param.label.to_owned(), kind(param.kind).to_owned());
    ParamEntry { name, label, kind, default: param.default(node), limit, choices }
}

fn kind(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Text => "text",
        ParamKind::Multiline => "multiline",
        ParamKind::Integer => "integer",
        ParamKind::Number => "number",
        ParamKind::Choice(_) => "choice",
        ParamKind::Take => "take",
        ParamKind::Provider => "provider",
        ParamKind::Model => "model",
        ParamKind::Seconds => "seconds",
        ParamKind::Size | ParamKind::StitchSize => "size",
        ParamKind::Aspect => "aspect",
        ParamKind::Resolution => "resolution",
        ParamKind::Asset(kind) => kind.name(),
        ParamKind::Nodes => "nodes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_listed_with_what_it_takes() {
        let all = catalog();
        assert_eq!(all.len(), nodes::specs().len());
        let of = |node_type: &str| all.iter().find(|entry| entry.node_type == node_type).expect("a known type");
        let stitcher = of("VideoStitcher");
        assert!(stitcher.inputs[0].list && stitcher.category == "edit");
        let transition = &stitcher.params[0];
        assert_eq!((transition.kind.as_str(), &transition.default), ("choice", &Value::from("cut")));
        assert!(transition.choices.as_ref().is_some_and(|choices| choices.iter().any(|choice| choice.value == "fade")));
        let seconds = of("Sora2Video").params.iter().find(|param| param.name == "seconds").expect("a parameter");
        assert!(!seconds.default.is_null() && seconds.choices.as_ref().is_some_and(|choices| choices.len() > 1));
    }
}
