//! Holding a job: a sign of life at intervals, progress to pages, and the end of the work when the job is no longer this worker's.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::perform::Progress;
use crate::{
    domain::{JobId, job::Job},
    server::{
        Result,
        runs::leases,
        state::AppState,
        store::jobs::{Lease, QueuedJob, Sign},
    },
};

/// How often a worker gives a sign and the row gets the percentage.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Pages hear of progress at most so often: four times a second.
const TELL: Duration = Duration::from_millis(250);

/// The leases of this process's workers, who live as long as it does. They need no sign: while the disk is full they can give none.
#[derive(Debug, Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashSet<String>>>);

impl Leases {
    /// A token for the next job, this process's until it is dropped.
    pub(super) fn begin(&self) -> Held {
        let token = JobId::generate().to_string();
        self.tokens().insert(token.clone());
        Held { leases: self.clone(), token }
    }

    fn tokens(&self) -> MutexGuard<'_, HashSet<String>> {
        // A panic elsewhere leaves the set whole: tokens are only added and taken out.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token that is one of this process's.
#[derive(Debug)]
pub(super) struct Held {
    leases: Leases,
    token: String,
}

impl Held {
    /// The token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.leases.tokens().remove(&self.token);
    }
}

/// Since when the signs of running jobs have not changed, by the clock that nobody sets.
#[derive(Debug, Default)]
pub(super) struct Watch(HashMap<JobId, (Sign, Instant)>);

impl Watch {
    /// The jobs whose worker is dead `now`: it is none of `ours`, and has given no sign for `silence`. `signs` are those of all that run.
    pub(super) fn dead(&mut self, signs: Vec<Sign>, ours: &Leases, silence: Duration, now: Instant) -> Vec<Sign> {
        let seen = std::mem::take(&mut self.0);
        let ours = ours.tokens();
        for sign in signs.into_iter().filter(|sign| sign.token.as_ref().is_none_or(|token| !ours.contains(token))) {
            let since = seen.get(&sign.job_id).filter(|(before, _)| *before == sign).map_or(now, |(_, since)| *since);
            self.0.insert(sign.job_id, (sign, since));
        }
        self.0.values().filter(|(_, since)| now.duration_since(*since) >= silence).map(|(sign, _)| sign.clone()).collect()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(30);

    fn sign(job_id: JobId, token: &str, at: &str) -> Sign {
        Sign { job_id, token: Some(token.to_owned()), heartbeat_at: Some(at.to_owned()) }
    }

    #[test]
    fn only_strangers_that_give_no_new_sign_are_dead() {
        let (ours, mut watch) = (Leases::default(), Watch::default());
        let (begin, later) = (Instant::now(), Instant::now() + SILENCE);
        let held = ours.begin();
        let [own, alive, dead] = [JobId::generate(), JobId::generate(), JobId::generate()];
        let signs = |at: &str| vec![sign(own, held.token(), "5"), sign(alive, "stranger", at), sign(dead, "gone", "5")];
        assert!(watch.dead(signs("5"), &ours, SILENCE, begin).is_empty());
        // A clock that is set back makes the new sign an older time; it is new all the same.
        assert_eq!(watch.dead(signs("4"), &ours, SILENCE, later), [sign(dead, "gone", "5")]);
        let left = vec![sign(own, held.token(), "5")];
        drop(held);
        watch.dead(left.clone(), &ours, SILENCE, later);
        assert_eq!(watch.dead(left.clone(), &ours, SILENCE, later + SILENCE), left);
    }
}
