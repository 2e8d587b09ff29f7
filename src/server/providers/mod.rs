//! Who makes clips: one trait, one file a provider, and the registry that answers for a provider's name.

use std::path::Path;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{domain::Timestamp, server::Result};

pub mod animatic;
mod answer;
pub mod api;
mod body;
mod broken;
mod card;
mod download;
mod endpoint;
mod failures;
mod fault;
mod fields;
pub mod google;
pub mod http;
mod inline;
mod lettering;
pub mod openai_videos;
mod outline;
mod palette;
mod redact;
mod registry;
mod remote;
#[cfg(test)]
mod sample_answers;
mod spool;
mod wait;
pub mod xai;

pub use animatic::Animatic;
pub use registry::Providers;
pub use spool::Spool;

/// What a clip is made from: with the pictures themselves, or with the ids of stored ones, as a job keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest<P = Picture> {
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
    /// The picture it begins with, in the frame's own size where it is sent.
    #[serde(default = "Option::default")]
    pub first_frame: Option<P>,
    /// The picture it ends with, likewise.
    #[serde(default = "Option::default")]
    pub last_frame: Option<P>,
}

impl<P> GenerateRequest<P> {
    /// The same request with these pictures.
    pub fn with_frames<Q>(self, first_frame: Option<Q>, last_frame: Option<Q>) -> GenerateRequest<Q> {
        let Self { provider, model, prompt, seconds, size, seed, take, params, .. } = self;
        GenerateRequest { provider, model, prompt, seconds, size, seed, take, params, first_frame, last_frame }
    }
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
    /// Whether the clip is cut short, however often it was fetched: it is no success, and may be whole another time.
    pub is_cut: bool,
}

/// Makes clips.
#[async_trait]
pub trait VideoProvider: std::fmt::Debug + Send + Sync {
    /// Makes the clip and writes it to `output`; an existing file is overwritten. After an error whatever stands there is no clip.
    ///
    /// # Errors
    /// [`crate::server::Error::Cancelled`] once the attempt is cancelled; an [`ApiError`](crate::domain::ApiError) where the request is at fault;
    /// [`crate::server::Error::Provider`] with what it means for the job; else what went wrong.
    async fn generate(&self, request: &GenerateRequest, output: &Path, attempt: Attempt<'_>) -> Result<Generated>;

    /// Tells the provider that a job of its is no longer wanted. `false`: there is no way to.
    ///
    /// # Errors
    /// [`crate::server::Error::Provider`] where it could not be told.
    async fn withdraw(&self, provider_job_id: &str) -> Result<bool>;
}

/// One attempt at a clip: where its request stands, whom to tell, and whether it is still wanted.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// Where each step of a paid request is written down before the next is taken.
    pub ledger: &'a dyn Ledger,
    /// Gets the share done, 0 to 1 and never falling, and a few words for the user.
    pub on_progress: &'a (dyn Fn(f64, &str) + Send + Sync),
    /// Lets the next job of the lane begin: this one waits for a provider that makes no headway with it.
    pub leave_lane: &'a (dyn Fn() + Send + Sync),
    /// Looks at what was fetched.
    pub inspect: &'a dyn Inspect,
    /// Cancelled when the clip is no longer wanted, or the server stops.
    pub cancel: &'a CancellationToken,
}

/// Looks at a clip that was fetched.
#[async_trait]
pub trait Inspect: Send + Sync {
    /// Whether the file ends before its footage does.
    ///
    /// # Errors
    /// Where the file cannot be looked at.
    async fn is_cut(&self, clip: &Path) -> Result<bool>;
}

/// How far an earlier attempt got with the request.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Nothing has been sent.
    Intended,
    /// It was sent at this moment, or was about to be, and no answer is known.
    Sent(Timestamp),
    /// The provider has this job for it.
    Accepted(String),
}

/// The ledger, as a provider writes into it. Each call has committed when it returns.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// How far the request got before this attempt.
    fn stage(&self) -> Stage;

    /// The request leaves now.
    ///
    /// # Errors
    /// Where it may not: a cap would be passed, or the job is another worker's by now.
    async fn sending(&self) -> Result<()>;

    /// The provider took nothing. `again`: the same request may be sent once more.
    ///
    /// # Errors
    /// The database's.
    async fn not_taken(&self, answer: Option<&str>, again: bool) -> Result<()>;

    /// The provider has a job for it.
    ///
    /// # Errors
    /// The database's.
    async fn accepted(&self, provider_job_id: &str, answer: &str) -> Result<()>;

    /// Whether a job of the provider belongs to another request already.
    ///
    /// # Errors
    /// The database's.
    async fn is_taken(&self, provider_job_id: &str) -> Result<bool>;

    /// The provider told its price, in millionths of a US dollar.
    ///
    /// # Errors
    /// The database's.
    async fn priced(&self, usd_micros: i64) -> Result<()>;

    /// There will be no clip, and it is billed all the same: at this price in millionths of a US dollar, or at one that nobody told.
    ///
    /// # Errors
    /// The database's.
    async fn lost(&self, usd_micros: Option<i64>) -> Result<()>;

    /// An answer that support may want to see, every secret removed.
    ///
    /// # Errors
    /// The database's.
    async fn answered(&self, answer: &str) -> Result<()>;
}

/// The ledger of a clip that nobody is paid for.
#[derive(Debug, Clone, Copy)]
pub struct Free;

#[async_trait]
impl Ledger for Free {
    fn stage(&self) -> Stage {
        Stage::Intended
    }

    async fn sending(&self) -> Result<()> {
        Ok(())
    }

    async fn not_taken(&self, _: Option<&str>, _: bool) -> Result<()> {
        Ok(())
    }

    async fn accepted(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }

    async fn is_taken(&self, _: &str) -> Result<bool> {
        Ok(false)
    }

    async fn priced(&self, _: i64) -> Result<()> {
        Ok(())
    }

    async fn lost(&self, _: Option<i64>) -> Result<()> {
        Ok(())
    }

    async fn answered(&self, _: &str) -> Result<()> {
        Ok(())
    }
}
