//! Who makes clips: providers, their models, what each model can do and what it costs. The values are in `models.json`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::timestamp::Timestamp;

mod table;

pub use table::{InUse, ModelError, TableError, check_table, extend, extension, models};

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

    /// The model used when none is chosen: the provider's first in the table.
    #[must_use]
    pub fn default_model(self) -> Option<&'static Model> {
        self.models().next()
    }

    /// The provider's models, in the order of the table.
    pub fn models(self) -> impl Iterator<Item = &'static Model> {
        models().iter().filter(move |model| model.provider == self)
    }
}

/// The size of a frame in pixels; its text is `720x1280`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// The texts that [`Size`] reads, as a regular expression for those who cannot call it: both sides even, and between 16 and 4096.
pub const SIZE_PATTERN: &str = "(?:1[68]|[2-9][02468]|[1-9][0-9][02468]|[1-3][0-9]{2}[02468]|40[0-8][02468]|409[0246])\
                                x(?:1[68]|[2-9][02468]|[1-9][0-9][02468]|[1-3][0-9]{2}[02468]|40[0-8][02468]|409[0246])";

/// A text is not the size of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a size is WIDTHxHEIGHT in pixels, both even and between 16 and 4096, such as 720x1280")]
pub struct SizeError;

/// The two numbers in the name of an aspect add up to at most this: `21:9`.
const MOST_TERMS: u32 = 30;

impl Size {
    /// The shorter side.
    #[must_use]
    pub fn short_side(self) -> u32 {
        self.width.min(self.height)
    }

    /// The name of the resolution, after the shorter side: `720p`, `4k`.
    #[must_use]
    pub fn resolution(self) -> String {
        if self.short_side() == 2160 { "4k".into() } else { format!("{}p", self.short_side()) }
    }

    /// Width to height in the fewest terms that give this frame, such as `9:16` also for 480x854, whose sides are rounded; else in lowest terms.
    #[must_use]
    pub fn aspect(self) -> String {
        let mut named = (2..=MOST_TERMS).flat_map(|sum| (1..sum).map(move |across| (across, sum - across)));
        if let Some((across, down)) = named.find(|(across, down)| Self::in_shape(*across, *down, self.short_side()) == self) {
            return format!("{across}:{down}");
        }
        let (mut a, mut b) = (self.width, self.height);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        format!("{}:{}", self.width / a.max(1), self.height / a.max(1))
    }

    /// The frame of an aspect such as `9:16` in a resolution such as `720p` or `4k`; sides are rounded to even numbers.
    #[must_use]
    pub fn of(aspect: &str, resolution: &str) -> Option<Self> {
        let short: u32 = if resolution == "4k" { 2160 } else { resolution.strip_suffix('p')?.parse().ok()? };
        let (across, down) = aspect.split_once(':')?;
        let (across, down): (u32, u32) = (across.parse().ok()?, down.parse().ok()?);
        if across.min(down) == 0 || across.max(down) > 100 || !(16..=2160).contains(&short) {
            return None;
        }
        Some(Self::in_shape(across, down, short))
    }

    /// The frame of this shape whose shorter side is `short`; the other is rounded to an even number.
    fn in_shape(across: u32, down: u32, short: u32) -> Self {
        let long = (f64::from(short) * f64::from(across.max(down)) / f64::from(across.min(down)) / 2.0).round() as u32 * 2;
        if across < down { Self { width: short, height: long } } else { Self { width: long, height: short } }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = SizeError;
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=4096).contains(side) && side % 2 == 0);
        let (width, height) = text.split_once('x').ok_or(SizeError)?;
        Ok(Self { width: side(width).ok_or(SizeError)?, height: side(height).ok_or(SizeError)? })
    }
}

impl TryFrom<String> for Size {
    type Error = SizeError;
    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> String {
        size.to_string()
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
    fn a_size_is_even_and_bounded() {
        assert_eq!("720x1280".parse::<Size>().unwrap().to_string(), "720x1280");
        for wrong in ["", "720", "720x", "721x1280", "0x0", "720x99999", "720X1280", " 720x1280", "-720x1280"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn aspect_and_resolution_name_a_frame() {
        let frame = |aspect, resolution| Size::of(aspect, resolution).map(|size| size.to_string());
        assert_eq!(frame("9:16", "720p").as_deref(), Some("720x1280"));
        assert_eq!(frame("16:9", "4k").as_deref(), Some("3840x2160"));
        assert_eq!(frame("16:9", "480p").as_deref(), Some("854x480"));
        assert_eq!(frame("1:1", "720p").as_deref(), Some("720x720"));
        for (aspect, resolution) in [("0:1", "720p"), ("9:16", "720"), ("wide", "720p"), ("9:16", "99999p")] {
            assert_eq!(frame(aspect, resolution), None, "{aspect} {resolution}");
        }
        assert_eq!(Size { width: 720, height: 1280 }.aspect(), "9:16");
        assert_eq!(Size { width: 1366, height: 768 }.aspect(), "16:9", "rounded sides keep the name of their shape");
        assert_eq!(Size { width: 1078, height: 720 }.aspect(), "539:360", "what has no name is told as it is");
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
}
