//! Jobs as the page asks for them: look, change, cancel, and their order in the queue.

use leptos::prelude::*;

use super::wire::Call;
use crate::domain::{
    ApiError, JobId,
    job::{Job, JobBoard, JobChange, Status, Step},
};

/// The page of jobs, or only those in `status`. From `cursor` on it is what has ended only.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor that no earlier page gave.
#[server(protocol = Call, endpoint = "list_jobs")]
pub async fn list_jobs(status: Option<Status>, cursor: Option<String>) -> Result<JobBoard, ApiError> {
    use crate::server::{respond, runs::board};
    let state = respond::state()?;
    respond::respond(board::board(&state.studio.db, status, cursor.as_deref()).await)
}

/// Changes the priority of a job, pauses or resumes it. A finished one stays as it is.
///
/// # Errors
/// [`Conflict`](crate::domain::ErrorKind::Conflict) for a job that is to be paused and does not wait.
#[server(protocol = Call, endpoint = "change_job")]
pub async fn change_job(id: JobId, change: JobChange) -> Result<Job, ApiError> {
    use crate::server::{respond, runs::queue};
    let state = respond::state()?;
    respond::respond(queue::change(&state.studio.db, &state.studio.events, id, change).await)
}

/// Cancels a job, and with it every node that waits for it. A finished one stays as it is.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(protocol = Call, endpoint = "cancel_job")]
pub async fn cancel_job(id: JobId) -> Result<Job, ApiError> {
    use crate::server::{respond, runs::jobs};
    let state = respond::state()?;
    respond::respond(jobs::cancel(&state.studio.db, &state.studio.events, id).await)
}

/// Puts a waiting job before every other that waits.
///
/// # Errors
/// [`Conflict`](crate::domain::ErrorKind::Conflict) for a job that does not wait.
#[server(protocol = Call, endpoint = "front_of_queue")]
pub async fn front_of_queue(id: JobId) -> Result<Job, ApiError> {
    use crate::server::{respond, runs::queue};
    let state = respond::state()?;
    respond::respond(queue::to_front(&state.studio.db, &state.studio.events, id).await)
}

/// Swaps a waiting job with the one before or after it.
///
/// # Errors
/// [`Conflict`](crate::domain::ErrorKind::Conflict) for a job that is paused or does not wait.
#[server(protocol = Call, endpoint = "move_job")]
pub async fn move_job(id: JobId, step: Step) -> Result<Job, ApiError> {
    use crate::server::{respond, runs::queue};
    let state = respond::state()?;
    respond::respond(queue::step(&state.studio.db, &state.studio.events, id, step).await)
}
