//! `/api/workflows`: the rows, the slot for unsaved edits, and the videos associated with nodes.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    events::event_id,
    extract::{self, Id},
    list::List,
    problem::Failed,
};
use crate::{
    domain::{
        WorkflowId,
        error::Problem,
        workflow::{NewAssociation, NewDraft, NewWorkflow, SavedWorkflow, Workflow, WorkflowChange, WorkflowFilter, WorkflowSummary},
    },
    server::{library::uses, state::AppState, workflows},
};

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, save, delete))
        .routes(routes!(keep_draft, discard_draft))
        .routes(routes!(associate_video))
}

/// Which workflow was meant or made.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowAnswer {
    /// The workflow's id.
    pub workflow_id: WorkflowId,
}

/// Lists workflows, the last changed first.
#[utoipa::path(get, path = "/api/workflows", operation_id = "list_workflows", tag = "workflows",
    params(List<WorkflowFilter>), responses(
    (status = 200, description = "A page of the workflows", body = Vec<WorkflowSummary>),
))]
async fn list(State(state): State<AppState>, list: List<WorkflowFilter>) -> Result<impl IntoResponse, Failed> {
    Ok(list.answer(workflows::list(&state.studio.db, &list.filter, &list.page).await?))
}

/// Makes a workflow; with the id of a known one it changes that one.
#[utoipa::path(post, path = "/api/workflows", operation_id = "create_workflow", tag = "workflows",
    request_body = NewWorkflow,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of the version that a known workflow must still have")),
    responses(
        (status = 201, description = "Made", body = WorkflowAnswer,
            headers(("ETag" = String, description = "The revision"), ("Location" = String, description = "The workflow's address"))),
        (status = 200, description = "It was there and was changed", body = WorkflowAnswer, headers(("ETag" = String, description = "The revision"))),
        (status = 412, description = "Changed in the meantime; nothing was changed", body = Problem),
        (status = 422, description = "A wrong value or a broken graph", body = Problem),
    ))]
async fn create(
    State(state): State<AppState>,
    headers: HeaderMap,
    extract::Json(new): extract::Json<NewWorkflow>,
) -> Result<impl IntoResponse, Failed> {
    let stored = workflows::create(&state.studio.db, new, if_match(&headers).as_deref()).await?;
    let location = stored.created.then(|| (header::LOCATION, format!("/api/workflows/{}", stored.workflow.id)));
    let status = if stored.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, AppendHeaders(location), answer(stored.workflow)))
}

/// Shows a workflow with its definition, its unsaved edits and its clips.
#[utoipa::path(get, path = "/api/workflows/{id}", operation_id = "get_workflow", tag = "workflows",
    params(("id" = WorkflowId, Path, description = "The workflow")), responses(
    (status = 200, description = "The workflow", body = Workflow, headers(
        ("ETag" = String, description = "The revision of name, description, status and definition"),
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
    (status = 404, description = "No such workflow", body = Problem),
))]
async fn show(State(state): State<AppState>, Id(id): Id<WorkflowId>) -> Result<impl IntoResponse, Failed> {
    let event = event_id(&state).await?;
    let shown = workflows::show(&state.studio.db, id).await?;
    // The tag names the revision only, and the answer holds more than that: it must not be kept and revalidated by the tag.
    let headers = [(header::ETAG, shown.etag), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((event, AppendHeaders(headers), Json(shown.workflow)))
}

/// Changes a workflow; absent fields stay.
#[utoipa::path(put, path = "/api/workflows/{id}", operation_id = "update_workflow", tag = "workflows",
    request_body = WorkflowChange,
    params(("id" = WorkflowId, Path, description = "The workflow"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that the change began from")),
    responses(
        (status = 200, description = "Changed", body = WorkflowAnswer, headers(("ETag" = String, description = "The new revision"))),
        (status = 404, description = "No such workflow", body = Problem),
        (status = 412, description = "Changed in the meantime; nothing was changed", body = Problem),
        (status = 422, description = "A wrong value or a broken graph", body = Problem),
    ))]
async fn save(
    State(state): State<AppState>,
    Id(id): Id<WorkflowId>,
    headers: HeaderMap,
    extract::Json(change): extract::Json<WorkflowChange>,
) -> Result<impl IntoResponse, Failed> {
    Ok(answer(workflows::save(&state.studio.db, id, change, if_match(&headers).as_deref()).await?))
}

/// Deletes a workflow. Its executions are cancelled, its videos stay.
#[utoipa::path(delete, path = "/api/workflows/{id}", operation_id = "delete_workflow", tag = "workflows",
    params(("id" = WorkflowId, Path, description = "The workflow"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to be deleted")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such workflow", body = Problem),
        (status = 412, description = "Changed in the meantime; nothing was deleted", body = Problem),
    ))]
async fn delete(State(state): State<AppState>, Id(id): Id<WorkflowId>, headers: HeaderMap) -> Result<impl IntoResponse, Failed> {
    workflows::delete(&state.studio.db, &state.studio.events, id, if_match(&headers).as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps unsaved edits, in place of earlier ones. Status, revision and `updated_at` stay.
#[utoipa::path(put, path = "/api/workflows/{id}/draft", operation_id = "keep_draft", tag = "workflows",
    request_body = NewDraft, params(("id" = WorkflowId, Path, description = "The workflow")), responses(
    (status = 200, description = "Kept", body = WorkflowAnswer),
    (status = 404, description = "No such workflow", body = Problem),
    (status = 422, description = "A wrong value or a broken graph", body = Problem),
))]
async fn keep_draft(
    State(state): State<AppState>,
    Id(id): Id<WorkflowId>,
    extract::Json(draft): extract::Json<NewDraft>,
) -> Result<impl IntoResponse, Failed> {
    workflows::keep_draft(&state.studio.db, id, draft).await?;
    Ok(Json(WorkflowAnswer { workflow_id: id }))
}

/// Drops the unsaved edits, if there are any.
#[utoipa::path(delete, path = "/api/workflows/{id}/draft", operation_id = "discard_draft", tag = "workflows",
    params(("id" = WorkflowId, Path, description = "The workflow")), responses(
    (status = 204, description = "The slot is empty"),
    (status = 404, description = "No such workflow", body = Problem),
))]
async fn discard_draft(State(state): State<AppState>, Id(id): Id<WorkflowId>) -> Result<impl IntoResponse, Failed> {
    workflows::discard_draft(&state.studio.db, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Associates a video with a node; again, renews role, execution and time.
#[utoipa::path(post, path = "/api/workflows/{id}/videos", operation_id = "associate_video", tag = "workflows",
    request_body = NewAssociation, params(("id" = WorkflowId, Path, description = "The workflow")),
    responses(
        (status = 201, description = "Associated", body = WorkflowAnswer),
        (status = 200, description = "It was associated already and was renewed", body = WorkflowAnswer),
        (status = 404, description = "No such workflow, or no such video", body = Problem),
        (status = 422, description = "A wrong value", body = Problem),
    ))]
async fn associate_video(
    State(state): State<AppState>,
    Id(id): Id<WorkflowId>,
    extract::Json(association): extract::Json<NewAssociation>,
) -> Result<impl IntoResponse, Failed> {
    let new = uses::associate(&state.studio.db, id, &association).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(WorkflowAnswer { workflow_id: id })))
}

fn answer(saved: SavedWorkflow) -> impl IntoResponse {
    ([(header::ETAG, saved.etag)], Json(WorkflowAnswer { workflow_id: saved.id }))
}

/// The `If-Match` header: its lines joined, as they are one list. What is no text matches nothing.
fn if_match(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<_> = headers.get_all(header::IF_MATCH).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}
