//! Who makes clips: one trait, one file a provider, and the registry that answers for a provider's name.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{ApiError, ErrorKind},
    server::{Result, config::Config, media::ffmpeg::Ffmpeg},
};

pub mod animatic;
mod card;
mod lettering;
mod palette;

pub use animatic::Animatic;

/// The local provider's name: needs no key and no network, and stands in for the others in a draft.
pub const ANIMATIC: &str = "animatic";

/// Providers that are paid for, each with the variable that carries its key.
const PAID: [(&str, &str); 3] = [("openai", "OPENAI_API_KEY"), ("google", "GEMINI_API_KEY"), ("xai", "XAI_API_KEY")];

/// What a clip is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The provider the node names. In a draft the animatic renders it and shows this name.
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
    /// Names of the paid providers whose key is set.
    with_key: Arc<[&'static str]>,
}

impl Providers {
    /// The providers that `config` allows.
    #[must_use]
    pub fn new(config: &Config, ffmpeg: Ffmpeg) -> Self {
        let keys = [&config.openai_api_key, &config.gemini_api_key, &config.xai_api_key];
        let with_key = PAID.iter().zip(keys).filter(|(_, key)| key.is_some()).map(|((name, _), _)| *name).collect();
        Self { animatic: Arc::new(Animatic::new(ffmpeg)), with_key }
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// [`ErrorKind::MissingSetting`] naming the variable where its key is not set, [`ErrorKind::Unavailable`] where this version cannot
    /// call it, [`ErrorKind::Invalid`] where there is no such provider.
    pub fn get(&self, name: &str) -> Result<Arc<dyn VideoProvider>, ApiError> {
        if name == ANIMATIC {
            return Ok(self.animatic.clone());
        }
        let Some((name, variable)) = PAID.into_iter().find(|(paid, _)| *paid == name) else {
            return Err(ApiError::invalid("/provider", format!("There is no provider {name:?}; take openai, google, xai or animatic.")));
        };
        if self.with_key.contains(&name) {
            let message =
                format!("This version renders drafts only and cannot call {name} yet. Run in draft mode, or take the provider animatic.");
            return Err(ApiError::new(ErrorKind::Unavailable, message));
        }
        let message =
            format!("{name} needs the setting {variable}. Set it and restart the server, or run in draft mode, which needs no key.");
        Err(ApiError::new(ErrorKind::MissingSetting, message))
    }

    /// Each provider that lacks its setting, with the variable that is missing.
    #[must_use]
    pub fn missing_settings(&self) -> Vec<(&'static str, &'static str)> {
        PAID.into_iter().filter(|(name, _)| !self.with_key.contains(name)).collect()
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
        assert_eq!(providers.missing_settings(), PAID);
        for (name, variable) in PAID {
            let error = providers.get(name).unwrap_err();
            assert!(error.kind == ErrorKind::MissingSetting && error.message.contains(variable), "{error:?}");
        }
        assert!(providers.get(ANIMATIC).is_ok());
        assert_eq!(providers.get("sora").unwrap_err().kind, ErrorKind::Invalid);
    }

    #[test]
    fn a_provider_with_its_key_says_what_this_version_cannot_do() {
        let providers = providers(&["--openai-api-key", "k", "--gemini-api-key", "k", "--xai-api-key", ""]);
        assert_eq!(providers.missing_settings(), [("xai", "XAI_API_KEY")]);
        for name in ["openai", "google"] {
            let error = providers.get(name).unwrap_err();
            assert!(error.kind == ErrorKind::Unavailable && error.message.contains(name), "{error:?}");
        }
    }
}
