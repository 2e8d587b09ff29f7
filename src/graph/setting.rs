//! What is set at one node: the value of a parameter, its default there, and what provider, model, frame and length follow from them.

use serde_json::{Map, Value};

use super::{
    catalogue,
    model::{Node, NodeType},
    param::{Param, ParamKind},
};
use crate::domain::provider::{self, Model, Provider, Size};

impl Param {
    /// The value at this node: what is set, in its plain form, else the default.
    #[must_use]
    pub fn value(&self, node: &Node) -> Value {
        node.params.get(self.name).and_then(|value| self.plain(value)).unwrap_or_else(|| self.default(node))
    }

    /// The value that stands when nothing is set; `null` where nothing is a value too.
    #[must_use]
    pub fn default(&self, node: &Node) -> Value {
        let model = || chosen_model(node).or_else(|| default_provider(&node.node_type).default_model());
        match self.kind {
            ParamKind::Text | ParamKind::Multiline | ParamKind::StitchSize => "".into(),
            ParamKind::Integer { .. } if self.name == "take" => 1.into(),
            ParamKind::Integer { .. } if self.name == "index" => 0.into(),
            ParamKind::Number { .. } if self.name == "transition_seconds" => 0.5.into(),
            ParamKind::Integer { .. } | ParamKind::Number { .. } | ParamKind::Video | ParamKind::Image => Value::Null,
            ParamKind::Choice(choices) => choices.first().map_or(Value::Null, |(value, _)| (*value).into()),
            ParamKind::Provider => default_provider(&node.node_type).name().into(),
            ParamKind::Model => {
                chosen_provider(node).and_then(Provider::default_model).map_or(Value::Null, |model| model.model.clone().into())
            }
            ParamKind::Seconds => model().map_or(Value::Null, |model| model.default_seconds.into()),
            ParamKind::Size => model().and_then(|model| model.frames().first().map(Size::to_string)).into(),
            ParamKind::Aspect => model().and_then(|model| model.aspects().first().cloned()).into(),
            ParamKind::Resolution => model().and_then(|model| model.resolutions().first().cloned()).into(),
            ParamKind::Nodes => Value::Array(Vec::new()),
        }
    }
}

/// The provider of a generating node when none is chosen.
pub(super) fn default_provider(node_type: &NodeType) -> Provider {
    match node_type {
        NodeType::VeoVideo => Provider::Google,
        _ => Provider::OpenAi,
    }
}

/// The provider chosen at a generating node; `None` where its name is not known.
#[must_use]
pub fn chosen_provider(node: &Node) -> Option<Provider> {
    match set_text(&node.params, "provider") {
        Some(name) => Provider::from_name(name),
        None => Some(default_provider(&node.node_type)),
    }
}

/// The model chosen at a generating node; `None` where the provider has none of that name.
#[must_use]
pub fn chosen_model(node: &Node) -> Option<&'static Model> {
    let provider = chosen_provider(node)?;
    match set_text(&node.params, "model") {
        Some(name) => provider::model(provider, name),
        None => provider.default_model(),
    }
}

/// The frame a generating node asks for, from its size or from aspect and resolution; `None` where these name no frame.
#[must_use]
pub fn frame(node: &Node) -> Option<Size> {
    match set_or_default(node, "size") {
        Value::Null => Size::of(set_or_default(node, "aspect").as_str()?, set_or_default(node, "resolution").as_str()?),
        size => size.as_str()?.parse().ok(),
    }
}

/// The length a generating node asks for, in seconds; `None` where that is no number.
#[must_use]
pub fn seconds(node: &Node) -> Option<f64> {
    set_or_default(node, "seconds").as_f64()
}

/// The value of the parameter of that name, as [`Param::value`] gives it; `null` where the node has no such parameter.
pub(super) fn set_or_default(node: &Node, name: &str) -> Value {
    catalogue::param(&node.node_type, name).map_or(Value::Null, |param| param.value(node))
}

fn set_text<'a>(params: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    params.get(name).and_then(Value::as_str)
}
