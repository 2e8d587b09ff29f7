//! Which providers this server can call, and who answers for a provider's name.

use std::{collections::BTreeMap, sync::Arc};

use secrecy::SecretString;

use super::{
    Animatic, VideoProvider,
    google::api::Google,
    http::{Http, SetupError},
    openai_videos::OpenAiVideos,
    remote::Remote,
    spool::Spool,
    xai::Xai,
};
use crate::{
    domain::{
        ApiError, ErrorKind, Timestamp,
        provider::{self, Model, Provider, RetiredModel},
    },
    server::{Result, config::Config, media::ffmpeg::Ffmpeg},
};

/// Each paid provider whose key is set, or why it cannot be called.
type Paid = BTreeMap<Provider, Result<Arc<dyn VideoProvider>, SetupError>>;

/// The providers of this server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Providers {
    animatic: Arc<Animatic>,
    /// The paid providers whose key is set; or why one cannot be called all the same, in a sentence.
    paid: Arc<Paid>,
    /// The paid providers whose requests go to the host of the provider's own API.
    at_vendor: Arc<[Provider]>,
}

impl Providers {
    /// The providers that `config` allows. `spool` takes what they answer at length.
    #[must_use]
    pub fn new(config: &Config, ffmpeg: Ffmpeg, spool: &Spool) -> Self {
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
            paid: Arc::new(paid(config, spool)),
            at_vendor: Provider::ALL.into_iter().filter(is_at_vendor).collect(),
        }
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// [`ErrorKind::MissingSetting`] naming the variable where its key is not set, [`ErrorKind::Unavailable`] where it
    /// cannot be called, [`ErrorKind::Invalid`] where there is no such provider.
    pub fn get(&self, name: &str) -> Result<Arc<dyn VideoProvider>, ApiError> {
        let Some(provider) = Provider::from_name(name) else {
            let names = Provider::ALL.map(Provider::name).join(", ");
            return Err(ApiError::invalid("/provider", format!("There is no provider {name:?}; take one of {names}.")));
        };
        let Some(variable) = provider.setting() else { return Ok(self.animatic.clone()) };
        let title = provider.title();
        match self.paid.get(&provider) {
            Some(Ok(ready)) => Ok(ready.clone()),
            Some(Err(error)) => Err(ApiError::new(ErrorKind::Unavailable, format!("{title} cannot be called: {error}."))),
            None => Err(ApiError::new(
                ErrorKind::MissingSetting,
                format!(
                    "{title} needs the setting {variable}. Set it and restart the server, or run a rehearsal (mode draft), which needs no key."
                ),
            )),
        }
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
        let lacking = Provider::ALL.into_iter().filter(|provider| !self.paid.contains_key(provider));
        lacking.filter_map(|provider| Some((provider.name(), provider.setting()?))).collect()
    }
}

/// The paid providers whose key is set.
fn paid(config: &Config, spool: &Spool) -> Paid {
    let keys = [
        (Provider::OpenAi, &config.openai_api_key, &config.openai_base_url),
        (Provider::Google, &config.gemini_api_key, &config.gemini_base_url),
        (Provider::Xai, &config.xai_api_key, &config.xai_base_url),
    ];
    let with_key = keys.into_iter().filter_map(|(provider, key, base_url)| Some((provider, key.clone()?, base_url)));
    with_key.map(|(provider, key, base_url)| (provider, connect(provider, base_url, key, config, spool))).collect()
}

fn connect(
    provider: Provider,
    base_url: &str,
    key: SecretString,
    config: &Config,
    spool: &Spool,
) -> Result<Arc<dyn VideoProvider>, SetupError> {
    let (http, pace) = (Http::new(spool.clone())?, config.pace);
    Ok(match provider {
        Provider::Google => Arc::new(Remote::new(provider, Google::new(base_url, key, http)?, pace)),
        Provider::Xai => Arc::new(Remote::new(provider, Xai::new(base_url, key, http)?, pace)),
        _ => Arc::new(Remote::new(provider, OpenAiVideos::new(base_url, key, http, &config.dialects)?, pace)),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::server::config::Cli;

    fn providers(arguments: &[&str]) -> Providers {
        let cli = Cli::try_parse_from(["reelgraph"].iter().chain(arguments)).unwrap();
        Providers::new(&cli.settings.try_into().unwrap(), Ffmpeg::locate(), &Spool::new("staging".into(), 1))
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
    fn a_provider_with_its_key_can_be_called_and_shows_it_to_nobody() {
        let providers = providers(&["--openai-api-key", "s3cret-key", "--gemini-api-key", "s3cret-key", "--xai-api-key", ""]);
        for name in ["openai", "google"] {
            assert!(providers.get(name).is_ok());
        }
        assert_eq!(providers.get("xai").unwrap_err().kind, ErrorKind::MissingSetting);
        assert_eq!(providers.missing_settings(), [("xai", "XAI_API_KEY")]);
        assert!(!format!("{providers:?}").contains("s3cret"));
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
