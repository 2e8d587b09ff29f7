//! The life of a job: taken, done, given back, cancelled. Every change reaches the nodes that wait for the job, in every execution, and
//! moves their executions on, in one transaction with its events.

use crate::{
    domain::{
        ApiError, ErrorKind, ExecutionId, JobId, Timestamp, VideoId,
        event::{Happening, NodeEvent},
        execution::{NodeRun, NodeStatus},
        job::{Failure, Job, JobEvent, Status},
        page::{Page, PageRequest, SortKey},
    },
    server::{
        Error, Result,
        services::{advance, events::Events},
        store::{
            Db, Tx, events, executions,
            jobs::{self, Lease, QueuedJob},
            step_results,
        },
    },
};

/// How often a job may be taken before it counts as one that brings its worker down.
const MAX_ATTEMPTS: i64 = 5;

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With this clip.
    Made(VideoId),
    /// Without a result.
    Failed(Failure),
    /// Stopped by the user.
    Cancelled,
}

/// A job.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn job(db: &Db, id: JobId) -> Result<Job> {
    let mut connection = db.reader().acquire().await?;
    Ok(jobs::get(&mut connection, id).await?.ok_or_else(not_found)?.job)
}

/// A page of jobs.
///
/// # Errors
/// [`ErrorKind::Invalid`] for an order that jobs do not have.
pub async fn list(db: &Db, status: Option<Status>, execution_id: Option<ExecutionId>, page: &PageRequest) -> Result<Page<Job>> {
    if page.sort.key != SortKey::CreatedAt {
        return Err(ApiError::invalid("/sort", "Jobs are sorted by created_at.").into());
    }
    jobs::list(db, status, execution_id, page).await
}

/// Cancels a job, and with it every node that waits for it. A finished job stays as it is.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn cancel(db: &Db, told: &Events, id: JobId) -> Result<Job> {
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?;
    if found.job.status.is_finished() {
        return Ok(found.job);
    }
    let job = end(&mut tx, found, Outcome::Cancelled).await?;
    tx.commit().await?;
    told.ring();
    Ok(job)
}

/// Cancels a job that nobody waits for any more.
///
/// # Errors
/// The database's.
pub async fn release(tx: &mut Tx, id: JobId) -> Result<()> {
    let Some(found) = jobs::get(tx, id).await? else { return Ok(()) };
    let wanted = found.stand_alone || !executions::waiting_for(tx, id).await?.is_empty();
    if !wanted && !found.job.status.is_finished() {
        end(tx, found, Outcome::Cancelled).await?;
    }
    Ok(())
}

/// Takes the next job, if there is one.
///
/// # Errors
/// The database's.
pub async fn take_next(db: &Db, told: &Events, token: &str) -> Result<Option<(QueuedJob, Lease)>> {
    // Mostly there is none; a look disturbs nobody.
    let mut reader = db.reader().acquire().await?;
    if jobs::next(&mut reader).await?.is_none() {
        return Ok(None);
    }
    drop(reader);
    let mut tx = db.begin().await?;
    let Some(id) = jobs::next(&mut tx).await? else { return Ok(None) };
    let lease = jobs::take(&mut tx, id, token.to_owned()).await?;
    let taken = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?;
    events::record(&mut tx, &Happening::Job(taken.job.clone())).await?;
    change_nodes(&mut tx, id, |node| {
        node.status = NodeStatus::Running;
        node.progress = 0.0;
        node.message.clear();
    })
    .await?;
    tx.commit().await?;
    told.ring();
    Ok(Some((taken, lease)))
}

/// Ends a job as its worker says, if the worker still holds it. `false`: it does not, and nothing was changed.
///
/// # Errors
/// The database's.
pub async fn finish(db: &Db, told: &Events, lease: &Lease, outcome: Outcome) -> Result<bool> {
    let mut tx = db.begin().await?;
    if !jobs::holds(&mut tx, lease).await? {
        return Ok(false);
    }
    let found = jobs::get(&mut tx, lease.job_id).await?.ok_or_else(not_found)?;
    end(&mut tx, found, outcome).await?;
    tx.commit().await?;
    told.ring();
    Ok(true)
}

/// Gives a job back because its worker was told to stop; the next one begins anew.
///
/// # Errors
/// The database's.
pub async fn give_back(db: &Db, told: &Events, lease: &Lease) -> Result<()> {
    let mut tx = db.begin().await?;
    if jobs::holds(&mut tx, lease).await? {
        jobs::forgive_attempt(&mut tx, lease.job_id).await?;
        let found = jobs::get(&mut tx, lease.job_id).await?.ok_or_else(not_found)?;
        requeue(&mut tx, found).await?;
        tx.commit().await?;
        told.ring();
    }
    Ok(())
}

/// Gives back every running job whose worker has been silent since `moment`: it is dead. One that was taken too often has failed.
///
/// # Errors
/// The database's.
pub async fn give_back_silent(db: &Db, told: &Events, moment: Timestamp) -> Result<usize> {
    let mut reader = db.reader().acquire().await?;
    if jobs::silent_since(&mut reader, moment).await?.is_empty() {
        return Ok(0);
    }
    drop(reader);
    let mut tx = db.begin().await?;
    let silent = jobs::silent_since(&mut tx, moment).await?;
    let number = silent.len();
    for found in silent {
        tracing::warn!(job = %found.job.id, attempts = found.attempts, "a worker died with this job");
        requeue(&mut tx, found).await?;
    }
    tx.commit().await?;
    told.ring();
    Ok(number)
}

async fn requeue(tx: &mut Tx, found: QueuedJob) -> Result<()> {
    if found.attempts >= MAX_ATTEMPTS {
        let message = format!("The server stopped {MAX_ATTEMPTS} times while it worked on this; it is not tried again by itself.");
        let failure = Failure { kind: ErrorKind::Internal, message };
        return end(tx, found, Outcome::Failed(failure)).await.map(drop);
    }
    let job = Job { progress: 0.0, message: String::new(), ..moved(found.job, JobEvent::Requeue)? };
    jobs::update(tx, &job).await?;
    events::record(tx, &Happening::Job(job.clone())).await?;
    change_nodes(tx, job.id, |node| {
        node.status = NodeStatus::Queued;
        node.progress = 0.0;
        node.message.clear();
    })
    .await?;
    Ok(())
}

/// Ends a job: its row, the cache, the nodes that wait for it, and what follows from that in their executions.
async fn end(tx: &mut Tx, found: QueuedJob, outcome: Outcome) -> Result<Job> {
    let event = match outcome {
        Outcome::Made(_) => JobEvent::Succeed,
        Outcome::Failed(_) => JobEvent::Fail,
        Outcome::Cancelled => JobEvent::Cancel,
    };
    let mut job = moved(found.job, event)?;
    job.finished_at = Some(Timestamp::now());
    match &outcome {
        Outcome::Made(video_id) => {
            job.video_id = Some(*video_id);
            job.progress = 1.0;
            job.message.clear();
            if let Some(key) = &found.key {
                step_results::keep(tx, key, *video_id).await?;
            }
        }
        Outcome::Failed(failure) => job.error = Some(failure.clone()),
        Outcome::Cancelled => {}
    }
    jobs::update(tx, &job).await?;
    events::record(tx, &Happening::Job(job.clone())).await?;
    let waiting = change_nodes(tx, job.id, |node| {
        node.status = job.status.into();
        node.progress = job.progress;
        node.message.clone_from(&job.message);
        node.video_id = job.video_id;
        node.error.clone_from(&job.error);
    })
    .await?;
    for execution_id in waiting {
        advance::advance(tx, execution_id).await?;
    }
    Ok(job)
}

/// Changes the nodes that wait for a job, and gives the executions they belong to.
async fn change_nodes(tx: &mut Tx, id: JobId, change: impl Fn(&mut NodeRun)) -> Result<Vec<ExecutionId>> {
    let mut touched = Vec::new();
    for mut event in executions::waiting_for(tx, id).await? {
        change(&mut event.node);
        let NodeEvent { execution_id, node } = event;
        advance::store_node(tx, execution_id, node).await?;
        if !touched.contains(&execution_id) {
            advance::note_start(tx, execution_id).await?;
            touched.push(execution_id);
        }
    }
    Ok(touched)
}

fn moved(job: Job, event: JobEvent) -> Result<Job> {
    let status = job.status.next(event).ok_or_else(|| Error::Internal(format!("{event:?} cannot happen to job {} now", job.id)))?;
    Ok(Job { status, ..job })
}

fn not_found() -> Error {
    ApiError::not_found("job").into()
}
