//! Parameters: what a node lets its user set, its default, and what is allowed.

use serde_json::{Map, Value};

use super::{
    control,
    model::{Node, NodeType},
};
use crate::domain::{
    limits::{self, LARGEST_INTEGER},
    provider::{self, Model, Provider, Size},
};

/// The longest text a parameter may hold, in characters.
pub const TEXT_LIMIT: usize = limits::TEXT;

/// What kind of value a parameter holds, and from where its choices come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamKind {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// A whole number within the bounds, both included.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number within the bounds, both included.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
        /// The step of a stepper.
        step: f64,
    },
    /// One of these, each with its label.
    Choice(&'static [(&'static str, &'static str)]),
    /// A provider.
    Provider,
    /// A model of the chosen provider.
    Model,
    /// A length the chosen model makes.
    Seconds,
    /// A frame the chosen model makes, as `720x1280`.
    Size,
    /// An aspect the chosen model makes, as `9:16`.
    Aspect,
    /// A resolution the chosen model makes, as `720p`.
    Resolution,
    /// The frame of a stitched clip, as `720x1280`, or empty for that of the first clip.
    StitchSize,
    /// The id of a video of the library.
    Video,
    /// The id of a stored image.
    Image,
    /// Ids of nodes, in an order.
    Nodes,
}

/// A parameter of a node type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name in the definition.
    pub name: &'static str,
    /// Its name in words.
    pub label: &'static str,
    /// What it holds.
    pub kind: ParamKind,
    /// Whether it is edited in the node itself, not only in the inspector.
    pub in_node: bool,
    /// Whether it changes nothing in the clip, and so stays out of the content key.
    pub display_only: bool,
}

impl Param {
    /// A parameter that is edited in the inspector and changes the clip.
    pub(super) const fn new(name: &'static str, label: &'static str, kind: ParamKind) -> Self {
        Self { name, label, kind, in_node: false, display_only: false }
    }

    /// The same, edited in the node itself.
    pub(super) const fn in_node(self) -> Self {
        Self { in_node: true, ..self }
    }

    /// The same, without effect on the clip.
    pub(super) const fn display_only(self) -> Self {
        Self { display_only: true, ..self }
    }

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

    /// The value in its plain form, or `None` where it is absent or of another kind. A number may stand as text: some documents have `"8"`.
    #[must_use]
    pub fn plain(&self, value: &Value) -> Option<Value> {
        match self.kind {
            ParamKind::Integer { .. } => whole(value).map(Value::from),
            ParamKind::Number { .. } | ParamKind::Seconds => number(value).map(plain_number),
            ParamKind::Nodes => value.as_array().filter(|list| list.iter().all(Value::is_string)).map(|_| value.clone()),
            _ => value.as_str().map(Value::from),
        }
    }

    /// What is wrong with the value's kind, in words, if something is. `null` is the default and always right.
    #[must_use]
    pub fn kind_error(&self, value: &Value) -> Option<String> {
        let label = self.label;
        if value.as_str().is_some_and(|text| text.chars().count() > TEXT_LIMIT) {
            return Some(format!("{label} is longer than {TEXT_LIMIT} characters."));
        }
        if value.is_null() || self.plain(value).is_some() {
            return None;
        }
        Some(match self.kind {
            ParamKind::Integer { .. } => format!("{label} is a whole number."),
            ParamKind::Number { .. } | ParamKind::Seconds => format!("{label} is a number."),
            ParamKind::Nodes => format!("{label} is a list of node ids."),
            _ => format!("{label} is a text."),
        })
    }

    /// Why a step cannot be made with this node's value by `model`, in words and with what to do.
    #[must_use]
    pub fn limit_error(&self, node: &Node, model: Option<&Model>) -> Option<String> {
        let (label, value) = (self.label, self.value(node));
        let text = value.as_str().unwrap_or_default();
        match self.kind {
            ParamKind::Integer { min, max } => {
                let outside = value.as_i64().is_some_and(|number| !(min..=max).contains(&number));
                outside.then(|| format!("{label} is {value}: choose a whole number from {min} to {max}."))
            }
            ParamKind::Number { min, max, .. } => {
                let outside = value.as_f64().is_some_and(|number| !(min..=max).contains(&number));
                outside.then(|| format!("{label} is {value}: choose a number from {min} to {max}."))
            }
            ParamKind::Choice(choices) => {
                let known = choices.iter().any(|(choice, _)| *choice == text);
                (!known).then(|| format!("{label} “{text}” is not known: choose one of the list."))
            }
            ParamKind::Provider => Provider::from_name(text).is_none().then(|| {
                let known = Provider::ALL.map(Provider::name).join(", ");
                format!("The provider “{text}” is not known: choose one of {known}.")
            }),
            ParamKind::Model => match (chosen_provider(node), chosen_model(node)) {
                (Some(provider), None) => Some(format!("{} has no model “{text}”: choose another one.", provider.title())),
                _ => None,
            },
            ParamKind::Seconds => model.and_then(|model| seconds_error(model, value.as_f64()?, frame(node))),
            ParamKind::Size | ParamKind::Aspect | ParamKind::Resolution => model.and_then(|model| self.frame_error(node, model, text)),
            ParamKind::StitchSize => {
                let size = text.parse::<Size>();
                size.err().filter(|_| !text.is_empty()).map(|error| format!("{label} “{text}” cannot be made: {error}."))
            }
            ParamKind::Text | ParamKind::Multiline | ParamKind::Video | ParamKind::Image | ParamKind::Nodes => None,
        }
    }

    fn frame_error(&self, node: &Node, model: &Model, text: &str) -> Option<String> {
        let offered = match self.kind {
            ParamKind::Size => model.frames().iter().map(Size::to_string).collect(),
            ParamKind::Aspect => model.aspects(),
            _ => model.resolutions(),
        };
        if offered.iter().any(|one| one == text) || model.any_size && frame(node).is_some() {
            // Aspect and resolution may each be fine and still name a frame that is not made; the resolution is the one to change.
            return frame(node).filter(|_| self.kind == ParamKind::Resolution).and_then(|frame| control::resolution_rule(model, frame));
        }
        Some(format!("{} makes no {} “{text}”: choose one of {}.", model.title, self.label.to_ascii_lowercase(), offered.join(", ")))
    }
}

/// A rule of the model as an answer to a length it does not make.
fn seconds_error(model: &Model, seconds: f64, frame: Option<Size>) -> Option<String> {
    let rule = control::seconds_rule(model, seconds, frame)?;
    Some(if model.makes_seconds(seconds) { rule } else { format!("{}, not of {seconds}.", rule.trim_end_matches('.')) })
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
    super::catalogue::param(&node.node_type, name).map_or(Value::Null, |param| param.value(node))
}

fn set_text<'a>(params: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    params.get(name).and_then(Value::as_str)
}

fn number(value: &Value) -> Option<f64> {
    // A number written as text is read as one that is written as a number, by the same code.
    let number = value.as_f64().or_else(|| serde_json::from_str::<Value>(value.as_str()?.trim()).ok()?.as_f64())?;
    number.is_finite().then_some(number)
}

pub(super) fn whole(value: &Value) -> Option<i64> {
    let number = value.as_i64().or_else(|| number(value).filter(|number| number.fract() == 0.0).map(|number| number as i64))?;
    (-LARGEST_INTEGER..=LARGEST_INTEGER).contains(&number).then_some(number)
}

/// The plain form of a number: 8 and 8.0 are the same number and get the same text.
pub(super) fn plain_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= LARGEST_INTEGER as f64 { (number as i64).into() } else { number.into() }
}
