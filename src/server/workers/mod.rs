//! What a worker does. Workers take jobs from the table one at a time, as many workers as local ffmpeg jobs may run side by side.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use self::lease::{Leases, Watch};
use super::{
    Result, events,
    library::upkeep,
    runs::{advance, leases, queue},
    state::AppState,
    store::jobs::lane,
};

mod job_ledger;
mod lease;
mod patience;
mod perform;
mod withdraw;
mod worker;

/// Jobs that a provider works on for us at a time.
const SIDE_BY_SIDE: usize = 4;
/// A worker that has given no sign for so long is dead.
const SILENCE: Duration = Duration::from_secs(30);
/// How often dead workers' jobs, old events and old poster jobs are looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(15);

/// The workers of this process.
#[derive(Debug)]
pub struct Workers(TaskTracker);

impl Workers {
    /// Picks up what an earlier process left, then starts working. Ends when `state.stop` is cancelled.
    #[must_use]
    pub fn start(state: &AppState) -> Self {
        let tracker = TaskTracker::new();
        tracker.spawn(begin(state.clone(), tracker.clone()));
        Self(tracker)
    }

    /// Waits until every worker has given its job back, which happens once `state.stop` is cancelled.
    pub async fn stopped(self) {
        self.0.close();
        self.0.wait().await;
    }
}

async fn begin(state: AppState, tracker: TaskTracker) {
    while let Err(error) = recover(&state).await {
        tracing::error!(cause = %error, "what an earlier process left could not be picked up; trying again");
        tokio::select! {
            () = state.stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    let leases = Leases::default();
    for lane in lane::ALL {
        // Waiting for a provider takes no time of this machine.
        let number = if lane == lane::LOCAL { state.config.workers } else { SIDE_BY_SIDE };
        let turn = Arc::default();
        for _ in 0..number {
            tracker.spawn(worker::work(state.clone(), lane, Arc::clone(&turn), leases.clone(), tracker.clone()));
        }
    }
    tracker.spawn(withdraw::tell_providers(state.clone()));
    tracker.spawn(keep_house(state, leases));
}

/// With SQLite there is one process: whatever runs at its start has lost its worker. Executions go on where they were.
async fn recover(state: &AppState) -> Result<()> {
    let left = leases::give_back_all(&state.studio.db, &state.studio.events).await?;
    let resumed = advance::resume_all(&state.studio.db, &state.studio.events).await?;
    if left + resumed > 0 {
        tracing::info!(jobs = left, executions = resumed, "going on with what an earlier process left");
    }
    Ok(())
}

async fn keep_house(state: AppState, ours: Leases) {
    let mut watch = Watch::default();
    let mut ticks = tokio::time::interval(HOUSEKEEPING);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = give_back_dead(&state, &mut watch, &ours).await {
            tracing::warn!(cause = %error, "jobs of dead workers could not be given back");
        }
        match upkeep::may_delete(&state.studio.db, &state.studio.clock).await {
            Ok(true) => forget(&state).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(cause = %error, "whether the clock may be believed could not be looked up; nothing is removed"),
        }
    }
}

/// Removes what has been kept long enough.
async fn forget(state: &AppState) {
    let now = state.studio.clock.now();
    if let Err(error) = events::prune(&state.studio.db, now).await {
        tracing::warn!(cause = %error, "old events could not be removed");
    }
    if let Err(error) = queue::prune_posters(&state.studio.db, now).await {
        tracing::warn!(cause = %error, "old poster jobs could not be removed");
    }
}

async fn give_back_dead(state: &AppState, watch: &mut Watch, ours: &Leases) -> Result<()> {
    let dead = watch.dead(leases::signs(&state.studio.db).await?, ours, SILENCE, Instant::now());
    leases::give_back_dead(&state.studio.db, &state.studio.events, &dead).await.map(drop)
}
