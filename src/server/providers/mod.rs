//! Who makes clips: one trait, one file a provider, and the registry that answers for a provider's name.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{ApiError, ErrorKind, provider::Provider},
    server::{Result, config::Config, media::ffmpeg::Ffmpeg},
};

pub mod animatic;
pub mod api;
mod card;
mod download;
mod endpoint;
mod failures;
mod fault;
mod fields;
mod gemini_omni;
mod gemini_veo;
pub mod google;
pub mod http;
mod lettering;
pub mod openai_videos;
mod palette;
mod redact;
#[cfg(test)]
mod sample_answers;
mod wait;
pub mod xai;

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
    /// Makes the clip and writes it to `output`, an MP4 file; an existing file is overwritten.
    ///
    /// `on_progress` gets the share done, 0 to 1 and never falling, and a few words for the user. After an error whatever stands at
    /// `output` is no clip.
    ///
    /// # Errors
    /// [`crate::server::Error::Cancelled`] once `cancel` is cancelled; an [`ApiError`] where the request is at fault; else what went wrong.
    async fn generate(
        &self,
        request: &GenerateRequest,
        output: &Path,
        on_progress: &(dyn Fn(f64, &str) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Generated>;
}

/// The providers of this server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Providers {
    animatic: Arc<Animatic>,
    /// The paid providers whose key is set.
    with_key: Arc<[Provider]>,
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
        Self { animatic: Arc::new(Animatic::new(ffmpeg)), with_key: Provider::ALL.into_iter().filter(has_key).collect() }
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
}
