//! Google's Gemini API: one provider with two forms, Omni and Veo, told apart by the model's name and afterwards by the job's.

use std::path::Path;

use async_trait::async_trait;
use reqwest::Url;
use secrecy::SecretString;

use super::{
    GenerateRequest,
    api::{Clip, Created, Polled, Result, VideoApi},
    endpoint::Endpoint,
    gemini_omni, gemini_veo,
    http::{Http, SetupError},
};
use crate::domain::{Timestamp, provider::Provider};

/// The version of the API, the first segment of every path.
const VERSION: &str = "v1beta";

/// Google's Gemini API.
#[derive(Debug, Clone)]
pub struct Google {
    endpoint: Endpoint,
}

impl Google {
    /// The API at `base_url`, with or without `/v1beta` at its end. Over `http://` the key travels in the clear.
    ///
    /// # Errors
    /// Where the base URL or the key cannot be used; the text names the setting.
    pub fn new(base_url: &str, key: SecretString, http: Http) -> Result<Self, SetupError> {
        let base_url = base_url.trim().trim_end_matches('/').trim_end_matches(VERSION);
        Ok(Self { endpoint: Endpoint::new(Provider::Google, base_url, key, http)? })
    }
}

#[async_trait]
impl VideoApi for Google {
    async fn create(&self, request: &GenerateRequest) -> Result<Created> {
        if request.last_frame.is_some() && request.first_frame.is_none() {
            let what = "Google takes a last picture only together with a first one; connect a first one, or take the last one off.";
            return Err(self.endpoint.failures.not_offered(what));
        }
        if request.model.starts_with("veo-") {
            gemini_veo::create(&self.endpoint, request).await
        } else {
            gemini_omni::create(&self.endpoint, request).await
        }
    }

    async fn poll(&self, job: &str) -> Result<Polled> {
        if is_veo(job) { gemini_veo::poll(&self.endpoint, job).await } else { gemini_omni::poll(&self.endpoint, job).await }
    }

    async fn download(&self, clip: &Clip, output: &Path) -> Result<()> {
        self.endpoint.download(clip, output).await
    }

    async fn cancel(&self, job: &str) -> Result<bool> {
        // Veo has no way to.
        if is_veo(job) { Ok(false) } else { gemini_omni::cancel(&self.endpoint, job).await }
    }

    async fn find(&self, _request: &GenerateRequest, _sent_at: Timestamp) -> Result<Option<String>> {
        // Neither form has a list.
        Ok(None)
    }
}

/// The address of a path, given by its segments.
pub(super) fn url<'a>(endpoint: &Endpoint, path: impl IntoIterator<Item = &'a str>) -> Url {
    endpoint.url(std::iter::once(VERSION).chain(path))
}

/// Whether a job is one of Veo's, which are named `models/{model}/operations/{id}`. Omni's names have no slash.
#[must_use]
pub(super) fn is_veo(job: &str) -> bool {
    job.contains("operations/")
}

/// Where the bytes of a file are. A key in the address would be a second credential, which Google refuses.
#[must_use]
pub(super) fn media_address(uri: &str) -> String {
    let Ok(mut url) = Url::parse(uri) else { return uri.to_owned() };
    if !url.path().contains("/files/") {
        return uri.to_owned();
    }
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| name != "key").collect();
    if !pairs.iter().any(|(name, _)| name == "alt") {
        pairs.push(("alt".into(), "media".into()));
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

#[cfg(test)]
#[path = "google_tests.rs"]
mod tests;
