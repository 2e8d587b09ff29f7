//! The one HTTP client of all providers. It follows no redirects and repeats nothing: whoever uses it decides that.

use std::{sync::OnceLock, time::Duration};

use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::time::{Instant, timeout_at};

use super::{
    answer::Answer,
    broken::{Broken, innermost},
    spool::Spool,
};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may be silent, before its head and between any two pieces.
const IDLE: Duration = Duration::from_mins(1);

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

/// The HTTP client of every provider. Cheap to clone. It goes through the proxy that the environment names, as curl does.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    spool: Spool,
}

impl Http {
    /// A client that trusts the system's certificates, and puts into `spool` what is too long for memory.
    ///
    /// # Errors
    /// [`SetupError::Https`] where the system has none.
    pub fn new(spool: Spool) -> Result<Self, SetupError> {
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
        client.map(|client| Self { client, spool }).map_err(|error| SetupError::Https(innermost(&error)))
    }

    /// A request, not sent yet.
    pub(super) fn request(&self, method: http::Method, url: reqwest::Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads the whole answer, within `limit` but for what of it is spooled.
    ///
    /// # Errors
    /// Where there is no whole answer. A refusal that broke off is one nevertheless: its status tells.
    pub(super) async fn exchange(&self, request: RequestBuilder, limit: Duration) -> Result<Answer, Broken> {
        let until = Instant::now() + limit;
        let response = timeout_at(until, request.send()).await.map_err(|_| Broken::TimedOut)??;
        Answer::read(response, until, &self.spool).await
    }

    /// Reads a refusal.
    ///
    /// # Errors
    /// As [`Http::exchange`].
    pub(super) async fn read(&self, response: Response) -> Result<Answer, Broken> {
        Answer::read(response, Instant::now() + IDLE, &self.spool).await
    }

    /// The largest clip that is taken from a provider, in bytes.
    pub(super) fn largest_clip(&self) -> u64 {
        self.spool.largest_clip()
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
