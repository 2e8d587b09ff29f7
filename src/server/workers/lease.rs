//! Holding a job: a sign of life at intervals, progress to pages, and the end of the work when the job is no longer this worker's.

use std::{convert::Infallible, time::Duration};

use tokio::{sync::watch, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::perform::Progress;
use crate::{
    domain::job::Job,
    server::{
        Result,
        runs::leases,
        state::AppState,
        store::jobs::{Lease, QueuedJob},
    },
};

/// How often a worker gives a sign and the row gets the percentage.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Pages hear of progress at most so often: four times a second.
const TELL: Duration = Duration::from_millis(250);

/// Keeps the lease until dropped. Once it is lost, `cancel` is cancelled.
pub(super) async fn keep(
    state: &AppState,
    job: &QueuedJob,
    lease: &Lease,
    mut progress: watch::Receiver<Progress>,
    cancel: &CancellationToken,
) -> Infallible {
    let mut changes = state.studio.events.changes();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tell = tokio::time::interval(TELL);
    tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let held = tokio::select! {
            _ = heartbeat.tick() => {
                let Progress { share, message } = progress.borrow().clone();
                leases::renew(&state.studio.db, lease, share, &message).await
            }
            _ = changes.changed() => leases::is_held(&state.studio.db, lease).await,
            _ = tell.tick() => tell_progress(state, &job.job, &mut progress).await.map(|()| true),
        };
        match held {
            Ok(true) => {}
            Ok(false) => {
                cancel.cancel();
                return std::future::pending().await;
            }
            Err(error) => tracing::warn!(job = %lease.job_id, cause = %error, "a sign of life could not be given"),
        }
    }
}

async fn tell_progress(state: &AppState, job: &Job, progress: &mut watch::Receiver<Progress>) -> Result<()> {
    if !progress.has_changed().unwrap_or(false) {
        return Ok(());
    }
    let Progress { share, message } = progress.borrow_and_update().clone();
    leases::tell_progress(&state.studio.db, &state.studio.events, job, share, &message).await
}
