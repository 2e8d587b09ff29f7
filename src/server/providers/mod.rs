//! Who makes clips: one trait, one file a provider, and the registry that answers for a provider's name.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ApiError, ErrorKind, Timestamp,
        provider::{self, Model, Provider, RetiredModel},
    },
    server::{Result, config::Config, media::ffmpeg::Ffmpeg},
};

pub mod animatic;
pub mod api;
mod card;
mod lettering;
mod palette;
mod remote;

pub use animatic::Animatic;

/// What a clip is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The provider that does the work: in a draft `animatic`, whatever the node names.
    pub provider: String,
    /// The provider's model; empty where it has none.
    pub model: String,
    /// What is to be seen.
    pub prompt: String,
    /// Length in seconds, above 0.
    pub seconds: f64,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The seed, where the user fixed one.
    pub seed: Option<i64>,
    /// Which take of the same request this is, from 1.
    pub take: i64,
    /// Everything else the node carries, as JSON.
    pub params: Value,
    /// The picture it begins with, in the frame's own size.
    pub first_frame: Option<Picture>,
    /// The picture it ends with, in the frame's own size.
    pub last_frame: Option<Picture>,
}

/// A still picture on its way to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: bytes::Bytes,
}

/// What is known of a clip once it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Who made it: the name of the provider that did the work.
    pub provider: String,
    /// The model that made it.
    pub model: String,
    /// Seconds, size, seed and so on, as they were used.
    pub generation_params: Value,
    /// The provider's own name for the job.
    pub provider_job_id: Option<String>,
}

/// Makes clips.
#[async_trait]
pub trait VideoProvider: std::fmt::Debug + Send + Sync {
    /// Makes the clip and writes it to `output`; an existing file is overwritten. After an error whatever stands there is no clip.
    ///
    /// # Errors
    /// [`crate::server::Error::Cancelled`] once the attempt is cancelled; an [`ApiError`] where the request is at fault;
    /// [`crate::server::Error::Provider`] with what it means for the job; else what went wrong.
    async fn generate(&self, request: &GenerateRequest, output: &Path, attempt: Attempt<'_>) -> Result<Generated>;

    /// Tells the provider that a job of its is no longer wanted. `false`: there is no way to.
    ///
    /// # Errors
    /// [`crate::server::Error::Provider`] where it could not be told.
    async fn withdraw(&self, provider_job_id: &str) -> Result<bool>;
}

/// One attempt at a clip: where its request stands, whom to tell, and whether it is still wanted.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// Where each step of a paid request is written down before the next is taken.
    pub ledger: &'a dyn Ledger,
    /// Gets the share done, 0 to 1 and never falling, and a few words for the user.
    pub on_progress: &'a (dyn Fn(f64, &str) + Send + Sync),
    /// Cancelled when the clip is no longer wanted, or the server stops.
    pub cancel: &'a CancellationToken,
}

/// How far an earlier attempt got with the request.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Nothing has been sent.
    Intended,
    /// It was sent at this moment, or was about to be, and no answer is known.
    Sent(Timestamp),
    /// The provider has this job for it.
    Accepted(String),
}

/// The ledger, as a provider writes into it. Each call has committed when it returns.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// How far the request got before this attempt.
    fn stage(&self) -> Stage;

    /// The request leaves now.
    ///
    /// # Errors
    /// Where it may not: a cap would be passed, or the job is another worker's by now.
    async fn sending(&self) -> Result<()>;

    /// The provider took nothing. `again`: the same request may be sent once more.
    ///
    /// # Errors
    /// The database's.
    async fn not_taken(&self, answer: Option<&str>, again: bool) -> Result<()>;

    /// The provider has a job for it.
    ///
    /// # Errors
    /// The database's.
    async fn accepted(&self, provider_job_id: &str, answer: &str) -> Result<()>;

    /// Whether a job of the provider belongs to another request already.
    ///
    /// # Errors
    /// The database's.
    async fn is_taken(&self, provider_job_id: &str) -> Result<bool>;

    /// The provider told its price, in millionths of a US dollar.
    ///
    /// # Errors
    /// The database's.
    async fn priced(&self, usd_micros: i64) -> Result<()>;

    /// An answer that support may want to see, every secret removed.
    ///
    /// # Errors
    /// The database's.
    async fn answered(&self, answer: &str) -> Result<()>;
}

/// The ledger of a clip that nobody is paid for.
#[derive(Debug, Clone, Copy)]
pub struct Free;

#[async_trait]
impl Ledger for Free {
    fn stage(&self) -> Stage {
        Stage::Intended
    }

    async fn sending(&self) -> Result<()> {
        Ok(())
    }

    async fn not_taken(&self, _: Option<&str>, _: bool) -> Result<()> {
        Ok(())
    }

    async fn accepted(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }

    async fn is_taken(&self, _: &str) -> Result<bool> {
        Ok(false)
    }

    async fn priced(&self, _: i64) -> Result<()> {
        Ok(())
    }

    async fn answered(&self, _: &str) -> Result<()> {
        Ok(())
    }
}

/// The providers of this server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Providers {
    animatic: Arc<Animatic>,
    /// The paid providers whose key is set.
    with_key: Arc<[Provider]>,
    /// The paid providers whose requests go to the host of the provider's own API.
    at_vendor: Arc<[Provider]>,
}

impl Providers {
    /// The providers that `config` allows.
    #[must_use]
    pub fn new(config: &Config, ffmpeg: Ffmpeg) -> Self {
        let has_key = |provider: &Provider| match provider {
            Provider::OpenAi => config.openai_api_key.is_some(),
            Provider::Google => config.gemini_api_key.is_some(),
            Provider::Xai => config.xai_api_key.is_some(),
            Provider::Animatic => false,
        };
        let is_at_vendor = |provider: &Provider| {
            let base_url = match provider {
                Provider::OpenAi => &config.openai_base_url,
                Provider::Google => &config.gemini_base_url,
                Provider::Xai => &config.xai_base_url,
                Provider::Animatic => return false,
            };
            let host = base_url.parse::<axum::http::Uri>().ok().and_then(|uri| Some(uri.host()?.to_ascii_lowercase()));
            host.is_some() && host.as_deref() == provider.vendor_host()
        };
        Self {
            animatic: Arc::new(Animatic::new(ffmpeg)),
            with_key: Provider::ALL.into_iter().filter(has_key).collect(),
            at_vendor: Provider::ALL.into_iter().filter(is_at_vendor).collect(),
        }
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// [`ErrorKind::MissingSetting`] naming the variable where its key is not set, [`ErrorKind::Unavailable`] where this version cannot
    /// call it, [`ErrorKind::Invalid`] where there is no such provider.
    pub fn get(&self, name: &str) -> Result<Arc<dyn VideoProvider>, ApiError> {
        let Some(provider) = Provider::from_name(name) else {
            let names = Provider::ALL.map(Provider::name).join(", ");
            return Err(ApiError::invalid("/provider", format!("There is no provider {name:?}; take one of {names}.")));
        };
        let Some(variable) = provider.setting() else { return Ok(self.animatic.clone()) };
        let title = provider.title();
        Err(match self.with_key.contains(&provider) {
            false => ApiError::new(
                ErrorKind::MissingSetting,
                format!("{title} needs the setting {variable}. Set it and restart the server, or run in draft mode, which needs no key."),
            ),
            true => ApiError::new(
                ErrorKind::Unavailable,
                format!("This version cannot call {title} yet. Run in draft mode, or take the provider animatic."),
            ),
        })
    }

    /// Whether requests for a model would go to a provider that has stopped it by `today`. Another server that speaks the same API may
    /// still have it.
    #[must_use]
    pub fn is_retired(&self, model: &Model, today: Timestamp) -> bool {
        model.retired(today) && self.at_vendor.contains(&model.provider)
    }

    /// Every model that [`Self::is_retired`].
    #[must_use]
    pub fn retired(&self, today: Timestamp) -> Vec<RetiredModel> {
        let retired = provider::models().iter().filter(|model| self.is_retired(model, today));
        let entry = |model: &Model| {
            Some(RetiredModel { provider: model.provider, model: model.model.clone(), retired_on: model.retired_on.clone()? })
        };
        retired.filter_map(entry).collect()
    }

    /// Each provider that lacks its setting, with the variable that is missing.
    #[must_use]
    pub fn missing_settings(&self) -> Vec<(&'static str, &'static str)> {
        let lacking = Provider::ALL.into_iter().filter(|provider| !self.with_key.contains(provider));
        lacking.filter_map(|provider| Some((provider.name(), provider.setting()?))).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::server::config::Cli;

    fn providers(arguments: &[&str]) -> Providers {
        let cli = Cli::try_parse_from(["reelgraph"].iter().chain(arguments)).unwrap();
        Providers::new(&cli.settings.try_into().unwrap(), Ffmpeg::locate())
    }

    #[test]
    fn a_provider_without_its_key_names_the_setting() {
        // An empty value stands for none, whatever the environment holds.
        let providers = providers(&["--openai-api-key", "", "--gemini-api-key", "", "--xai-api-key", ""]);
        for (name, variable) in [("openai", "OPENAI_API_KEY"), ("google", "GEMINI_API_KEY"), ("xai", "XAI_API_KEY")] {
            let error = providers.get(name).unwrap_err();
            assert!(error.kind == ErrorKind::MissingSetting && error.message.contains(variable), "{error:?}");
        }
        assert!(providers.get("animatic").is_ok());
        assert_eq!(providers.get("sora").unwrap_err().kind, ErrorKind::Invalid);
    }

    #[test]
    fn a_provider_with_its_key_says_what_this_version_cannot_do() {
        let providers = providers(&["--openai-api-key", "k", "--gemini-api-key", "k", "--xai-api-key", ""]);
        for name in ["openai", "google"] {
            assert_eq!(providers.get(name).unwrap_err().kind, ErrorKind::Unavailable);
        }
        assert_eq!(providers.get("xai").unwrap_err().kind, ErrorKind::MissingSetting);
        assert_eq!(providers.missing_settings(), [("xai", "XAI_API_KEY")]);
    }

    #[test]
    fn a_model_is_retired_at_its_providers_own_host_only() {
        let today: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
        let at = |openai: &str| {
            let given = providers(&["--openai-base-url", openai, "--gemini-base-url", "https://generativelanguage.googleapis.com"]);
            given.retired(today).into_iter().map(|retired| retired.model).collect::<Vec<_>>()
        };
        assert_eq!(at("https://API.openai.com/v1/"), ["sora-2", "sora-2-pro"], "Veo lives until 22 October");
        assert!(at("http://127.0.0.1:8000/v1").is_empty());
        assert!(at("https://api.openai.com.example/v1").is_empty());
    }
}
