//! Google's Gemini API: one provider with two forms, Omni and Veo, told apart by the model's name and afterwards by the job's.

use std::path::Path;

use async_trait::async_trait;
use secrecy::SecretString;

use super::{
    address::{VERSION, is_veo},
    omni, veo,
};
use crate::{
    domain::{Timestamp, provider::Provider},
    server::providers::{
        GenerateRequest,
        api::{Clip, Created, Polled, Result, VideoApi},
        endpoint::Endpoint,
        http::{Http, SetupError},
    },
};

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
            veo::create(&self.endpoint, request).await
        } else {
            omni::create(&self.endpoint, request).await
        }
    }

    async fn poll(&self, job: &str) -> Result<Polled> {
        if is_veo(job) { veo::poll(&self.endpoint, job).await } else { omni::poll(&self.endpoint, job).await }
    }

    async fn download(&self, clip: &Clip, output: &Path) -> Result<()> {
        self.endpoint.download(clip, output).await
    }

    async fn cancel(&self, job: &str) -> Result<bool> {
        // Veo has no way to.
        if is_veo(job) { Ok(false) } else { omni::cancel(&self.endpoint, job).await }
    }

    async fn find(&self, _request: &GenerateRequest, _sent_at: Timestamp) -> Result<Option<String>> {
        // Neither form has a list.
        Ok(None)
    }
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
