//! What an entry of the model table must be to stand in it.

use super::{
    model::{Model, Provider},
    size::Size,
};
use crate::domain::Timestamp;

/// The longest clip an entry may promise, in seconds.
const LONGEST_SECONDS: u32 = 3_600;
/// The longest id or title of a model, in bytes.
const NAME_LIMIT: usize = 200;

/// What is wrong with an entry; the message begins with the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The local renderer is part of the program.
    #[error("provider: the animatic is part of the program; give openai, google or xai")]
    Local,
    /// Id or title is empty, too long, or begins or ends with a space.
    #[error("{0}: give 1 to {NAME_LIMIT} characters, without spaces around them")]
    Name(&'static str),
    /// The lengths are none, not rising, or out of bounds.
    #[error("durations: give whole seconds from 1 to {LONGEST_SECONDS}, each once and rising")]
    Durations,
    /// A length that is offered or the default is not made.
    #[error("{field}: the model does not make clips of {seconds} seconds")]
    NotMade {
        /// The field.
        field: &'static str,
        /// The length, in seconds.
        seconds: u32,
    },
    /// No frame follows from sizes, aspects and resolutions.
    #[error("sizes: there is no frame; give sizes such as 720x1280, or aspects such as 9:16 with resolutions such as 720p")]
    NoFrame,
    /// An aspect and a resolution name no frame that can be made.
    #[error("aspects, resolutions: {aspect} in {resolution} is no frame with even sides between 16 and 4096 pixels")]
    Frame {
        /// The aspect.
        aspect: String,
        /// The resolution.
        resolution: String,
    },
    /// A resolution stands where the model has none of that name.
    #[error("{field}: the model makes no {resolution}")]
    Resolution {
        /// The field.
        field: &'static str,
        /// The resolution.
        resolution: String,
    },
    /// A price is negative or no number.
    #[error("usd_per_second: the price of {0} is not a number of US dollars from 0 up")]
    Price(String),
    /// The day of retirement is none.
    #[error("retired_on: give a day as YYYY-MM-DD")]
    Day,
    /// The model stands there twice.
    #[error("model: this one is there twice")]
    Twice,
}

/// An entry that cannot stand in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry} ({model}): {source}")]
pub struct TableError {
    /// Its place, from 1.
    pub entry: usize,
    /// Its model's id.
    pub model: String,
    /// What is wrong with it.
    pub source: ModelError,
}

/// Whether these entries can stand in the table.
///
/// # Errors
/// The first that cannot, and why.
pub fn check_table(models: &[Model]) -> Result<(), TableError> {
    for (place, model) in models.iter().enumerate() {
        let twice = models[..place].iter().any(|other| (other.provider, &other.model) == (model.provider, &model.model));
        let found = if twice { Err(ModelError::Twice) } else { model.check() };
        found.map_err(|source| TableError { entry: place + 1, model: model.model.clone(), source })?;
    }
    Ok(())
}

impl Model {
    fn check(&self) -> Result<(), ModelError> {
        if self.provider == Provider::Animatic {
            return Err(ModelError::Local);
        }
        self.check_values()
    }

    /// What the program relies on, at built-in entries too.
    fn check_values(&self) -> Result<(), ModelError> {
        for (field, text) in [("model", &self.model), ("title", &self.title)] {
            if text.is_empty() || text.len() > NAME_LIMIT || text.trim() != text {
                return Err(ModelError::Name(field));
            }
        }
        self.check_lengths()?;
        self.check_frames()?;
        if let Some((resolution, _)) = self.usd_per_second.iter().find(|(_, usd)| !usd.is_finite() || **usd < 0.0) {
            return Err(ModelError::Price(resolution.clone()));
        }
        match &self.retired_on {
            Some(day) if format!("{day}T00:00:00Z").parse::<Timestamp>().is_err() => Err(ModelError::Day),
            _ => Ok(()),
        }
    }

    fn check_lengths(&self) -> Result<(), ModelError> {
        let rising = self.durations.windows(2).all(|pair| pair[0] < pair[1]);
        let bounds = 1..=LONGEST_SECONDS;
        if self.durations.is_empty() || !rising || !self.durations.iter().chain(&self.longest_seconds).all(|one| bounds.contains(one)) {
            return Err(ModelError::Durations);
        }
        let defaults = [("default_seconds", self.default_seconds)].into_iter();
        let offered = self.durations.iter().map(|seconds| ("durations", *seconds));
        let only = self.only_seconds.values().map(|seconds| ("only_seconds", *seconds));
        let wrong = defaults.chain(offered).chain(only).find(|(_, seconds)| !self.makes_seconds(f64::from(*seconds)));
        wrong.map_or(Ok(()), |(field, seconds)| Err(ModelError::NotMade { field, seconds }))
    }

    fn check_frames(&self) -> Result<(), ModelError> {
        for (resolution, aspect) in self.resolutions.iter().flat_map(|one| self.aspects.iter().map(move |aspect| (one, aspect))) {
            let made = Size::of(aspect, resolution).is_some_and(|size| size.to_string().parse::<Size>().is_ok());
            if !made {
                return Err(ModelError::Frame { aspect: aspect.clone(), resolution: resolution.clone() });
            }
        }
        if self.frames().is_empty() {
            return Err(ModelError::NoFrame);
        }
        let known = self.resolutions();
        let only = self.only_seconds.keys().map(|resolution| ("only_seconds", resolution));
        let mut named = only.chain(self.usd_per_second.keys().map(|resolution| ("usd_per_second", resolution)));
        let wrong = named.find(|(_, resolution)| !known.contains(resolution));
        wrong.map_or(Ok(()), |(field, resolution)| Err(ModelError::Resolution { field, resolution: resolution.clone() }))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::provider::models;

    fn entry(change: Value) -> Model {
        let mut entry = json!({
            "provider": "openai", "model": "house-video-1", "title": "House Video", "durations": [2, 4, 6], "default_seconds": 4,
            "sizes": ["480x832"], "audio": false, "image_input": true, "usd_per_second": {}
        });
        entry.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn the_built_in_entries_pass_the_check_and_make_the_upright_frame_of_short_drama() {
        for model in models() {
            assert_eq!(model.check_values(), Ok(()), "{}", model.model);
            assert!(model.makes_size("720x1280".parse().unwrap()), "{}", model.model);
        }
    }

    #[test]
    fn an_entry_that_cannot_stand_is_named_with_its_field() {
        assert_eq!(check_table(&[entry(json!({}))]), Ok(()));
        for (change, field) in [
            (json!({ "provider": "animatic" }), "provider"),
            (json!({ "model": " x" }), "model"),
            (json!({ "title": "" }), "title"),
            (json!({ "durations": [] }), "durations"),
            (json!({ "durations": [4, 2] }), "durations"),
            (json!({ "durations": [0, 4] }), "durations"),
            (json!({ "default_seconds": 5 }), "default_seconds"),
            (json!({ "durations": [4, 90], "longest_seconds": 60 }), "durations"),
            (json!({ "only_seconds": { "480p": 5 } }), "only_seconds"),
            (json!({ "only_seconds": { "720p": 4 } }), "only_seconds"),
            (json!({ "sizes": [] }), "sizes"),
            (json!({ "sizes": [], "aspects": ["9:16"] }), "sizes"),
            (json!({ "aspects": ["wide"], "resolutions": ["720p"] }), "aspects"),
            (json!({ "aspects": ["21:9"], "resolutions": ["4k"] }), "aspects"),
            (json!({ "usd_per_second": { "720p": 1 } }), "usd_per_second"),
            (json!({ "usd_per_second": { "480p": -1 } }), "usd_per_second"),
            (json!({ "retired_on": "soon" }), "retired_on"),
        ] {
            let error = check_table(&[entry(json!({ "model": "fine" })), entry(change.clone())]).unwrap_err();
            assert!(error.entry == 2 && error.source.to_string().starts_with(field), "{change}: {error}");
        }
        let twice = check_table(&[entry(json!({})), entry(json!({}))]).unwrap_err();
        assert_eq!(twice.to_string(), "entry 2 (house-video-1): model: this one is there twice");
    }
}
