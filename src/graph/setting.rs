//! What is set at one node: the value of a parameter, its default there, and what provider, model, frame and length follow from them.

use serde_json::{Map, Value};

use super::{
    document::model::Node,
    nodes,
    param::{Param, ParamKind, Preset},
    spec::NodeSpec,
};
use crate::domain::{
    provider::{self, Model, Provider, Size},
    workflow::BuilderSettings,
};

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
    preset_provider(set(node, ParamKind::Provider)?.0)
}

fn preset_provider(param: &Param) -> Option<Provider> {
    match param.preset {
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

/// The parameters with which a new generating node begins: of the first provider, its type's own before the others, that has what it needs and a
/// model that is alive; else of the first with a living model. They stand in the node from then on, so that what is offered tomorrow changes
/// nothing that is there today. Empty for a node that calls no provider.
#[must_use]
pub fn living_default(spec: &NodeSpec, settings: &BuilderSettings) -> Map<String, Value> {
    let Some(own) = spec.param_of(ParamKind::Provider).and_then(preset_provider) else { return Map::new() };
    let others = Provider::ALL.into_iter().filter(|provider| *provider != own);
    let first_alive = |provider: Provider| provider.models().find(|model| !settings.is_retired(model));
    let alive: Vec<&Model> = std::iter::once(own).chain(others).filter_map(first_alive).collect();
    // The rehearsal on this machine needs nothing, and is what nobody means who adds a shot.
    let is_paid = |model: &&&Model| model.provider.setting().is_some();
    let chosen = alive.iter().filter(is_paid).find(|model| settings.missing_setting(model.provider).is_none()).or_else(|| alive.first());
    let Some(model) = chosen else { return Map::new() };
    let given = [(ParamKind::Provider, model.provider.name()), (ParamKind::Model, model.model.as_str())];
    given.into_iter().filter_map(|(kind, value)| Some((spec.param_of(kind)?.name.to_owned(), value.into()))).collect()
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

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::provider::RetiredModel,
        graph::{NodeType, Position},
    };

    fn node(node_type: NodeType) -> Node {
        Node::new("n".parse().unwrap(), node_type, Position::default())
    }

    fn spec(node_type: &NodeType) -> &'static NodeSpec {
        nodes::spec(node_type).unwrap()
    }

    /// What a server says that has keys for these providers, and for which these models are retired.
    fn settings(keys: &[Provider], retired: impl Fn(&Model) -> bool) -> BuilderSettings {
        let lacking = Provider::ALL.into_iter().filter(|provider| !keys.contains(provider));
        let stopped = provider::models().iter().filter(|model| retired(model));
        BuilderSettings {
            missing_settings: lacking.filter_map(|one| Some((one.name().to_owned(), one.setting()?.to_owned()))).collect(),
            retired_models: stopped
                .map(|model| RetiredModel { provider: model.provider, model: model.model.clone(), retired_on: "2026-09-24".into() })
                .collect(),
        }
    }

    #[test]
    fn a_new_shot_takes_who_is_alive_and_has_a_key_and_else_who_is_alive() {
        use Provider::{Google, OpenAi, Xai};
        let chosen = |node_type: NodeType, stopped: &[Provider], keys: &[Provider]| {
            let made = living_default(spec(&node_type), &settings(keys, |model| stopped.contains(&model.provider)));
            made["provider"].as_str().unwrap().to_owned()
        };
        let sora = |stopped: &[Provider], keys: &[Provider]| chosen(NodeType::SORA_VIDEO, stopped, keys);
        assert_eq!(sora(&[], &[OpenAi, Google]), "openai", "its type's own");
        assert_eq!(sora(&[], &[Xai]), "xai", "it has the key");
        assert_eq!(sora(&[OpenAi], &[]), "google");
        assert_eq!(sora(&[OpenAi], &[OpenAi, Xai]), "xai", "a key for what is stopped is of no use");
        assert_eq!(sora(&[OpenAi, Google, Xai], &[]), "animatic");
        assert_eq!(chosen(NodeType::VEO_VIDEO, &[], &[OpenAi, Google]), "google");
        assert_eq!(living_default(spec(&NodeType::PROMPT), &settings(&[], |_| false)), Map::new());
    }

    #[test]
    fn a_stopped_model_is_passed_over_for_a_living_one_of_the_same_provider() {
        let first = Provider::Google.models().next().unwrap();
        let settings = settings(&[Provider::Google], |model| model == first);
        let made = living_default(spec(&NodeType::VEO_VIDEO), &settings);
        let model = provider::model(Provider::Google, made["model"].as_str().unwrap()).unwrap();
        assert!(made["provider"] == "google" && !settings.is_retired(model));
    }

    #[test]
    fn what_a_stored_node_without_them_means_never_changes() {
        let named = |provider: &str| chosen_model(&node(NodeType::SORA_VIDEO).with_param("provider", provider)).unwrap().model.as_str();
        assert_eq!(chosen_model(&node(NodeType::SORA_VIDEO)).unwrap().model, "sora-2");
        assert_eq!(chosen_model(&node(NodeType::VEO_VIDEO)).unwrap().model, "gemini-omni-1.2-flash");
        assert_eq!(
            ["openai", "google", "xai", "animatic"].map(named),
            ["sora-2", "gemini-omni-1.2-flash", "grok-imagine-video-1.5", "animatic"]
        );
    }
}
