//! What a job's work is given beside its input.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::server::{
    state::AppState,
    store::jobs::{Lease, QueuedJob},
};

/// How far a job's work is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Progress {
    /// From 0 to 1.
    pub share: f64,
    /// What is being done.
    pub message: String,
}

/// What a job's work is given beside its input.
pub(super) struct Context<'a> {
    /// The server's parts.
    pub state: &'a AppState,
    /// The job.
    pub job: &'a QueuedJob,
    /// The hold on it.
    pub lease: &'a Lease,
    /// Where to tell how far it is.
    pub progress: watch::Sender<Progress>,
    /// Cancelled when the job is no longer wanted, or the server stops.
    pub cancel: CancellationToken,
}

impl Context<'_> {
    /// Tells how far the work is; `share` is from 0 to 1.
    pub fn tell(&self, share: f64, message: &str) {
        self.progress.send_replace(Progress { share: share.clamp(0.0, 1.0), message: message.to_owned() });
    }
}
