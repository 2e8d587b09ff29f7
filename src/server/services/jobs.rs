//! Jobs: look, list, ask for one, cancel. The end of a job reaches the nodes that wait for it, in every execution, and moves their executions
//! on, in one transaction with its events.

use crate::{
    domain::{
        ApiError, ExecutionId, JobId, Media, Sha256, Timestamp, VideoId,
        event::{Happening, NodeEvent},
        execution::NodeRun,
        job::{Failure, Job, JobEvent, JobFilter, Status},
        page::{Page, PageRequest, SortKey},
    },
    graph::{content_key, plan::Step},
    server::{
        Error, Result,
        jobs::enqueue::{self, Asker},
        services::{advance, events::Events, ingest::MAX_NAME, leases, ledger, prepare},
        store::{
            Db, Tx, events, executions,
            jobs::{self, QueuedJob},
            step_results,
        },
    },
};

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With this clip or picture, or with this clip's poster.
    Made(Media),
    /// Without a result.
    Failed(Failure),
    /// Stopped by the user.
    Cancelled,
    /// A paid request whose outcome is not known; waits for the user.
    Unknown(Failure),
}

/// A job.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
pub async fn job(db: &Db, id: JobId) -> Result<Job> {
    let mut connection = db.reader().acquire().await?;
    Ok(jobs::get(&mut connection, id).await?.ok_or_else(not_found)?.job)
}

/// A page of jobs.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for an order that jobs do not have.
pub async fn list(db: &Db, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>> {
    if page.sort.key != SortKey::CreatedAt {
        return Err(ApiError::invalid("/sort", "Jobs are sorted by created_at.").into());
    }
    jobs::list(db, filter, page).await
}

/// Queues the work of a step that a caller asked for on its own; `clips` are its inputs with their hashes. What is there already is given
/// by a job that is done.
///
/// # Errors
/// The database's.
pub async fn request(db: &Db, told: &Events, step: &Step, clips: &[(VideoId, Sha256)], name: Option<String>) -> Result<JobId> {
    let sockets = || step.media_inputs().map(|input| input.socket);
    let media: Vec<_> = sockets().flat_map(|socket| clips.iter().map(move |(id, _)| (socket, Media::Video(*id)))).collect();
    let work = prepare::work(step, &media).ok_or_else(|| Error::Internal("a step that needs no work was asked for".into()))?;
    let work = prepare::named(work, name);
    let hashes: Vec<_> = sockets().map(|socket| (socket, clips.iter().map(|(_, hash)| *hash).collect())).collect();
    let key = content_key(step, &hashes);
    let mut tx = db.begin().await?;
    let job = match step_results::find(&mut tx, &key).await? {
        Some(media) => enqueue::record_cached(&mut tx, &work, key, media).await?,
        None => enqueue::enqueue(&mut tx, &work, key, Asker::Caller).await?,
    };
    tx.commit().await?;
    told.ring();
    Ok(job.id)
}

/// Checks the name a caller chose for a clip.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid).
pub fn check_name(name: Option<&str>) -> Result<(), ApiError> {
    let wrong = name.is_some_and(|name| name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control));
    if wrong {
        return Err(ApiError::invalid("/name", format!("A name has 1 to {MAX_NAME} characters on one line.")));
    }
    Ok(())
}

/// Cancels a job, and with it every node that waits for it. A finished job stays as it is.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
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

/// Ends a job: its row, the cache, the nodes that wait for it, and what follows from that in their executions.
pub(super) async fn end(tx: &mut Tx, found: QueuedJob, outcome: Outcome) -> Result<Job> {
    let event = match outcome {
        Outcome::Made(_) => JobEvent::Succeed,
        Outcome::Failed(_) => JobEvent::Fail,
        Outcome::Cancelled => JobEvent::Cancel,
        Outcome::Unknown(_) => JobEvent::LoseOutcome,
    };
    let mut job = moved(found.job, event)?;
    job.finished_at = job.status.is_finished().then(Timestamp::now);
    let cost = match outcome {
        Outcome::Unknown(_) => None,
        _ => ledger::end(tx, job.id, matches!(outcome, Outcome::Made(_)), outcome == Outcome::Cancelled)
            .await?
            .and_then(|entry| entry.cost()),
    };
    match &outcome {
        Outcome::Made(media) => {
            job.video_id = media.video();
            job.image_id = media.image();
            job.progress = 1.0;
            job.message.clear();
            if let Some(key) = &found.key {
                step_results::keep(tx, key, *media).await?;
            }
        }
        Outcome::Failed(failure) | Outcome::Unknown(failure) => job.error = Some(failure.clone()),
        Outcome::Cancelled => {}
    }
    jobs::update(tx, &job).await?;
    events::record(tx, &Happening::Job(job.clone())).await?;
    let waiting = change_nodes(tx, job.id, |execution_id, node| {
        node.status = job.status.into();
        node.progress = job.progress;
        node.message.clone_from(&job.message);
        node.video_id = job.video_id;
        node.image_id = job.image_id;
        node.error.clone_from(&job.error);
        // Who shares a job with its asker pays nothing for it.
        node.cost = cost.filter(|_| job.execution_id == Some(execution_id) && job.node_id.as_ref() == Some(&node.node_id));
    })
    .await?;
    for execution_id in waiting {
        advance::advance(tx, execution_id).await?;
    }
    Ok(job)
}

/// Looks once more for the outcome of a paid request. It is asked after, never sent again. Any other job stays as it is.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
pub async fn check_again(db: &Db, told: &Events, id: JobId) -> Result<Job> {
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?;
    if found.job.status != Status::Unknown {
        return Ok(found.job);
    }
    let job = Job { error: None, message: "Waits to be checked".to_owned(), ..moved(found.job, JobEvent::CheckAgain)? };
    jobs::set_run_after(&mut tx, id, None).await?;
    jobs::forgive_attempt(&mut tx, id).await?;
    leases::show_queued(&mut tx, &job).await?;
    tx.commit().await?;
    told.ring();
    Ok(job)
}

/// Changes the nodes that wait for a job, and gives the executions they belong to.
pub(super) async fn change_nodes(tx: &mut Tx, id: JobId, change: impl Fn(ExecutionId, &mut NodeRun)) -> Result<Vec<ExecutionId>> {
    let mut touched = Vec::new();
    for mut event in executions::waiting_for(tx, id).await? {
        change(event.execution_id, &mut event.node);
        let NodeEvent { execution_id, node } = event;
        advance::store_node(tx, execution_id, node).await?;
        if !touched.contains(&execution_id) {
            touched.push(execution_id);
        }
    }
    Ok(touched)
}

pub(super) fn moved(job: Job, event: JobEvent) -> Result<Job> {
    let status = job.status.next(event).ok_or_else(|| Error::Internal(format!("{event:?} cannot happen to job {} now", job.id)))?;
    // Only what waits can be paused.
    Ok(Job { status, paused: false, ..job })
}

pub(super) fn not_found() -> Error {
    ApiError::not_found("job").into()
}
