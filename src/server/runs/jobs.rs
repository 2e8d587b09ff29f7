//! Jobs in a caller's hands: look, list, ask for one, cancel.

use crate::{
    domain::{
        ApiError, AssetRef, JobId, Sha256, VideoId,
        job::{Job, JobEvent, JobFilter, Status},
        page::{Page, PageRequest},
    },
    graph::{Step, content_key},
    server::{
        Error, Result,
        events::Events,
        library::ingest::MAX_NAME,
        operations::{
            self,
            enqueue::{self, Requester, Work},
        },
        runs::{
            held,
            outcome::{Outcome, end, moved, not_found, show_queued},
        },
        store::{Db, jobs, step_results},
    },
};

/// A job.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
pub async fn job(db: &Db, id: JobId) -> Result<Job> {
    let mut connection = db.reader().acquire().await?;
    Ok(jobs::get(&mut connection, id).await?.ok_or_else(not_found)?.job)
}

/// Every kind of job: the names of the operations.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    operations::all().iter().map(|operation| operation.name())
}

/// A page of jobs.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a kind that no job has.
pub async fn list(db: &Db, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>> {
    if filter.kind.as_ref().is_some_and(|kind| operations::find(kind.name()).is_none()) {
        let known = kinds().collect::<Vec<_>>().join(", ");
        return Err(ApiError::invalid("/kind", format!("There are no jobs of this kind: choose one of {known}.")).into());
    }
    jobs::list(db, filter, page).await
}

/// Queues the work of a step that a caller asked for on its own; `clips` are its inputs with their hashes. What is there already is given
/// by a job that is done.
///
/// # Errors
/// The database's.
pub async fn request(db: &Db, events: &Events, step: &Step, clips: &[(VideoId, Sha256)], name: Option<String>) -> Result<JobId> {
    let sockets = || step.media_inputs().map(|input| input.socket);
    let media: Vec<_> = sockets().flat_map(|socket| clips.iter().map(move |(id, _)| (socket, AssetRef::from(*id)))).collect();
    let work = Work::of(step, &media, name).ok_or_else(|| Error::Internal("a step that needs no work was asked for".into()))?;
    let hashes: Vec<_> = sockets().map(|socket| (socket, clips.iter().map(|(_, hash)| *hash).collect())).collect();
    let key = content_key(step, &hashes);
    let mut tx = db.begin().await?;
    let job = match step_results::find(&mut tx, &key).await? {
        Some((media, _)) => enqueue::record_cached(&mut tx, &work, key, media).await?,
        None => enqueue::enqueue(&mut tx, &work, key, Requester::Caller).await?,
    };
    tx.commit().await?;
    events.notify();
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
pub async fn cancel(db: &Db, events: &Events, id: JobId) -> Result<Job> {
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?;
    if found.job.status.is_finished() {
        return Ok(found.job);
    }
    let job = end(&mut tx, found, Outcome::Cancelled).await?;
    tx.commit().await?;
    events.notify();
    Ok(job)
}

/// Looks once more for the outcome of a paid request. It is asked after, never sent again. Any other job stays as it is.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
pub async fn check_again(db: &Db, events: &Events, id: JobId) -> Result<Job> {
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?;
    if found.job.status != Status::Unknown {
        return Ok(found.job);
    }
    let message = held::words(&mut tx, &found.job, "Waits to be checked").await?;
    let job = Job { error: None, message, ..moved(found.job, JobEvent::CheckAgain)? };
    jobs::set_run_after(&mut tx, id, None).await?;
    jobs::forgive_attempt(&mut tx, id).await?;
    show_queued(&mut tx, &job).await?;
    tx.commit().await?;
    events.notify();
    Ok(job)
}
