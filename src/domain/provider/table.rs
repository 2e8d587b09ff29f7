//! The model table: the entries of `models.json`, and those that a server's owner adds.

use std::sync::OnceLock;

use super::model::{Model, Provider};

/// The table was read before it was to be extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model table is in use and can no longer be extended")]
pub struct InUse;

struct Table {
    models: Vec<Model>,
    added: Vec<Model>,
}

impl Table {
    fn with(added: Vec<Model>) -> Self {
        let mut models = built_in();
        for model in &added {
            match models.iter_mut().find(|known| known.provider == model.provider && known.model == model.model) {
                // In its place: the first model of a provider stays the default.
                Some(known) => *known = model.clone(),
                None => models.push(model.clone()),
            }
        }
        Self { models, added }
    }
}

static TABLE: OnceLock<Table> = OnceLock::new();

fn table() -> &'static Table {
    TABLE.get_or_init(|| Table::with(Vec::new()))
}

fn built_in() -> Vec<Model> {
    // The table is part of the program and a test reads it, so it parses.
    #[expect(clippy::unwrap_used)]
    serde_json::from_str(include_str!("../models.json")).unwrap()
}

/// Every model: those of `models.json`, and those that were added.
#[must_use]
pub fn models() -> &'static [Model] {
    &table().models
}

/// The models that were added to those of `models.json`, or stand in place of one.
#[must_use]
pub fn extension() -> &'static [Model] {
    &table().added
}

/// Adds models for the life of this process; one with the provider and id of another takes its place entirely. Call it before anything
/// reads the table, with entries that passed [`check_table`](super::check_table).
///
/// # Errors
/// [`InUse`] where the table was read before; nothing was added then.
pub fn extend(added: Vec<Model>) -> Result<(), InUse> {
    TABLE.set(Table::with(added)).map_err(|_| InUse)
}

impl Provider {
    /// The model that a stored node means which names none: what its clips were made with must not change with the table. A new node names
    /// its model, see `graph::setting::living_default`.
    #[must_use]
    pub fn default_model(self) -> Option<&'static Model> {
        let name = match self {
            Self::OpenAi => "sora-2",
            Self::Google => "gemini-omni-1.2-flash",
            Self::Xai => "grok-imagine-video-1.5",
            Self::Animatic => "animatic",
        };
        model(self, name)
    }

    /// The provider's models, in the order of the table.
    pub fn models(self) -> impl Iterator<Item = &'static Model> {
        models().iter().filter(move |model| model.provider == self)
    }
}

/// The model of that id at that provider.
#[must_use]
pub fn model(provider: Provider, model: &str) -> Option<&'static Model> {
    provider.models().find(|entry| entry.model == model)
}

/// The local renderer's entry in the table: what stands in for every model in a draft.
#[must_use]
pub fn animatic() -> &'static Model {
    // A test holds the table to an entry for every provider.
    #[expect(clippy::expect_used)]
    Provider::Animatic.default_model().expect("the table has an animatic")
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, provider::size::Size};

    #[test]
    fn every_provider_has_a_model() {
        for provider in Provider::ALL {
            assert!(provider.default_model().is_some(), "{provider:?}");
            assert_eq!(Provider::from_name(provider.name()), Some(provider));
        }
    }

    #[test]
    fn a_model_is_retired_from_its_day_on() {
        let sora = model(Provider::OpenAi, "sora-2").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!sora.retired(at("2026-09-23T23:59:59.999999Z")));
        assert!(sora.retired(at("2026-09-24T00:00:00Z")) && sora.retired(at("2027-01-01T00:00:00Z")));
        assert_eq!(sora.retirement().as_deref(), Some("Sora 2 was retired on 24 September 2026."));
        assert!(!animatic().retired(at("2099-01-01T00:00:00Z")) && animatic().retirement().is_none());
    }

    #[test]
    fn a_frame_keeps_the_names_it_is_chosen_by() {
        for model in Provider::ALL.into_iter().flat_map(Provider::models) {
            for (aspect, resolution) in model.aspects.iter().flat_map(|one| model.resolutions.iter().map(move |other| (one, other))) {
                let frame = Size::of(aspect, resolution).unwrap();
                assert_eq!((frame.aspect(), frame.resolution()), (aspect.clone(), resolution.clone()), "{} in {frame}", model.title);
            }
        }
    }

    #[test]
    fn a_price_is_known_or_said_to_be_unknown() {
        let upright = Size { width: 720, height: 1280 };
        assert_eq!(model(Provider::OpenAi, "sora-2").unwrap().usd_micros(8.0, upright), Some(800_000));
        assert_eq!(animatic().usd_micros(8.0, upright), Some(0));
        assert_eq!(model(Provider::Xai, "grok-imagine-video-1.5").unwrap().usd_micros(8.0, upright), None);
    }

    #[test]
    fn an_added_entry_takes_the_place_of_the_one_it_names_and_leaves_the_defaults() {
        let before = built_in();
        let house = Model { model: "house-video-1".into(), ..before[0].clone() };
        let sora = Model { title: "Our Sora".into(), ..before[0].clone() };
        assert_eq!(sora.model, "sora-2");
        let table = Table::with(vec![house, sora]);
        assert_eq!(table.models.len(), before.len() + 1);
        assert_eq!(table.models[0].title, "Our Sora");
        assert_eq!(table.models.last().unwrap().model, "house-video-1");
        let travelled: Vec<Model> = serde_json::from_str(&serde_json::to_string(&table.added).unwrap()).unwrap();
        assert_eq!(travelled, table.added, "the browser gets what the server has");
    }
}
