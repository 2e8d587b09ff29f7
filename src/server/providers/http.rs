//! The one HTTP client of all providers. It follows no redirects and repeats nothing: whoever uses it decides that.

use std::{error::Error as _, sync::OnceLock, time::Duration};

use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::time::{Instant, timeout_at};

use super::{answer::Answer, spool::Spool};

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

/// Why there is no answer. Its texts name no address, so no key in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// No connection stood, so nothing was sent.
    NotReached(String),
    /// The proxy let no connection through, so nothing was sent.
    NotLetThrough(String),
    /// The request could not even be written down, so nothing was sent.
    Unsendable(String),
    /// Nothing came for too long.
    TimedOut,
    /// The connection broke; what had been sent by then nobody knows.
    Lost(String),
    /// The answer is longer than so many bytes, the most that is read of one.
    TooLong(u64),
    /// The answer is too long for memory and could not be written to the disk.
    NotSpooled(String),
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
        let response = timeout_at(until, request.send()).await.map_err(|_| Broken::TimedOut)?.map_err(broken)?;
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

/// What an error of the client means.
pub(super) fn broken(error: reqwest::Error) -> Broken {
    // An error's own text holds the address.
    let cause = innermost(&error);
    if error.is_connect() && is_of_tunnel(&error) {
        Broken::NotLetThrough(cause)
    } else if error.is_connect() {
        Broken::NotReached(cause)
    } else if error.is_builder() {
        Broken::Unsendable(cause)
    } else if error.is_timeout() {
        Broken::TimedOut
    } else {
        Broken::Lost(cause)
    }
}

/// Whether it was the way through a proxy that failed. The library keeps the type of this error to itself.
fn is_of_tunnel(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |cause| (*cause).source()).any(|cause| cause.to_string().starts_with("tunnel error"))
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
