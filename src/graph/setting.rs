//! What is set at one node: the value of a parameter, its default there, and what provider, model, frame and length follow from them.

use serde_json::Value;

use super::{
    document::model::Node,
    nodes,
    param::{Param, ParamKind, Preset},
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
        match self.preset {
            Preset::Nothing => Value::Null,
            Preset::Text(text) => text.into(),
            Preset::Whole(number) => number.into(),
            Preset::Number(number) => number.into(),
            Preset::NoNodes => Value::Array(Vec::new()),
            Preset::OfModel => self.default_of_model(node),
        }
    }

    fn default_of_model(&self, node: &Node) -> Value {
        let model = || chosen_model(node).or_else(|| default_provider(node)?.default_model());
        match self.kind {
            ParamKind::Model => chosen_provider(node).and_then(Provider::default_model).map(|model| model.model.clone()).into(),
            ParamKind::Seconds => model().map(|model| model.default_seconds).into(),
            ParamKind::Size => model().and_then(|model| model.frames().first().map(Size::to_string)).into(),
            ParamKind::Aspect => model().and_then(|model| model.aspects().first().cloned()).into(),
            ParamKind::Resolution => model().and_then(|model| model.resolutions().first().cloned()).into(),
            _ => Value::Null,
        }
    }
}

/// What the user has set as the parameter of that kind, and the parameter.
fn set(node: &Node, kind: ParamKind) -> Option<(&'static Param, Option<&str>)> {
    let param = nodes::spec(&node.node_type)?.param_of(kind)?;
    Some((param, node.params.get(param.name).and_then(Value::as_str)))
}

fn default_provider(node: &Node) -> Option<Provider> {
    match set(node, ParamKind::Provider)?.0.preset {
        Preset::Text(name) => Provider::from_name(name),
        _ => None,
    }
}

/// The provider chosen at a generating node; `None` where its name is not known, or the node calls none.
#[must_use]
pub fn chosen_provider(node: &Node) -> Option<Provider> {
    match set(node, ParamKind::Provider)?.1 {
        Some(name) => Provider::from_name(name),
        None => default_provider(node),
    }
}

/// The model chosen at a generating node; `None` where the provider has none of that name, or the node calls none.
#[must_use]
pub fn chosen_model(node: &Node) -> Option<&'static Model> {
    let provider = chosen_provider(node)?;
    match set(node, ParamKind::Model)?.1 {
        Some(name) => provider::model(provider, name),
        None => provider.default_model(),
    }
}

/// The frame a generating node asks for, from its size or from aspect and resolution; `None` where these name no frame.
#[must_use]
pub fn frame(node: &Node) -> Option<Size> {
    match value_of(node, ParamKind::Size) {
        Value::Null => Size::of(value_of(node, ParamKind::Aspect).as_str()?, value_of(node, ParamKind::Resolution).as_str()?),
        size => size.as_str()?.parse().ok(),
    }
}

/// The length a generating node asks for, in seconds; `None` where that is no number.
#[must_use]
pub fn seconds(node: &Node) -> Option<f64> {
    value_of(node, ParamKind::Seconds).as_f64()
}

/// The value of the parameter of that kind, as [`Param::value`] gives it; `null` where the node has no such parameter.
pub(super) fn value_of(node: &Node, kind: ParamKind) -> Value {
    let param = nodes::spec(&node.node_type).and_then(|spec| spec.param_of(kind));
    param.map_or(Value::Null, |param| param.value(node))
}
