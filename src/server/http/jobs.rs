//! Jobs over HTTP: look, list, change, cancel; and those that are asked for on their own.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    events::event_id,
    extract::{Id, Json},
    list::List,
    problem::Failed,
};
use crate::{
    domain::{
        JobId,
        error::Problem,
        job::{Job, JobChange, JobFilter},
    },
    server::{
        runs::{
            generation::{self, NewGeneration},
            jobs, queue,
            stitching::{self, NewStitch},
        },
        state::AppState,
    },
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, change, cancel)).routes(routes!(generate)).routes(routes!(stitch))
}

/// The answer to a request for work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queued {
    /// The job that does it.
    pub job_id: JobId,
}

/// Generates a clip outside any workflow.
#[utoipa::path(post, path = "/api/videos/generate", operation_id = "generate_video", tag = "videos",
    request_body = NewGeneration, responses(
    (status = 202, description = "The job that makes it; its video_id is the clip", body = Queued),
    (status = 402, description = "It would cost more than the caps allow; nothing was created", body = Problem),
    (status = 422, description = "A wrong value, or a setting is missing; errors[] says which", body = Problem),
))]
pub async fn generate(State(state): State<AppState>, Json(new): Json<NewGeneration>) -> Result<impl IntoResponse, Failed> {
    let job_id = generation::generate(&state.studio, new).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Queued { job_id })))
}

/// Joins clips outside any workflow.
#[utoipa::path(post, path = "/api/videos/stitch", operation_id = "stitch_videos", tag = "videos",
    request_body = NewStitch, responses(
    (status = 202, description = "The job that joins them; its video_id is the result", body = Queued),
    (status = 422, description = "A wrong value, or a clip that is not in the library; errors[] says which", body = Problem),
))]
pub async fn stitch(State(state): State<AppState>, Json(new): Json<NewStitch>) -> Result<impl IntoResponse, Failed> {
    let job_id = stitching::stitch(&state.studio, new).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Queued { job_id })))
}

/// A job.
#[utoipa::path(get, path = "/api/jobs/{id}", operation_id = "get_job", tag = "jobs",
    params(("id" = JobId, Path, description = "The job")), responses(
    (status = 200, description = "The job; X-Event-Id says from which event on to follow it", body = Job, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
    (status = 404, description = "No such job", body = Problem),
))]
pub async fn get(State(state): State<AppState>, Id(id): Id<JobId>) -> Result<impl IntoResponse, Failed> {
    let event_id = event_id(&state).await?;
    Ok((event_id, axum::Json(jobs::job(&state.studio.db, id).await?)))
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", operation_id = "list_jobs", tag = "jobs",
    params(List<JobFilter>), responses(
    (status = 200, description = "A page of jobs; Link gives the next", body = Vec<Job>, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
))]
pub async fn list(State(state): State<AppState>, list: List<JobFilter>) -> Result<impl IntoResponse, Failed> {
    let event_id = event_id(&state).await?;
    Ok((event_id, list.answer(jobs::list(&state.studio.db, &list.filter, &list.page).await?)))
}

/// Changes the priority of a job, pauses or resumes it. A finished one stays as it is.
#[utoipa::path(patch, path = "/api/jobs/{id}", operation_id = "change_job", tag = "jobs",
    params(("id" = JobId, Path, description = "The job")), request_body = JobChange, responses(
    (status = 200, description = "The job as it stands now", body = Job),
    (status = 404, description = "No such job", body = Problem),
    (status = 409, description = "Only a job that waits can be paused", body = Problem),
    (status = 422, description = "A wrong value, or nothing to change", body = Problem),
))]
pub async fn change(State(state): State<AppState>, Id(id): Id<JobId>, Json(change): Json<JobChange>) -> Result<impl IntoResponse, Failed> {
    Ok(axum::Json(queue::change(&state.studio.db, &state.studio.events, id, change).await?))
}

/// Cancels a job. A finished one stays as it is.
#[utoipa::path(delete, path = "/api/jobs/{id}", operation_id = "cancel_job", tag = "jobs",
    params(("id" = JobId, Path, description = "The job")), responses(
    (status = 200, description = "The job as it stands now", body = Job),
    (status = 404, description = "No such job", body = Problem),
))]
pub async fn cancel(State(state): State<AppState>, Id(id): Id<JobId>) -> Result<impl IntoResponse, Failed> {
    Ok(axum::Json(jobs::cancel(&state.studio.db, &state.studio.events, id).await?))
}
