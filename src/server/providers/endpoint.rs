//! One provider as it is reached: its base URL, its key and the header that carries it, and nobody else gets that key.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use reqwest::{RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{
    answer::Answer,
    api::{Created, Result},
    failures::{Call, Failures},
    http::{Http, SetupError},
};
use crate::domain::provider::Provider;

/// How long a paid request, or a question, may take, until the part of its answer that is held in memory is there.
const LIMIT: Duration = Duration::from_mins(1);

/// How long Google's answer to how a job stands may take: it may hold the clip.
const LIMIT_WITH_CLIP: Duration = Duration::from_mins(2);

/// A provider's address and key.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    provider: Provider,
    base: Url,
    /// Marked sensitive, so that it is not printed.
    credential: HeaderValue,
    http: Http,
    /// Says what went wrong, in words without secrets.
    pub failures: Failures,
}

impl Endpoint {
    /// The provider at that base URL with that key. `http://` is accepted for servers on the same machine or network: there the key
    /// travels in the clear.
    ///
    /// # Errors
    /// Where the base URL or the key cannot be used; the text names the setting.
    pub fn new(provider: Provider, base_url: &str, key: SecretString, http: Http) -> Result<Self, SetupError> {
        let key: SecretString = key.expose_secret().trim().into();
        let failures = Failures::new(provider, key.clone());
        let base = base_of(base_url)
            .ok_or_else(|| SetupError::BaseUrl { setting: failures.base_url_setting(), example: default_base_url(provider) })?;
        let value = match provider {
            Provider::Google => key.expose_secret().to_owned(),
            _ => format!("Bearer {}", key.expose_secret()),
        };
        let mut credential = HeaderValue::from_str(&value).map_err(|_| SetupError::Key { setting: failures.key_setting() })?;
        credential.set_sensitive(true);
        Ok(Self { provider, base, credential, http, failures })
    }

    /// The address of a path, given by its segments, below the base URL. Whatever stands in a segment stays in it.
    #[must_use]
    pub fn url<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        // Never an error: `base_of` lets only http and https through.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// The base URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Whether the key may be sent there: scheme, host and port are the base URL's.
    #[must_use]
    pub fn is_own(&self, url: &Url) -> bool {
        url.scheme() == self.base.scheme()
            && url.host_str() == self.base.host_str()
            && url.port_or_known_default() == self.base.port_or_known_default()
    }

    /// A request with the key, but without it where the address is not the provider's own.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let with_key = self.is_own(&url);
        let request = self.request_without_key(method, url);
        match (with_key, self.provider) {
            (false, _) => request,
            (true, Provider::Google) => request.header("x-goog-api-key", self.credential.clone()),
            (true, _) => request.header(header::AUTHORIZATION, self.credential.clone()),
        }
    }

    /// A request without the key, wherever it goes.
    pub fn request_without_key(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Reads a refusal.
    ///
    /// # Errors
    /// Where it broke off before it said anything.
    pub async fn read(&self, call: Call, refusal: Response) -> Result<Answer> {
        self.http.read(refusal).await.map_err(|broken| self.failures.broken(call, &broken))
    }

    /// The largest clip that is taken, in bytes.
    #[must_use]
    pub fn largest_clip(&self) -> u64 {
        self.http.largest_clip()
    }

    /// Sends the request, once.
    ///
    /// # Errors
    /// Where there is no answer, or one that is no success.
    pub async fn ask(&self, call: Call, request: RequestBuilder) -> Result<Answer> {
        let limit = if call == Call::Poll && self.provider == Provider::Google { LIMIT_WITH_CLIP } else { LIMIT };
        let answer = self.http.exchange(request, limit).await.map_err(|broken| self.failures.broken(call, &broken))?;
        if answer.status.is_success() { Ok(answer) } else { Err(self.failures.refused(call, &answer)) }
    }

    /// Sends the paid request, once, and takes the job's name from the answer.
    ///
    /// # Errors
    /// As [`Endpoint::ask`]; an answer without a name is of an unknown outcome.
    pub async fn create(&self, request: RequestBuilder, job: impl FnOnce(&Value) -> Option<String>) -> Result<Created> {
        let answer = self.ask(Call::Create, request).await?;
        self.failures.created(&answer, job)
    }

    /// Sends a request that not every server knows. `None` where this one does not.
    ///
    /// # Errors
    /// As [`Endpoint::ask`].
    pub async fn ask_if_offered(&self, call: Call, request: RequestBuilder) -> Result<Option<Answer>> {
        let answer = self.http.exchange(request, LIMIT).await.map_err(|broken| self.failures.broken(call, &broken))?;
        match answer.status {
            status if status.is_success() => Ok(Some(answer)),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
            StatusCode::NOT_FOUND if call == Call::Find => Ok(None),
            _ => Err(self.failures.refused(call, &answer)),
        }
    }
}

fn base_of(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain).then_some(url)
}

fn default_base_url(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "https://generativelanguage.googleapis.com",
        Provider::Xai => "https://api.x.ai/v1",
        Provider::OpenAi | Provider::Animatic => "https://api.openai.com/v1",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::server::providers::sample_answers::http;

    fn endpoint(provider: Provider, base_url: &str, key: &str) -> Result<Endpoint, SetupError> {
        Endpoint::new(provider, base_url, key.into(), http())
    }

    #[test]
    fn a_base_url_that_cannot_be_used_names_its_setting_and_is_not_repeated() {
        for wrong in
            ["", "api.openai.com/v1", "ftp://a/b", "https://user:secret@a/v1", "https://a/v1?key=secret", "sk-secret-0123", "http://"]
        {
            let error = endpoint(Provider::OpenAi, wrong, "k").unwrap_err().to_string();
            assert!(error.contains("OPENAI_BASE_URL") && !error.contains("secret"), "{wrong}: {error}");
        }
        let error = endpoint(Provider::Google, "x", "k").unwrap_err().to_string();
        assert!(error.contains("GEMINI_BASE_URL"), "{error}");
        for right in ["http://127.0.0.1:8000/v1", " https://api.x.ai/v1/ "] {
            assert!(endpoint(Provider::Xai, right, "k").is_ok(), "{right}");
        }
    }

    #[test]
    fn a_key_with_a_line_break_inside_names_its_setting() {
        let error = endpoint(Provider::Xai, "https://api.x.ai/v1", "xai-\nsecret").unwrap_err().to_string();
        assert!(error.contains("XAI_API_KEY") && !error.contains("secret"), "{error}");
        assert!(endpoint(Provider::Xai, "https://api.x.ai/v1", " xai-key\n").is_ok());
    }

    #[test]
    fn nothing_prints_the_key() {
        for provider in [Provider::OpenAi, Provider::Google, Provider::Xai] {
            let endpoint = endpoint(provider, "https://example.org/v1", "very-secret-key").unwrap();
            let request = endpoint.request(Method::GET, endpoint.url(["videos"]));
            assert!(!format!("{endpoint:#?} {request:#?}").contains("very-secret"));
        }
    }

    #[test]
    fn the_key_goes_to_the_same_scheme_host_and_port_only() {
        let endpoint = endpoint(Provider::Google, "https://example.org", "k").unwrap();
        for (url, own) in [
            ("https://example.org:443/v1/x", true),
            ("http://example.org/v1/x", false),
            ("https://example.org:8443/", false),
            ("https://cdn.example.org/", false),
            ("https://example.org.evil.test/", false),
        ] {
            let request = endpoint.request(Method::GET, url.parse().unwrap()).build().unwrap();
            assert_eq!(request.headers().contains_key("x-goog-api-key"), own, "{url}");
        }
    }

    #[test]
    fn a_job_name_stays_within_its_segment() {
        let endpoint = endpoint(Provider::OpenAi, "https://example.org/v1/", "k").unwrap();
        assert_eq!(endpoint.url(["videos", "a/../b?c#d", "content"]).as_str(), "https://example.org/v1/videos/a%2F..%2Fb%3Fc%23d/content");
        assert_eq!(endpoint.url(["videos", ".."]).as_str(), "https://example.org/v1/videos");
    }
}
