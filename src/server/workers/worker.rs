//! One worker: takes a job, holds its lease while it works, writes back how it ended.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    lease,
    perform::{Progress, perform},
};
use crate::{
    domain::{ApiError, AssetRef, ErrorKind, job::Failure},
    server::{
        Error, Result,
        error::{ProviderClass, ProviderError},
        runs::{leases, outcome::Outcome},
        state::AppState,
        store::jobs::{Lease, QueuedJob},
    },
};

/// How long a worker waits for a ring before it looks by itself: a job may become due without one.
const IDLE: Duration = Duration::from_secs(5);
/// How long it waits after the database refused.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it tries to write back how a job ended.
const WRITE_BACKS: usize = 5;

/// Works on the jobs of one lane until the server stops. A job that leaves the lane goes on beside it, among the tasks of `tracker`.
pub(super) async fn work(state: AppState, lane: &'static str, tracker: TaskTracker) {
    let mut changes = state.studio.events.changes();
    while !state.stop.is_cancelled() {
        // Looked at before the table: a ring that comes between is not lost.
        changes.mark_unchanged();
        let token = crate::domain::JobId::generate().to_string();
        let wait = match leases::take_next(&state.studio.db, &state.studio.events, lane, &token).await {
            Ok(Some((job, lease))) => {
                let lane_left = Arc::new(Notify::new());
                let mut running = Box::pin(run(state.clone(), job, lease, lane_left.clone()));
                tokio::select! {
                    () = &mut running => {}
                    () = lane_left.notified() => drop(tracker.spawn(running)),
                }
                continue;
            }
            Ok(None) => leases::next_due(&state.studio.db, lane).await.unwrap_or_default().map_or(IDLE, |due| due.min(IDLE)),
            Err(error) => {
                tracing::error!(cause = %error, "the queue could not be read");
                PAUSE
            }
        };
        tokio::select! {
            () = state.stop.cancelled() => {}
            _ = changes.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn run(state: AppState, job: QueuedJob, lease: Lease, lane_left: Arc<Notify>) {
    let (state, job, lease) = (&state, &job, &lease);
    let (progress, progress_of) = watch::channel(Progress::default());
    let cancel = state.stop.child_token();
    let work = AssertUnwindSafe(perform(state, job, lease, &progress, &lane_left, &cancel)).catch_unwind();
    let result = tokio::select! {
        result = work => result.unwrap_or_else(|_| Err(Error::Internal(format!("job {} panicked", job.job.id)))),
        never = lease::keep(state, job, lease, progress_of, &cancel) => match never {},
    };
    if let Err(error) = write_back(state, lease, &cancel, result).await {
        tracing::error!(job = %job.job.id, cause = %error, "how the job ended could not be written; it will be done again");
    }
}

async fn write_back(state: &AppState, lease: &Lease, cancel: &CancellationToken, result: Result<AssetRef>) -> Result<()> {
    let outcome = match result {
        Ok(asset) => Outcome::Made(asset),
        // What a provider said is written down even now: it must not be asked for a second time.
        Err(error) if state.stop.is_cancelled() && !matches!(error, Error::Provider(_)) => {
            return leases::give_back(&state.studio.db, &state.studio.events, lease).await;
        }
        // Cancelled or given to another: whoever did that has written what there is to write.
        Err(Error::Cancelled) if cancel.is_cancelled() => return Ok(()),
        Err(Error::Provider(ProviderError { class: class @ (ProviderClass::NotReached | ProviderClass::Busy(_)), message, .. })) => {
            let wait = match class {
                ProviderClass::Busy(wait) => wait,
                _ => None,
            };
            return leases::put_off(&state.studio.db, &state.studio.events, lease, wait, message).await;
        }
        Err(Error::Provider(ProviderError { class: ProviderClass::Unknown, message, .. })) => {
            Outcome::Unknown(Failure { kind: ErrorKind::UnknownOutcome, message })
        }
        Err(error) => Outcome::Failed(ApiError::from(error).into()),
    };
    let mut tries = 0;
    loop {
        match leases::finish(&state.studio.db, &state.studio.events, lease, outcome.clone()).await {
            Ok(true) => return Ok(()),
            Ok(false) => {
                tracing::info!(job = %lease.job_id, "the job was cancelled or given to another worker while it ended");
                return Ok(());
            }
            Err(error) if tries >= WRITE_BACKS => return Err(error),
            Err(error) => tracing::warn!(job = %lease.job_id, cause = %error, "trying again to write how the job ended"),
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}
