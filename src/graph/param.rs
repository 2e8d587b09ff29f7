//! Parameters: what a node lets its user set, and in which form.

use serde_json::Value;

use crate::domain::limits::{self, LARGEST_INTEGER};

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
