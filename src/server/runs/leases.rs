//! Jobs in the hands of workers: taken by lease, kept by signs of life, ended or given back. Whatever a worker writes names its lease; one
//! that has lost it changes nothing.

use std::time::Duration;

use super::{
    advance, held,
    outcome::{Outcome, change_nodes, end, moved, not_found, show_queued},
};
use crate::{
    domain::{
        ErrorKind, Timestamp,
        event::EventPayload,
        execution::NodeStatus,
        job::{Failure, Job, JobEvent},
    },
    server::{
        Result,
        events::Events,
        store::{
            Db, Tx, events, executions,
            jobs::{self, Lease, QueuedJob, Sign, lane},
            spends,
        },
    },
};

/// How often a job may be taken before it counts as one that brings its worker down.
const MAX_ATTEMPTS: i64 = 5;

/// A provider that took nothing is asked again after this, growing with each time, where it names no wait, in seconds.
const FIRST_WAIT: f64 = 2.0;
/// The longest such wait, in seconds.
const LONGEST_WAIT: f64 = 60.0;
/// How often a provider may take nothing before the job fails.
const MAX_REFUSALS: i64 = 10;

/// Takes the next job of a lane, if there is one; of those that make posters only what was asked for until `posters_until`, where that is given.
///
/// # Errors
/// The database's.
pub async fn take_next(
    db: &Db,
    events: &Events,
    lane: &str,
    token: &str,
    posters_until: Option<Timestamp>,
) -> Result<Option<(QueuedJob, Lease)>> {
    // Mostly there is none; a look disturbs nobody.
    let mut reader = db.reader().acquire().await?;
    if jobs::next(&mut reader, lane, posters_until).await?.is_none() {
        return Ok(None);
    }
    drop(reader);
    let mut tx = db.begin().await?;
    let Some(id) = jobs::next(&mut tx, lane, posters_until).await? else { return Ok(None) };
    let lease = jobs::take(&mut tx, id, token.to_owned()).await?;
    let taken = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?;
    events::record(&mut tx, &EventPayload::Job(taken.job.clone())).await?;
    let waiting = change_nodes(&mut tx, id, |_, node| {
        node.status = NodeStatus::Running;
        node.progress = 0.0;
        node.message.clear();
    })
    .await?;
    for (execution_id, _) in waiting {
        advance::settle(&mut tx, execution_id).await?;
    }
    tx.commit().await?;
    events.notify();
    Ok(Some((taken, lease)))
}

/// How long until the next job of a lane that may not begin yet.
///
/// # Errors
/// The database's.
pub async fn next_due(db: &Db, lane: &str) -> Result<Option<Duration>> {
    let mut reader = db.reader().acquire().await?;
    let due = jobs::next_due(&mut reader, lane).await?;
    Ok(due.map(|due| Duration::from_secs_f64(due.seconds_since(Timestamp::now()).max(0.05))))
}

/// Puts off a job whose provider took nothing of it, and with it everything else that waits for this provider. After many times it fails.
///
/// # Errors
/// The database's.
pub async fn put_off(db: &Db, events: &Events, lease: &Lease, wait: Option<Duration>, reason: String) -> Result<()> {
    let mut tx = db.begin().await?;
    if !jobs::holds(&mut tx, lease).await? {
        return Ok(());
    }
    let found = jobs::get(&mut tx, lease.job_id).await?.ok_or_else(not_found)?;
    let refusals = spends::get(&mut tx, lease.job_id).await?.map_or(0, |entry| entry.refusals);
    if refusals >= MAX_REFUSALS {
        let message = format!("{reason} It was tried {refusals} times. Nothing was made; run it again later.");
        end(&mut tx, found, Outcome::Failed(Failure { kind: ErrorKind::RateLimited, message })).await?;
    } else {
        let growing = FIRST_WAIT * 1.8_f64.powi(i32::try_from(refusals).unwrap_or(i32::MAX) - 1);
        let seconds = wait.map_or(growing.clamp(FIRST_WAIT, LONGEST_WAIT), |wait| wait.as_secs_f64());
        let moment = Timestamp::now().plus_seconds(seconds);
        jobs::forgive_attempt(&mut tx, lease.job_id).await?;
        let message = format!("{reason} Next try in {} s.", seconds.ceil());
        let lane = found.lane.clone();
        let job = Job { progress: 0.0, message, ..moved(found.job, JobEvent::Requeue)? };
        jobs::set_run_after(&mut tx, job.id, Some(moment)).await?;
        show_queued(&mut tx, &job).await?;
        jobs::put_off_lane(&mut tx, &lane, moment).await?;
    }
    tx.commit().await?;
    events.notify();
    Ok(())
}

/// Ends a job as its worker says, if the worker still holds it. `false`: it does not, and nothing was changed.
///
/// # Errors
/// The database's.
pub async fn finish(db: &Db, events: &Events, lease: &Lease, outcome: Outcome) -> Result<bool> {
    let mut tx = db.begin().await?;
    if !jobs::holds(&mut tx, lease).await? {
        return Ok(false);
    }
    let found = jobs::get(&mut tx, lease.job_id).await?.ok_or_else(not_found)?;
    end(&mut tx, found, outcome).await?;
    tx.commit().await?;
    events.notify();
    Ok(true)
}

/// Renews a worker's lease and stores how far it is. `false`: the job is no longer this worker's.
///
/// # Errors
/// The database's.
pub async fn renew(db: &Db, lease: &Lease, progress: f64, message: &str) -> Result<bool> {
    let mut tx = db.begin().await?;
    let held = jobs::renew(&mut tx, lease, progress, message).await?;
    if held {
        executions::update_progress(&mut tx, lease.job_id, progress, message).await?;
    }
    tx.commit().await?;
    Ok(held)
}

/// Whether a worker still holds its job.
///
/// # Errors
/// The database's.
pub async fn is_held(db: &Db, lease: &Lease) -> Result<bool> {
    let mut connection = db.reader().acquire().await?;
    jobs::holds(&mut connection, lease).await
}

/// Tells pages how far a job is, and the nodes that wait for it.
///
/// # Errors
/// The database's.
pub async fn tell_progress(db: &Db, events: &Events, job: &Job, progress: f64, message: &str) -> Result<()> {
    // One snapshot: whoever has seen a newer event than this one knows better.
    let mut snapshot = db.reader().begin().await?;
    let as_of = events::kept(&mut snapshot).await?.last;
    let mut nodes = executions::waiting_for(&mut snapshot, job.id).await?;
    drop(snapshot);
    for event in &mut nodes {
        event.node.progress = progress;
        message.clone_into(&mut event.node.message);
    }
    let job = Job { progress, message: message.to_owned(), ..job.clone() };
    events.tell_progress(as_of, &job, &nodes)
}

/// Gives a job back because its worker was told to stop; the next one begins anew.
///
/// # Errors
/// The database's.
pub async fn give_back(db: &Db, events: &Events, lease: &Lease) -> Result<()> {
    let mut tx = db.begin().await?;
    if jobs::holds(&mut tx, lease).await? {
        jobs::forgive_attempt(&mut tx, lease.job_id).await?;
        let found = jobs::get(&mut tx, lease.job_id).await?.ok_or_else(not_found)?;
        requeue(&mut tx, found).await?;
        tx.commit().await?;
        events.notify();
    }
    Ok(())
}

/// The last sign of life of each running job's worker.
///
/// # Errors
/// The database's.
pub async fn signs(db: &Db) -> Result<Vec<Sign>> {
    jobs::signs(&mut *db.reader().acquire().await?).await
}

/// Gives back every running job, where nobody can be working on any: at the start.
///
/// # Errors
/// The database's.
pub async fn give_back_all(db: &Db, events: &Events) -> Result<usize> {
    let signs = signs(db).await?;
    give_back_dead(db, events, &signs).await
}

/// Gives back the jobs of dead workers whose last sign these are. One that was taken too often has failed.
///
/// # Errors
/// The database's.
pub async fn give_back_dead(db: &Db, events: &Events, dead: &[Sign]) -> Result<usize> {
    if dead.is_empty() {
        return Ok(0);
    }
    let mut number = 0;
    let mut tx = db.begin().await?;
    for sign in dead {
        if !jobs::is_last(&mut tx, sign).await? {
            continue;
        }
        let found = jobs::get(&mut tx, sign.job_id).await?.ok_or_else(not_found)?;
        tracing::warn!(job = %found.job.id, attempts = found.attempts, "a worker died with this job");
        requeue(&mut tx, found).await?;
        number += 1;
    }
    tx.commit().await?;
    events.notify();
    Ok(number)
}

async fn requeue(tx: &mut Tx, found: QueuedJob) -> Result<()> {
    // Waiting for a provider brings no worker down, and what was paid for is not given up.
    if found.attempts >= MAX_ATTEMPTS && found.lane == lane::LOCAL {
        let message = format!("The server stopped {MAX_ATTEMPTS} times while it worked on this; it is not tried again by itself.");
        let failure = Failure { kind: ErrorKind::Internal, message };
        return end(tx, found, Outcome::Failed(failure)).await.map(drop);
    }
    let message = held::words(tx, &found.job, "").await?;
    let job = Job { progress: 0.0, message, ..moved(found.job, JobEvent::Requeue)? };
    show_queued(tx, &job).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ExecutionId, NodeId,
            job::{JobKind, Status},
        },
        server::{
            operations::enqueue::Requester,
            runs::{
                jobs::{cancel, job},
                outcome::release,
                sample_jobs::{ask, database},
            },
        },
    };

    async fn take(db: &Db, token: &str) -> (QueuedJob, Lease) {
        take_next(db, &Events::default(), lane::LOCAL, token, None).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn executions_take_turns_however_much_one_has_queued() {
        let (_dir, db) = database().await;
        let (large, small) = (ExecutionId::generate(), ExecutionId::generate());
        let node: NodeId = "n".parse().unwrap();
        for number in 0..4 {
            ask(&db, number, Requester::Node(large, node.clone())).await;
        }
        let first = take(&db, "a").await.0.job;
        assert_eq!(first.execution_id, Some(large));
        for number in 10..12 {
            ask(&db, number, Requester::Node(small, node.clone())).await;
        }
        let mut turns = Vec::new();
        for _ in 0..4 {
            turns.push(take(&db, "a").await.0.job.execution_id);
        }
        assert_eq!(turns, [Some(small), Some(large), Some(small), Some(large)]);
    }

    #[tokio::test]
    async fn a_worker_that_lost_its_job_can_write_nothing_back() {
        let (_dir, db) = database().await;
        let events = Events::default();
        let id = ask(&db, 1, Requester::Caller).await;
        let (_, dead) = take(&db, "dead").await;
        assert_eq!(give_back_all(&db, &events).await.unwrap(), 1);
        let (_, alive) = take(&db, "alive").await;
        let failure = Failure { kind: ErrorKind::Internal, message: "late".into() };
        assert!(!finish(&db, &events, &dead, Outcome::Failed(failure)).await.unwrap());
        assert!(!renew(&db, &dead, 0.9, "late").await.unwrap());
        assert!(renew(&db, &alive, 0.5, "half").await.unwrap());
        assert_eq!(job(&db, id).await.unwrap().progress, 0.5);
        assert_eq!(cancel(&db, &events, id).await.unwrap().status, Status::Cancelled);
        assert!(!finish(&db, &events, &alive, Outcome::Cancelled).await.unwrap());
    }

    #[tokio::test]
    async fn a_job_that_brings_its_worker_down_again_and_again_fails_in_the_end() {
        let (_dir, db) = database().await;
        let events = Events::default();
        let id = ask(&db, 1, Requester::Caller).await;
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(take(&db, "doomed").await.0.attempts, attempt);
            give_back_all(&db, &events).await.unwrap();
        }
        let failed = job(&db, id).await.unwrap();
        assert_eq!((failed.status, failed.kind), (Status::Failed, JobKind::from_name("generate")));
        assert!(failed.error.unwrap().message.contains("5 times"));
    }

    #[tokio::test]
    async fn giving_back_in_good_order_costs_no_attempt() {
        let (_dir, db) = database().await;
        let events = Events::default();
        ask(&db, 1, Requester::Caller).await;
        for _ in 0..2 * MAX_ATTEMPTS {
            let (taken, lease) = take(&db, "stopping").await;
            assert_eq!(taken.attempts, 1);
            give_back(&db, &events, &lease).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_same_work_is_queued_once() {
        let (_dir, db) = database().await;
        let node: NodeId = "n".parse().unwrap();
        let first = ask(&db, 1, Requester::Node(ExecutionId::generate(), node)).await;
        assert_eq!(ask(&db, 1, Requester::Caller).await, first);
        let mut tx = db.begin().await.unwrap();
        // No execution waits for it any more, but the caller does.
        release(&mut tx, first).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(job(&db, first).await.unwrap().status, Status::Queued);
    }
}
