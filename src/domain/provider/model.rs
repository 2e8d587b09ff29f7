//! Who makes clips, and what each model can do and what it costs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::size::Size;
use crate::domain::Timestamp;

/// The version of the local renderer. Raised whenever the same request gives other bytes, so that older animatics no longer stand for new ones.
pub const ANIMATIC_VERSION: u32 = 1;

/// The shortest clip that is made where any length can be, in seconds.
pub const SHORTEST_SECONDS: f64 = 0.1;

/// Who makes a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Any server that speaks OpenAI's `/v1/videos`.
    #[serde(rename = "openai")]
    OpenAi,
    /// Google's Gemini API.
    Google,
    /// xAI.
    Xai,
    /// This machine, with ffmpeg: a rehearsal, free and without keys.
    Animatic,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Google, Self::Xai, Self::Animatic];

    /// The name, as it stands in definitions and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Google => "google",
            Self::Xai => "xai",
            Self::Animatic => "animatic",
        }
    }

    /// The name people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::Google => "Google",
            Self::Xai => "xAI",
            Self::Animatic => "Animatic (this machine)",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }

    /// The environment variable without which it cannot be called; `None` where none is needed.
    #[must_use]
    pub fn setting(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("OPENAI_API_KEY"),
            Self::Google => Some("GEMINI_API_KEY"),
            Self::Xai => Some("XAI_API_KEY"),
            Self::Animatic => None,
        }
    }

    /// The host of the provider's own API; `None` for this machine. A model that the provider has stopped may live on at other hosts.
    #[must_use]
    pub fn vendor_host(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("api.openai.com"),
            Self::Google => Some("generativelanguage.googleapis.com"),
            Self::Xai => Some("api.x.ai"),
            Self::Animatic => None,
        }
    }
}

/// What some models can do, and others cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Takes a picture to begin with.
    FirstFrame,
    /// Takes a picture to end with.
    LastFrame,
    /// Takes words for what is not to be seen.
    NegativePrompt,
    /// Takes a seed.
    Seed,
}

impl Ability {
    /// What is taken, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FirstFrame => "first frame",
            Self::LastFrame => "last frame",
            Self::NegativePrompt => "negative prompt; say it in the prompt",
            Self::Seed => "seed",
        }
    }
}

/// What a model can do and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Who offers it.
    pub provider: Provider,
    /// Its id at the provider.
    pub model: String,
    /// The name people know it by.
    pub title: String,
    /// The lengths it makes, or offers where it takes any, in seconds.
    pub durations: Vec<u32>,
    /// The length when none is chosen, in seconds.
    pub default_seconds: u32,
    /// If set, any length from a tenth of a second up to this is made, in seconds.
    #[serde(default)]
    pub longest_seconds: Option<u32>,
    /// Resolutions that are made in one length only, in seconds.
    #[serde(default)]
    pub only_seconds: BTreeMap<String, u32>,
    /// The frames it makes, where they are a list.
    #[serde(default)]
    pub sizes: Vec<Size>,
    /// The aspects it makes, each in every resolution; the first is the default.
    #[serde(default)]
    pub aspects: Vec<String>,
    /// The resolutions it makes; the first is the default.
    #[serde(default)]
    pub resolutions: Vec<String>,
    /// Whether it makes frames of any size.
    #[serde(default)]
    pub any_size: bool,
    /// Whether its clips have sound.
    pub audio: bool,
    /// Whether it takes a picture to begin from.
    pub image_input: bool,
    /// Whether it takes a picture to end with.
    #[serde(default)]
    pub last_frame: bool,
    /// Whether it takes words for what is not to be seen.
    #[serde(default)]
    pub negative_prompt: bool,
    /// Whether it takes a seed.
    #[serde(default)]
    pub seed: bool,
    /// Price of a second by resolution, in US dollars; a resolution that is absent has no known price.
    pub usd_per_second: BTreeMap<String, f64>,
    /// The day the provider stopped it, as `YYYY-MM-DD`. Other servers that speak the same API may still have it.
    #[serde(default)]
    pub retired_on: Option<String>,
}

impl Model {
    /// Whether it can do that.
    #[must_use]
    pub fn can(&self, ability: Ability) -> bool {
        match ability {
            Ability::FirstFrame => self.image_input,
            Ability::LastFrame => self.last_frame,
            Ability::NegativePrompt => self.negative_prompt,
            Ability::Seed => self.seed,
        }
    }

    /// `Grok Imagine takes no last frame`, where it cannot do that.
    #[must_use]
    pub fn takes_no(&self, ability: Ability) -> Option<String> {
        (!self.can(ability)).then(|| format!("{} takes no {}", self.title, ability.words()))
    }

    /// Every frame it offers, the default first.
    #[must_use]
    pub fn frames(&self) -> Vec<Size> {
        let made = self.resolutions.iter().flat_map(|resolution| self.aspects.iter().filter_map(|aspect| Size::of(aspect, resolution)));
        self.sizes.iter().copied().chain(made).collect()
    }

    /// Every aspect it offers, the default first.
    #[must_use]
    pub fn aspects(&self) -> Vec<String> {
        distinct(self.sizes.iter().map(|size| size.aspect()).chain(self.aspects.iter().cloned()))
    }

    /// Every resolution it offers, the default first.
    #[must_use]
    pub fn resolutions(&self) -> Vec<String> {
        distinct(self.sizes.iter().map(|size| size.resolution()).chain(self.resolutions.iter().cloned()))
    }

    /// Whether it makes a frame of that size.
    #[must_use]
    pub fn makes_size(&self, size: Size) -> bool {
        self.any_size || self.frames().contains(&size)
    }

    /// Whether it makes a clip of that length.
    #[must_use]
    pub fn makes_seconds(&self, seconds: f64) -> bool {
        match self.longest_seconds {
            Some(longest) => (SHORTEST_SECONDS..=f64::from(longest)).contains(&seconds),
            None => self.durations.iter().any(|duration| f64::from(*duration) == seconds),
        }
    }

    /// The estimated price of a clip in millionths of a US dollar, or `None` where it is not known.
    #[must_use]
    pub fn usd_micros(&self, seconds: f64, size: Size) -> Option<i64> {
        self.usd_per_second.get(&size.resolution()).map(|usd| (usd * seconds * 1e6).round() as i64)
    }

    /// Whether the provider has stopped it by `today`: from the first minute (UTC) of the day on.
    #[must_use]
    pub fn retired(&self, today: Timestamp) -> bool {
        // Both begin with the year, so the order of the texts is that of the days.
        self.retired_on.as_ref().is_some_and(|day| *day <= today.to_string())
    }

    /// `Sora 2 was retired on 24 September 2026.`; `None` for a model without such a day.
    #[must_use]
    pub fn retirement(&self) -> Option<String> {
        let day = format!("{}T00:00:00Z", self.retired_on.as_ref()?).parse::<Timestamp>().ok()?.date_time();
        Some(format!("{} was retired on {} {} {}.", self.title, day.day(), day.month(), day.year()))
    }
}

/// A model that its provider has stopped, as far as this server is concerned: one whose requests go to the provider's own host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredModel {
    /// Who offered it.
    pub provider: Provider,
    /// Its id at the provider.
    pub model: String,
    /// The day the provider stopped it, as `YYYY-MM-DD`.
    pub retired_on: String,
}

fn distinct(items: impl Iterator<Item = String>) -> Vec<String> {
    items.fold(Vec::new(), |mut seen, item| {
        if !seen.contains(&item) {
            seen.push(item);
        }
        seen
    })
}
