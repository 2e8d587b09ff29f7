//! The one HTTP client of all providers. It follows no redirects and repeats nothing: whoever uses it decides that.

use std::{error::Error as _, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may be silent, before its head and between any two pieces.
const IDLE: Duration = Duration::from_mins(1);

/// The most that is read of an answer, in bytes: it may hold a whole clip in base64.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// The most that is read of a refusal, in bytes.
const LARGEST_REFUSAL: usize = 128 * 1024;

/// A provider cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Its base URL is none. What stands there is not repeated: it may be the key, set by mistake.
    #[error("{setting} is no base URL: give http:// or https:// and a host, without user name, ? and #, such as {example}")]
    BaseUrl {
        /// The variable.
        setting: String,
        /// The address it has by default.
        example: &'static str,
    },
    /// Its key cannot stand in an HTTP header.
    #[error("{setting} holds a character that no key has, such as a line break: copy the key again")]
    Key {
        /// The variable.
        setting: &'static str,
    },
    /// No HTTPS on this machine.
    #[error("HTTPS cannot be set up ({0}): install the system's certificates, on Debian the package ca-certificates")]
    Https(String),
}

/// Why there is no answer. Its texts name no address, so no key in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// No connection stood, so nothing was sent.
    NotReached(String),
    /// The request could not even be written down, so nothing was sent.
    Unsendable(String),
    /// Nothing came for too long.
    TimedOut,
    /// The connection broke; what had been sent by then nobody knows.
    Lost(String),
    /// The answer is longer than any that is read.
    TooLarge,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; of a refusal at least its beginning.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `None` where it is none.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// The HTTP client of every provider. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// A client that trusts the system's certificates.
    ///
    /// # Errors
    /// [`SetupError::Https`] where the system has none.
    pub fn new() -> Result<Self, SetupError> {
        static CRYPTOGRAPHY: OnceLock<()> = OnceLock::new();
        CRYPTOGRAPHY.get_or_init(|| {
            // It fails where one is installed already, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = Client::builder()
            .user_agent(concat!("reelgraph/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            // Every request takes a new connection. On a kept one, which the other side may be closing, a paid request could be lost and
            // nobody could tell whether it had arrived; a handshake is nothing beside the minutes that a clip takes.
            .pool_max_idle_per_host(0)
            .build();
        client.map(|client| Self { client }).map_err(|error| SetupError::Https(innermost(&error)))
    }

    /// A request, not sent yet.
    pub(super) fn request(&self, method: http::Method, url: reqwest::Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads the whole answer, all within `limit`.
    ///
    /// # Errors
    /// Where there is no whole answer. A refusal that broke off is one nevertheless: its status tells.
    pub(super) async fn exchange(request: RequestBuilder, limit: Duration) -> Result<Answer, Broken> {
        let response = request.timeout(limit).send().await.map_err(broken)?;
        read(response).await
    }
}

/// Reads an answer's body.
///
/// # Errors
/// Where a success broke off or is too large.
pub(super) async fn read(mut response: Response) -> Result<Answer, Broken> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let refused = !status.is_success();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) if refused => break,
            Err(error) => return Err(broken(error)),
        }
        if refused && body.len() >= LARGEST_REFUSAL {
            break;
        }
        if body.len() > LARGEST_ANSWER {
            return Err(Broken::TooLarge);
        }
    }
    Ok(Answer { status, headers, body: body.into() })
}

/// What an error of the client means.
pub(super) fn broken(error: reqwest::Error) -> Broken {
    // An error's own text holds the address.
    let cause = innermost(&error);
    if error.is_connect() {
        Broken::NotReached(cause)
    } else if error.is_builder() {
        Broken::Unsendable(cause)
    } else if error.is_timeout() {
        Broken::TimedOut
    } else {
        Broken::Lost(cause)
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else { return "no more is known".into() };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
