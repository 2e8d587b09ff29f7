//! What an operation is given beside its input.

use std::path::PathBuf;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{AssetRef, JobId, VideoId},
    server::{
        Result,
        media::{content::Content, ffmpeg::Ffmpeg, probed::Clip},
        providers::{Ledger, Providers},
    },
};

/// What an operation is given beside its input.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The job that is done.
    pub job_id: JobId,
    /// ffmpeg and ffprobe.
    pub ffmpeg: &'a Ffmpeg,
    /// Who makes clips.
    pub providers: &'a Providers,
    /// Where files are staged.
    pub content: &'a Content,
    /// What is stored.
    pub library: &'a dyn Library,
    /// The ledger's entry of this job; `None` where nobody is paid for it.
    pub ledger: Option<&'a dyn Ledger>,
    /// Gets the share done, from 0 to 1 and never falling, and a few words for the user.
    pub on_progress: &'a (dyn Fn(f64, &str) + Send + Sync),
    /// Lets the next job of the lane begin: this one waits for something that makes no headway.
    pub leave_lane: &'a (dyn Fn() + Send + Sync),
    /// Cancelled when the job is no longer wanted, or the server stops.
    pub cancel: &'a CancellationToken,
}

/// What is stored, as an operation sees it.
#[async_trait]
pub trait Library: Send + Sync {
    /// A stored file, to be read while the operation lasts.
    ///
    /// # Errors
    /// [`Gone`](crate::domain::ErrorKind::Gone) where it was deleted or its file is lost, [`NotFound`](crate::domain::ErrorKind::NotFound).
    async fn file(&self, asset: AssetRef) -> Result<StoredFile>;

    /// A stored clip with what is known of it, to be read while the operation lasts.
    ///
    /// # Errors
    /// As for [`Library::file`]; [`NotAVideo`](crate::domain::ErrorKind::NotAVideo) where it was stored by an older program and cannot be probed.
    async fn clip(&self, video: VideoId) -> Result<StoredClip>;

    /// Makes the poster of an asset, unless it is there or the asset was deleted meanwhile.
    ///
    /// # Errors
    /// [`Unavailable`](crate::domain::ErrorKind::Unavailable) where reading the asset took too long; the store's.
    async fn make_poster(&self, asset: AssetRef) -> Result<()>;
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its asset's name in the library.
    pub name: String,
    /// Where it lies. It is not changed, and stays as long as its asset does.
    pub path: PathBuf,
}

/// A stored clip.
#[derive(Debug, Clone)]
pub struct StoredClip {
    /// Its name in the library.
    pub name: String,
    /// Its file, which is not changed and stays as long as its asset does, and what is known of it.
    pub clip: Clip,
}
