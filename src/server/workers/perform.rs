//! Doing a job: its operation is given what it may use, and what it makes is stored.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::{job_ledger::JobLedger, patience::until_written};
use crate::{
    domain::{ApiError, AssetRef, ErrorKind, VideoId},
    server::{
        Error, Result,
        error::ProviderError,
        library::{
            assets::{self, OpenedAsset},
            footage,
            ingest::{self, Incoming, MetadataFailure},
            posters,
        },
        media::staging::StagedFile,
        operations::{
            self,
            context::{Context, Library, StoredClip, StoredFile},
            operation::{Made, MadeFile},
        },
        providers::Ledger,
        state::AppState,
        store::{
            self,
            jobs::{Lease, QueuedJob},
        },
    },
};

/// The share of a job that is its operation's; the rest is reading and storing what was made.
const MAKING: f64 = 0.95;

/// How far a job's work is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Progress {
    /// From 0 to 1.
    pub share: f64,
    /// What is being done.
    pub message: String,
}

/// Does the job that the lease holds and gives what it made. Done again it gives the same.
///
/// # Errors
/// The operation's and the store's; where it was paid for, a clip that could not be stored waits for the user.
pub(super) async fn perform(
    state: &AppState,
    job: &QueuedJob,
    lease: &Lease,
    progress: &watch::Sender<Progress>,
    lane_left: &Notify,
    cancel: &CancellationToken,
) -> Result<AssetRef> {
    let operation = operations::find(job.job.kind.name()).filter(|operation| job.version <= operation.version());
    let operation = operation.ok_or_else(|| {
        let message = "A newer Reelgraph asked for this, and this version cannot do it. Start that version, or run it again.";
        Error::api(ErrorKind::Invalid, message)
    })?;
    let ledger = JobLedger::of(state, lease).await?;
    let tell = |share: f64, message: &str| {
        progress.send_replace(Progress { share: share.clamp(0.0, 1.0), message: message.to_owned() });
    };
    let on_progress = |share: f64, message: &str| tell(share * MAKING, message);
    let stored = Stored { state, read: Mutex::default() };
    let context = Context {
        job_id: job.job.id,
        ffmpeg: &state.studio.ffmpeg,
        providers: &state.studio.providers,
        content: &state.studio.content,
        library: &stored,
        ledger: ledger.as_ref().map(|ledger| ledger as &dyn Ledger),
        on_progress: &on_progress,
        leave_lane: &|| lane_left.notify_one(),
        cancel,
    };
    let made = match operation.perform(&job.input, &context).await {
        Ok(made) => made,
        Err(error) => return Err(stored.why(error).await),
    };
    match made {
        Made::Beside(asset) => Ok(asset),
        Made::Cut(file) => {
            tell(MAKING, "Storing the result");
            let name = file.name.clone();
            keep(state, *file, cancel).await.map_err(not_stored)?;
            let message = "The clip came cut short, however often it was fetched. What came is in the library";
            Err(ProviderError::unknown(format!("{message} as “{name}”, with a warning. Check again: it is fetched once more.")).into())
        }
        Made::File(file) => {
            tell(MAKING, "Storing the result");
            keep(state, *file, cancel).await.map_err(|error| if ledger.is_some() { not_stored(error) } else { error })
        }
    }
}

/// Stores what was made. Where there is no room for it now, it waits in the staging folder.
async fn keep(state: &AppState, made: MadeFile, cancel: &CancellationToken) -> Result<AssetRef> {
    let MadeFile { path, kind, name, origin, probed } = made;
    let file = StagedFile::read(path).await?;
    let incoming = Arc::new(Incoming { file, kind, name, origin, probed, metadata_failure: MetadataFailure::KeepWithWarning });
    let kept = until_written(cancel, "a result", || ingest::ingest(&state.studio, incoming.clone())).await?;
    Ok(kept.stored.asset.reference())
}

/// A clip that was paid for and could not be stored is still at the provider: the job waits for the user. One whose storing was broken off is
/// done again by whoever has the job next.
fn not_stored(error: Error) -> Error {
    if matches!(error, Error::Cancelled) {
        return error;
    }
    let reason = ApiError::from(error).message;
    let message = format!("The clip is made and paid for, but could not be stored. {reason} Then check again: it is downloaded once more.");
    ProviderError::unknown(message).into()
}

/// The library as an operation sees it.
struct Stored<'a> {
    state: &'a AppState,
    /// What it has asked for.
    read: Mutex<Vec<AssetRef>>,
}

impl Stored<'_> {
    /// The asset's file. What is made of it is kept, and may be shown for years: every byte is looked at before.
    async fn opened(&self, asset: AssetRef) -> Result<OpenedAsset> {
        let studio = &self.state.studio;
        let opened = assets::open_verified(&studio.db, &studio.content, asset, true).await?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).push(asset);
        Ok(opened)
    }

    /// Why the operation failed: a file that was deleted under its hands reads like a broken one, or one that never was.
    async fn why(&self, error: Error) -> Error {
        if matches!(error, Error::Cancelled | Error::Provider(_)) {
            return error;
        }
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match assets::first_gone(&self.state.studio.db, &read).await {
            Ok(Some(deleted)) => {
                tracing::info!(cause = %error, "a step failed because what it reads was deleted");
                deleted
            }
            Ok(None) => error,
            Err(refused) => refused,
        }
    }
}

#[async_trait]
impl Library for Stored<'_> {
    async fn file(&self, asset: AssetRef) -> Result<StoredFile> {
        let OpenedAsset { stored, path } = self.opened(asset).await?;
        Ok(StoredFile { name: stored.asset.name, path })
    }

    async fn clip(&self, video: VideoId) -> Result<StoredClip> {
        let OpenedAsset { stored, path } = self.opened(video.into()).await?;
        let clip = footage::clip(&self.state.studio, &stored, path).await?;
        Ok(StoredClip { name: stored.asset.name, clip })
    }

    async fn make_poster(&self, asset: AssetRef) -> Result<()> {
        let state = self.state;
        match posters::poster(&state.studio, asset, true).await {
            Ok(poster) if poster.lasting => Ok(()),
            _ if store::assets::row(state.studio.db.reader(), asset).await?.is_none() => Ok(()),
            Ok(_) => {
                let message = "Reading the file took too long. The poster is made when it is first looked at.";
                Err(Error::api(ErrorKind::Unavailable, message))
            }
            Err(error) => Err(error),
        }
    }
}
