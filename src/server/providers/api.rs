//! How one provider is spoken to: the five things that can be asked of it. A file a provider implements this; what is done with the
//! answers, and what is written down before and after, is the same for all of them.

use std::{path::Path, time::Duration};

use async_trait::async_trait;

use super::{GenerateRequest, inline::Inline};
use crate::{
    domain::Timestamp,
    server::error::{ProviderClass, ProviderError},
};

/// What most of a provider's calls return.
pub type Result<T, E = ProviderError> = std::result::Result<T, E>;

/// A provider's HTTP API.
#[async_trait]
pub trait VideoApi: std::fmt::Debug + Send + Sync {
    /// Sends the paid request, once: nothing in here sends it a second time.
    ///
    /// # Errors
    /// Of a class other than [`Unknown`](crate::server::error::ProviderClass::Unknown) only where the provider has surely made nothing.
    async fn create(&self, request: &GenerateRequest) -> Result<Created>;

    /// Asks how a job stands. Free.
    ///
    /// # Errors
    /// [`Transient`](crate::server::error::ProviderClass::Transient) where asking again may help; else the job cannot be had any more.
    async fn poll(&self, job: &str) -> Result<Polled>;

    /// Writes the clip to `output`; an existing file is overwritten. Free.
    ///
    /// # Errors
    /// [`Expired`](crate::server::error::ProviderClass::Expired) where it is gone,
    /// [`Transient`](crate::server::error::ProviderClass::Transient) where it broke off or is no video.
    async fn download(&self, clip: &Clip, output: &Path) -> Result<()>;

    /// Tells the provider to stop. `false`: its API has no way to.
    ///
    /// # Errors
    /// Where it could not be told; the job may be finished by now.
    async fn cancel(&self, job: &str) -> Result<bool>;

    /// Looks for the job of a request whose answer was lost, sent at `sent_at`. `None`: it is not there, or the API has no list.
    ///
    /// # Errors
    /// Where it could not be asked.
    async fn find(&self, request: &GenerateRequest, sent_at: Timestamp) -> Result<Option<String>>;
}

/// A provider has taken a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its own name for it.
    pub job: String,
    /// What it answered, every secret removed.
    pub raw: String,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Polled {
    /// Not done yet.
    Working {
        /// The share done, 0 to 1, where the provider tells.
        progress: Option<f64>,
        /// When the provider wants to be asked again, where it tells.
        ask_again: Option<Duration>,
        /// The provider's own word for how it stands, where nobody here knows what that means; every secret removed.
        unknown_word: Option<String>,
    },
    /// Done.
    Ready {
        /// Where the clip is.
        clip: Clip,
        /// What it cost in millionths of a US dollar, where the provider tells.
        usd_micros: Option<i64>,
    },
    /// Ended without a clip, and without a bill.
    Ended(ProviderError),
    /// Ended without a clip to be had, and billed, as far as anybody knows.
    Withheld {
        /// Why.
        error: ProviderError,
        /// What it cost in millionths of a US dollar, where the provider tells.
        usd_micros: Option<i64>,
    },
}

impl Polled {
    /// Not done yet, in words that are known.
    #[must_use]
    pub fn working(progress: Option<f64>, ask_again: Option<Duration>) -> Self {
        Self::Working { progress, ask_again, unknown_word: None }
    }

    /// Ended without a clip at a provider that bills what its moderation stops, or does not say that it will not.
    #[must_use]
    pub fn ended_where_moderation_bills(error: ProviderError, usd_micros: Option<i64>) -> Self {
        match error.class {
            ProviderClass::Moderated => Self::Withheld { error, usd_micros },
            _ => Self::Ended(error),
        }
    }
}

/// Where a clip is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clip {
    /// At this address.
    At(String),
    /// In the answer itself.
    Inline(Inline),
}
