//! One worker: takes a job, holds its lease while it works, writes back how it ended.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    lease::{self, Held, Leases},
    patience::{pauses, until_written},
    perform::{Progress, perform},
};
use crate::{
    domain::{ApiError, AssetRef, ErrorKind, Timestamp, job::Failure},
    server::{
        Error, Result,
        error::{DatabaseFault, ProviderClass, ProviderError},
        runs::{leases, outcome::Outcome},
        state::AppState,
        store::jobs::{Lease, QueuedJob},
    },
};

/// How long a worker waits for a ring before it looks by itself: a job may become due without one.
const IDLE: Duration = Duration::from_secs(5);

/// So long a poster waits for uploads to come to an end: what is sent is answered first.
const POSTER_PATIENCE: f64 = 30.0;

/// Works on the jobs of one lane until the server stops. A job that leaves the lane goes on beside it, among the tasks of `tracker`. Of the lane's
/// idle workers only the one that has the turn looks for work.
pub(super) async fn work(state: AppState, lane: &'static str, turn: Arc<Mutex<()>>, leases: Leases, tracker: TaskTracker) {
    loop {
        let taken = tokio::select! {
            () = state.stop.cancelled() => None,
            my_turn = turn.lock() => {
                let taken = next(&state, lane, &leases).await;
                drop(my_turn);
                taken
            }
        };
        let Some((job, lease, held)) = taken else { return };
        let lane_left = Arc::new(Notify::new());
        let running = run(state.clone(), job, lease, lane_left.clone());
        let mut running = Box::pin(async move {
            running.await;
            drop(held);
        });
        tokio::select! {
            () = &mut running => {}
            () = lane_left.notified() => drop(tracker.spawn(running)),
        }
    }
}

/// Waits for a job of the lane and takes it; `None` once the server stops.
async fn next(state: &AppState, lane: &'static str, leases: &Leases) -> Option<(QueuedJob, Lease, Held)> {
    let (db, events, content) = (&state.studio.db, &state.studio.events, &state.studio.content);
    let mut changes = events.changes();
    let mut after_refusal = pauses();
    while !state.stop.is_cancelled() {
        // Looked at before the table: a ring that comes between is not lost.
        changes.mark_unchanged();
        let held = leases.begin();
        let posters_until = content.is_receiving().then(|| Timestamp::now().plus_seconds(-POSTER_PATIENCE));
        let wait = match leases::take_next(db, events, lane, held.token(), posters_until).await {
            Ok(Some((job, lease))) => return Some((job, lease, held)),
            Ok(None) => {
                after_refusal = pauses();
                leases::next_due(db, lane).await.unwrap_or_default().map_or(IDLE, |due| due.min(IDLE))
            }
            Err(error) => {
                tracing::error!(cause = %error, "no job could be taken from the queue; trying again");
                after_refusal.next().unwrap_or(IDLE)
            }
        };
        tokio::select! {
            () = state.stop.cancelled() => {}
            _ = changes.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    None
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

/// Writes down how the job ended, however long the database cannot take it. One that could not do its part without the database is asked for anew.
async fn write_back(state: &AppState, lease: &Lease, cancel: &CancellationToken, result: Result<AssetRef>) -> Result<()> {
    let (db, events) = (&state.studio.db, &state.studio.events);
    let give_back = || leases::give_back(db, events, lease);
    let outcome = match result {
        Ok(asset) => Outcome::Made(asset),
        // What a provider said is written down even now: it must not be asked for a second time.
        Err(error) if state.stop.is_cancelled() && !matches!(error, Error::Provider(_)) => return give_back().await,
        // Cancelled or given to another: whoever did that has written what there is to write.
        Err(Error::Cancelled) if cancel.is_cancelled() => return Ok(()),
        Err(error) if error.database_fault().is_some_and(DatabaseFault::is_passing) => {
            tracing::warn!(job = %lease.job_id, cause = %error, "the job needs the database and is done again once that can be used");
            return until_written(&state.stop, "a job to be done again", give_back).await;
        }
        Err(Error::Provider(ProviderError { class: class @ (ProviderClass::NotReached | ProviderClass::Busy(_)), message, .. })) => {
            let wait = match class {
                ProviderClass::Busy(wait) => wait,
                _ => None,
            };
            let put_off = || leases::put_off(db, events, lease, wait, message.clone());
            return until_written(&state.stop, "a job that is put off", put_off).await;
        }
        Err(Error::Provider(ProviderError { class: ProviderClass::Unknown, message, .. })) => {
            Outcome::Unknown(Failure { kind: ErrorKind::UnknownOutcome, message })
        }
        Err(error) => Outcome::Failed(ApiError::from(error).into()),
    };
    let finish = || leases::finish(db, events, lease, outcome.clone());
    if !until_written(&state.stop, "how a job ended", finish).await? {
        tracing::info!(job = %lease.job_id, "the job was cancelled or given to another worker while it ended");
    }
    Ok(())
}
