//! Jobs over HTTP: look, list, change, cancel; and those that are asked for on their own.

use axum::{
    extract::{OriginalUri, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema, openapi::Object};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    events::event_id,
    extract::{Id, Json, Query, next_link, page_request},
    problem::Failed,
};
use crate::{
    domain::{
        ExecutionId, JobId,
        error::Problem,
        job::{Job, JobChange, JobFilter, JobKind, Status},
        page::{Cursor, PageRequest, Sort, SortKey},
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

/// Which jobs, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobQuery {
    /// In this status.
    status: Option<Status>,
    /// Of this kind.
    kind: Option<JobKind>,
    /// Of this execution, those included that it shares with another.
    execution_id: Option<ExecutionId>,
    /// Rows on a page, 1 to 200.
    #[param(schema_with = PageRequest::limit_schema)]
    limit: Option<u32>,
    /// What the Link header of the page before gave.
    #[param(schema_with = Cursor::schema)]
    cursor: Option<String>,
    /// `created_at`, or `-created_at` for newest first, which is the default.
    #[param(schema_with = sort_schema)]
    sort: Option<String>,
}

fn sort_schema() -> Object {
    Sort::schema(&[SortKey::CreatedAt], Sort::NEWEST_FIRST)
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", operation_id = "list_jobs", tag = "jobs",
    params(JobQuery), responses(
    (status = 200, description = "A page of jobs; Link gives the next", body = Vec<Job>, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
))]
pub async fn list(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<JobQuery>,
) -> Result<impl IntoResponse, Failed> {
    let page = page_request(query.limit, query.cursor.as_deref(), query.sort.as_deref(), Sort::NEWEST_FIRST)?;
    let event_id = event_id(&state).await?;
    let filter = JobFilter { status: query.status, kind: query.kind, execution_id: query.execution_id };
    let page = jobs::list(&state.studio.db, &filter, &page).await?;
    let link = next_link(&uri, page.next.as_ref()).map(|link| [link]);
    Ok((event_id, link, axum::Json(page.items)))
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
