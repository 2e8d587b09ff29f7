//! Parameters: what a node lets its user set, in which form, within which bounds, and what stands there when nothing is set.

use serde_json::Value;

use crate::domain::{
    AssetKind,
    limits::{self, LARGEST_INTEGER},
    provider::Ability,
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
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// One of these, each with its label.
    Choice(&'static [(&'static str, &'static str)]),
    /// Which take it is, a whole number from 1: another one asks for the same thing once more.
    Take,
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
    /// The frame of a joined clip, as `720x1280`, or empty for that of the first clip.
    StitchSize,
    /// The id of a stored asset of that kind.
    Asset(AssetKind),
    /// Ids of the nodes that feed the list input, in an order.
    Nodes,
}

/// What stands where nothing is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Preset {
    /// Nothing, which is a value too.
    Nothing,
    /// This text.
    Text(&'static str),
    /// This whole number.
    Whole(i64),
    /// This number.
    Number(f64),
    /// No node.
    NoNodes,
    /// What the chosen provider or model takes by itself.
    OfModel,
}

/// The bounds of a number, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// None but those of its kind.
    None,
    /// Of a whole number.
    Whole {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Of a number.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
        /// The step of a stepper.
        step: f64,
    },
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
    /// What stands where nothing is set.
    pub preset: Preset,
    /// The bounds of its value.
    pub limit: Limit,
    /// Whether it is edited in the node itself, not only in the inspector.
    pub in_node: bool,
    /// Whether it changes what is made, and so belongs to the content key.
    pub counts: bool,
    /// The text input in whose place it stands while nothing is wired there.
    pub unwired: Option<&'static str>,
    /// The parameter, and its value, without which this one has no effect.
    pub with: Option<(&'static str, &'static str)>,
    /// What the chosen model must be able to do for it to have an effect.
    pub needs: Option<Ability>,
}

impl Param {
    const fn new(name: &'static str, label: &'static str, kind: ParamKind, preset: Preset, limit: Limit) -> Self {
        Self { name, label, kind, preset, limit, in_node: false, counts: true, unwired: None, with: None, needs: None }
    }

    /// A text of one line; empty where none is set.
    pub(super) const fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, ParamKind::Text, Preset::Text(""), Limit::None)
    }

    /// A text of several lines; empty where none is set.
    pub(super) const fn multiline(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, ParamKind::Multiline, Preset::Text(""), Limit::None)
    }

    /// A whole number within bounds; none where none is set.
    pub(super) const fn whole(name: &'static str, label: &'static str, min: i64, max: i64) -> Self {
        Self::new(name, label, ParamKind::Integer, Preset::Nothing, Limit::Whole { min, max })
    }

    /// A number within bounds; none where none is set.
    pub(super) const fn number(name: &'static str, label: &'static str, min: f64, max: f64, step: f64) -> Self {
        Self::new(name, label, ParamKind::Number, Preset::Nothing, Limit::Number { min, max, step })
    }

    /// One of `choices`, each with its label; `preset` where none is set.
    pub(super) const fn choice(
        name: &'static str,
        label: &'static str,
        choices: &'static [(&'static str, &'static str)],
        preset: &'static str,
    ) -> Self {
        Self::new(name, label, ParamKind::Choice(choices), Preset::Text(preset), Limit::None)
    }

    /// Which take; the first where none is set.
    pub(super) const fn take(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, ParamKind::Take, Preset::Whole(1), Limit::Whole { min: 1, max: 1_000_000 })
    }

    /// A provider; that of the name `preset` where none is set.
    pub(super) const fn provider(name: &'static str, label: &'static str, preset: &'static str) -> Self {
        Self::new(name, label, ParamKind::Provider, Preset::Text(preset), Limit::None)
    }

    /// Something that the chosen model offers, and has a choice of its own for.
    pub(super) const fn of_model(name: &'static str, label: &'static str, kind: ParamKind) -> Self {
        Self::new(name, label, kind, Preset::OfModel, Limit::None)
    }

    /// The frame of a joined clip; that of the first clip where none is set.
    pub(super) const fn stitch_size(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, ParamKind::StitchSize, Preset::Text(""), Limit::None)
    }

    /// A stored asset; none where none is set.
    pub(super) const fn asset(name: &'static str, label: &'static str, kind: AssetKind) -> Self {
        Self::new(name, label, ParamKind::Asset(kind), Preset::Nothing, Limit::None)
    }

    /// The order of what feeds the list input. It counts by what it makes of the inputs, and these are in the key.
    pub(super) const fn order(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, ParamKind::Nodes, Preset::NoNodes, Limit::None).not_counted()
    }

    /// The same, edited in the node itself.
    pub(super) const fn in_node(self) -> Self {
        Self { in_node: true, ..self }
    }

    /// The same, with another value where nothing is set.
    pub(super) const fn preset(self, preset: Preset) -> Self {
        Self { preset, ..self }
    }

    /// The same, without effect on what is made.
    pub(super) const fn not_counted(self) -> Self {
        Self { counts: false, ..self }
    }

    /// The same, used only while nothing is wired to that input.
    pub(super) const fn unwired(self, socket: &'static str) -> Self {
        Self { unwired: Some(socket), ..self }
    }

    /// The same, without effect unless that parameter has that value.
    pub(super) const fn with(self, name: &'static str, value: &'static str) -> Self {
        Self { with: Some((name, value)), ..self }
    }

    /// The same, without effect unless the chosen model can do that.
    pub(super) const fn needs(self, ability: Ability) -> Self {
        Self { needs: Some(ability), ..self }
    }

    /// The value in its plain form, or `None` where it is absent or of another kind. A number may stand as text: some documents have `"8"`.
    #[must_use]
    pub fn plain(&self, value: &Value) -> Option<Value> {
        match self.kind {
            ParamKind::Integer | ParamKind::Take => whole(value).map(Value::from),
            ParamKind::Number | ParamKind::Seconds => number(value).map(plain_number),
            ParamKind::Nodes => value.as_array().filter(|list| list.iter().all(Value::is_string)).map(|_| value.clone()),
            _ => value.as_str().map(Value::from),
        }
    }

    /// What is wrong with the value's kind, in words, if something is. `null` is the preset and always right.
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
            ParamKind::Integer | ParamKind::Take => format!("{label} is a whole number."),
            ParamKind::Number | ParamKind::Seconds => format!("{label} is a number."),
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
