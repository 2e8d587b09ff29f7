//! How a parameter is edited at one node: its choices or bounds there, which of them the chosen model cannot make, and why.

use serde_json::Value;

use super::{
    document::model::Node,
    limits::{only, only_seconds_rule, resolution_rule, seconds_rule},
    param::{Limit, Param, ParamKind},
    setting::{self, chosen_model, chosen_provider, frame},
};
use crate::domain::{
    AssetKind,
    limits::LARGEST_INTEGER,
    provider::{self, Model, Provider, Size},
};

/// How a parameter is edited at one node, with its choices or bounds there.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
        /// The step of a stepper.
        step: f64,
    },
    /// One of a list.
    Choice(Vec<Choice>),
    /// A stored asset of that kind, uploaded.
    Asset(AssetKind),
    /// An order of nodes.
    Nodes,
}

/// One of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The value that goes into the definition.
    pub value: Value,
    /// What people read.
    pub label: String,
    /// Why it cannot be chosen now, in words; `None` where it can.
    pub disabled: Option<String>,
}

impl Param {
    /// How it is edited at this node. What a model makes is chosen from what any model of the provider makes, so that it is seen what another
    /// one could do; what the chosen model cannot make is disabled.
    #[must_use]
    pub fn control(&self, node: &Node) -> Control {
        match self.kind {
            ParamKind::Text => Control::Text,
            ParamKind::Multiline => Control::Multiline,
            ParamKind::Integer | ParamKind::Take => match self.limit {
                Limit::Whole { min, max } => Control::Integer { min, max },
                _ => Control::Integer { min: -LARGEST_INTEGER, max: LARGEST_INTEGER },
            },
            ParamKind::Number => match self.limit {
                Limit::Number { min, max, step } => Control::Number { min, max, step },
                _ => Control::Number { min: f64::MIN, max: f64::MAX, step: 1.0 },
            },
            ParamKind::Choice(choices) => Control::Choice(choices.iter().map(|(value, label)| choice(*value, *label)).collect()),
            ParamKind::Provider => Control::Choice(Provider::ALL.into_iter().map(|one| choice(one.name(), one.title())).collect()),
            ParamKind::Model => {
                let models = chosen_provider(node).into_iter().flat_map(Provider::models);
                Control::Choice(models.map(|model| choice(model.model.as_str(), model.title.as_str())).collect())
            }
            ParamKind::Seconds => Control::Choice(seconds(node)),
            ParamKind::Size => Control::Choice(sizes(node)),
            ParamKind::Aspect => Control::Choice(aspects(node)),
            ParamKind::Resolution => Control::Choice(resolutions(node)),
            ParamKind::StitchSize => {
                let frames = provider::animatic().frames().into_iter().map(|size| choice(size.to_string(), frame_label(size)));
                Control::Choice(std::iter::once(choice("", "As the first clip")).chain(frames).collect())
            }
            ParamKind::Asset(kind) => Control::Asset(kind),
            ParamKind::Nodes => Control::Nodes,
        }
    }

    /// Why it has no effect at this node's model, in words; `None` where it has one, or the model is not known.
    #[must_use]
    pub fn unused(&self, node: &Node) -> Option<String> {
        let rule = chosen_model(node)?.takes_no(self.needs?)?;
        Some(format!("{rule}."))
    }
}

/// What any model of the node's provider offers: first what the chosen one does, in its own order.
fn offered<T: PartialEq>(node: &Node, list: impl Fn(&Model) -> Vec<T>) -> Vec<T> {
    let chosen = chosen_model(node).into_iter();
    let every = chosen.chain(chosen_provider(node).into_iter().flat_map(Provider::models));
    every.flat_map(list).fold(Vec::new(), |mut seen, one| {
        if !seen.contains(&one) {
            seen.push(one);
        }
        seen
    })
}

fn seconds(node: &Node) -> Vec<Choice> {
    let mut lengths = offered(node, |model| model.durations.clone());
    lengths.sort_unstable();
    let frame = frame(node);
    let reason = |seconds: u32| chosen_model(node).and_then(|model| seconds_rule(model, f64::from(seconds), frame));
    lengths.into_iter().map(|seconds| Choice { disabled: reason(seconds), ..choice(seconds, format!("{seconds} s")) }).collect()
}

fn sizes(node: &Node) -> Vec<Choice> {
    let reason = |size: Size| {
        let model = chosen_model(node)?;
        if !model.makes_size(size) {
            return Some(only(model, model.frames().iter().map(Size::to_string)));
        }
        only_seconds_rule(model, setting::seconds(node)?, size)
    };
    let sizes = offered(node, Model::frames).into_iter();
    sizes.map(|size| Choice { disabled: reason(size), ..choice(size.to_string(), frame_label(size)) }).collect()
}

/// An aspect is disabled where the model has it in no resolution: one that needs another resolution can be chosen first.
fn aspects(node: &Node) -> Vec<Choice> {
    let reason = |aspect: &String| {
        let model = chosen_model(node).filter(|model| !model.any_size)?;
        let known = model.aspects();
        (!known.contains(aspect)).then(|| only(model, known.into_iter()))
    };
    let aspects = offered(node, Model::aspects).into_iter();
    aspects.map(|aspect| Choice { disabled: reason(&aspect), ..choice(aspect.clone(), aspect) }).collect()
}

fn resolutions(node: &Node) -> Vec<Choice> {
    let aspect = setting::value_of(node, ParamKind::Aspect);
    let reason = |resolution: &String| {
        let model = chosen_model(node)?;
        let known = model.resolutions();
        if !known.contains(resolution) && !model.any_size {
            return Some(only(model, known.into_iter()));
        }
        let frame = Size::of(aspect.as_str()?, resolution)?;
        resolution_rule(model, frame).or_else(|| only_seconds_rule(model, setting::seconds(node)?, frame))
    };
    let resolutions = offered(node, Model::resolutions).into_iter();
    resolutions.map(|one| Choice { disabled: reason(&one), ..choice(one.clone(), one) }).collect()
}

fn choice(value: impl Into<Value>, label: impl Into<String>) -> Choice {
    Choice { value: value.into(), label: label.into(), disabled: None }
}

fn frame_label(size: Size) -> String {
    let shape = if size.width < size.height { "upright" } else { "wide" };
    if size.width == size.height { format!("{size} square") } else { format!("{size} {shape}") }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::graph::{NodeType, Position, nodes};

    fn node(node_type: NodeType, provider: &str, model: &str) -> Node {
        let node = Node::new("shot".parse().unwrap(), node_type, Position::new(0.0, 0.0));
        node.with_param("provider", provider).with_param("model", model)
    }

    /// The choices of a parameter, each with its reason where it is disabled.
    fn choices(node: &Node, param: &str) -> Vec<(String, Option<String>)> {
        match nodes::param(&node.node_type, param).unwrap().control(node) {
            Control::Choice(choices) => choices.into_iter().map(|one| (one.label, one.disabled)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn reason(node: &Node, param: &str, label: &str) -> Option<String> {
        choices(node, param).into_iter().find(|(one, _)| one == label).unwrap().1
    }

    #[test]
    fn what_another_model_of_the_provider_makes_is_shown_disabled_with_the_reason() {
        let omni = node(NodeType::VEO_VIDEO, "google", "gemini-omni-1.1-flash");
        let lengths = choices(&omni, "seconds");
        assert_eq!(
            lengths.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>().join(","),
            (3..=15).map(|one| format!("{one} s")).collect::<Vec<_>>().join(",")
        );
        assert_eq!(reason(&omni, "seconds", "10 s"), None);
        assert_eq!(reason(&omni, "seconds", "11 s").as_deref(), Some("Gemini Omni 1.1 Flash makes clips of 3 to 10 whole seconds."));
        let fast = node(NodeType::VEO_VIDEO, "google", "veo-3.1-fast-generate-preview");
        assert_eq!(reason(&fast, "resolution", "4k").as_deref(), Some("Veo 3.1 Fast makes 720p, 1080p only."));
        let sora = node(NodeType::SORA_VIDEO, "openai", "sora-2");
        assert_eq!(reason(&sora, "size", "1080x1920 upright").as_deref(), Some("Sora 2 makes 720x1280, 1280x720 only."));
        assert_eq!(choices(&sora, "size")[0], ("720x1280 upright".into(), None), "the default first");
    }

    #[test]
    fn length_and_resolution_hold_each_other_and_neither_is_a_trap() {
        let veo = node(NodeType::VEO_VIDEO, "google", "veo-3.1-generate-preview").with_param("seconds", 4);
        let only = Some("Veo 3.1 makes 1080p in clips of 8 seconds only.");
        assert_eq!(reason(&veo, "resolution", "1080p").as_deref(), only);
        assert_eq!(reason(&veo, "seconds", "8 s"), None);
        let large = veo.with_param("seconds", 8).with_param("resolution", "1080p");
        assert_eq!(reason(&large, "resolution", "1080p"), None);
        assert_eq!(reason(&large, "seconds", "4 s").as_deref(), only);
        assert_eq!(reason(&large, "resolution", "720p"), None);
    }

    #[test]
    fn an_aspect_and_a_resolution_that_name_no_frame_together_are_refused_at_the_resolution() {
        let pro = node(NodeType::VEO_VIDEO, "openai", "sora-2-pro").with_param("aspect", "4:7");
        let rule = "Sora 2 Pro makes 720p in 9:16, 16:9 only.";
        let resolution = nodes::param(&pro.node_type, "resolution").unwrap();
        assert_eq!(resolution.limit_error(&pro, chosen_model(&pro)).as_deref(), Some(rule));
        assert_eq!(reason(&pro, "resolution", "720p").as_deref(), Some(rule));
        assert_eq!(reason(&pro, "resolution", "1024p"), None);
        assert!(choices(&pro, "aspect").iter().all(|(_, disabled)| disabled.is_none()));
    }

    #[test]
    fn seed_and_negative_prompt_say_where_they_have_no_effect() {
        let unused = |node: &Node, name| nodes::param(&node.node_type, name).unwrap().unused(node);
        let omni = node(NodeType::VEO_VIDEO, "google", "gemini-omni-1.2-flash");
        assert_eq!(unused(&omni, "seed").as_deref(), Some("Gemini Omni 1.2 Flash takes no seed."));
        assert!(unused(&omni, "negative_prompt").unwrap().starts_with("Gemini Omni 1.2 Flash takes no negative prompt"));
        assert_eq!(unused(&omni, "take"), None);
        let animatic = node(NodeType::VEO_VIDEO, "animatic", "animatic");
        assert!(unused(&animatic, "seed").is_none() && unused(&animatic, "negative_prompt").is_none());
        let unknown = node(NodeType::VEO_VIDEO, "google", "veo-9");
        assert_eq!(unused(&unknown, "seed"), None);
        assert!(choices(&unknown, "seconds").iter().all(|(_, disabled)| disabled.is_none()));
    }
}
