//! What a node's settings may be where its chosen model is to make a clip, each refusal in words.

use super::{
    document::model::Node,
    param::{Limit, Param, ParamKind},
    setting::{chosen_model, chosen_provider, frame},
};
use crate::domain::provider::{Model, Provider, Size};

impl Param {
    /// Why a step cannot be made with this node's value by `model`, in words and with what to do.
    #[must_use]
    pub fn limit_error(&self, node: &Node, model: Option<&Model>) -> Option<String> {
        let (label, value) = (self.label, self.value(node));
        let text = value.as_str().unwrap_or_default();
        let outside = match self.limit {
            Limit::None => None,
            Limit::Whole { min, max } => value
                .as_i64()
                .filter(|number| !(min..=max).contains(number))
                .map(|_| format!("{label} is {value}: choose a whole number from {min} to {max}.")),
            Limit::Number { min, max, .. } => value
                .as_f64()
                .filter(|number| !(min..=max).contains(number))
                .map(|_| format!("{label} is {value}: choose a number from {min} to {max}.")),
        };
        if outside.is_some() {
            return outside;
        }
        match self.kind {
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
            ParamKind::Text
            | ParamKind::Multiline
            | ParamKind::Integer
            | ParamKind::Number
            | ParamKind::Take
            | ParamKind::Asset(_)
            | ParamKind::Nodes => None,
        }
    }

    fn frame_error(&self, node: &Node, model: &Model, text: &str) -> Option<String> {
        if model.any_size && frame(node).is_some() {
            return None;
        }
        let offered = match self.kind {
            ParamKind::Size => model.frames().iter().map(Size::to_string).collect(),
            ParamKind::Aspect => model.aspects(),
            _ => model.resolutions(),
        };
        if offered.iter().any(|one| one == text) {
            // Aspect and resolution may each be fine and still name a frame that is not made; the resolution is the one to change.
            return frame(node).filter(|_| self.kind == ParamKind::Resolution).and_then(|frame| resolution_rule(model, frame));
        }
        Some(format!("{} makes no {} “{text}”: choose one of {}.", model.title, self.label.to_ascii_lowercase(), offered.join(", ")))
    }
}

/// A rule of the model as an answer to a length it does not make.
fn seconds_error(model: &Model, seconds: f64, frame: Option<Size>) -> Option<String> {
    let rule = seconds_rule(model, seconds, frame)?;
    Some(if model.makes_seconds(seconds) { rule } else { format!("{}, not of {seconds}.", rule.trim_end_matches('.')) })
}

/// `Sora 2 makes 720x1280, 1280x720 only.`
pub(super) fn only(model: &Model, offered: impl Iterator<Item = String>) -> String {
    format!("{} makes {} only.", model.title, offered.collect::<Vec<_>>().join(", "))
}

/// Which lengths the model makes, where this is none of them.
pub(super) fn seconds_rule(model: &Model, seconds: f64, frame: Option<Size>) -> Option<String> {
    let title = &model.title;
    if model.makes_seconds(seconds) {
        return only_seconds_rule(model, seconds, frame?);
    }
    Some(match (model.longest_seconds, model.durations.first(), model.durations.last()) {
        (Some(longest), ..) => format!("{title} makes clips of up to {longest} seconds."),
        (None, Some(first), Some(last)) if first < last && (last - first) as usize + 1 == model.durations.len() => {
            format!("{title} makes clips of {first} to {last} whole seconds.")
        }
        _ => {
            let offered = model.durations.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            format!("{title} makes clips of {offered} seconds.")
        }
    })
}

/// Which length the model makes the frame's resolution in, where it is another one.
pub(super) fn only_seconds_rule(model: &Model, seconds: f64, frame: Size) -> Option<String> {
    let resolution = frame.resolution();
    let only = model.only_seconds.get(&resolution).filter(|only| f64::from(**only) != seconds)?;
    Some(format!("{} makes {resolution} in clips of {only} seconds only.", model.title))
}

/// In which aspects the model makes the frame's resolution, where it does not in the frame's own.
pub(super) fn resolution_rule(model: &Model, frame: Size) -> Option<String> {
    if model.makes_size(frame) {
        return None;
    }
    let resolution = frame.resolution();
    let aspects = model.frames().into_iter().filter(|made| made.resolution() == resolution).map(|made| made.aspect());
    Some(format!("{} makes {resolution} in {} only.", model.title, aspects.collect::<Vec<_>>().join(", ")))
}
