//! Executions over HTTP: start, look, list, cancel.

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
        ExecutionId,
        error::Problem,
        execution::{Execution, ExecutionFilter, NewExecution},
        spend::Estimate,
    },
    server::{
        runs::{estimate, execute},
        state::AppState,
    },
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(start, list)).routes(routes!(price)).routes(routes!(get)).routes(routes!(cancel))
}

/// The answer to a start.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// The new execution.
    pub execution_id: ExecutionId,
}

/// Runs a workflow, or the definition in the body.
#[utoipa::path(post, path = "/api/executions", operation_id = "start_execution", tag = "executions",
    request_body = NewExecution, responses(
    (status = 202, description = "It runs; follow it at GET /api/executions/{id} or /api/events", body = Started),
    (status = 402, description = "It would cost more than the caps allow; nothing was created", body = Problem),
    (status = 404, description = "No such workflow", body = Problem),
    (status = 422, description = "It cannot run; errors[] says why, node by node, and nothing was created", body = Problem),
))]
pub async fn start(State(state): State<AppState>, Json(new): Json<NewExecution>) -> Result<impl IntoResponse, Failed> {
    let execution_id = execute::start(&state.studio, new).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Started { execution_id })))
}

/// What a run would cost. Nothing is created.
#[utoipa::path(post, path = "/api/executions/estimate", operation_id = "estimate_execution", tag = "executions",
    request_body = NewExecution, responses(
    (status = 200, description = "The price by the table, node by node; what is there already costs nothing", body = Estimate),
    (status = 404, description = "No such workflow", body = Problem),
    (status = 422, description = "It cannot run; errors[] says why, node by node", body = Problem),
))]
pub async fn price(State(state): State<AppState>, Json(new): Json<NewExecution>) -> Result<impl IntoResponse, Failed> {
    Ok(axum::Json(estimate::estimate(&state.studio, &new).await?))
}

/// An execution with its nodes.
#[utoipa::path(get, path = "/api/executions/{id}", operation_id = "get_execution", tag = "executions",
    params(("id" = ExecutionId, Path, description = "The execution")), responses(
    (status = 200, description = "The execution; X-Event-Id says from which event on to follow it", body = Execution, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
    (status = 404, description = "No such execution", body = Problem),
))]
pub async fn get(State(state): State<AppState>, Id(id): Id<ExecutionId>) -> Result<impl IntoResponse, Failed> {
    let event_id = event_id(&state).await?;
    Ok((event_id, axum::Json(execute::execution(&state.studio.db, id).await?)))
}

/// Executions, newest first.
#[utoipa::path(get, path = "/api/executions", operation_id = "list_executions", tag = "executions",
    params(List<ExecutionFilter>), responses(
    (status = 200, description = "A page of executions; Link gives the next", body = Vec<Execution>, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
))]
pub async fn list(State(state): State<AppState>, list: List<ExecutionFilter>) -> Result<impl IntoResponse, Failed> {
    let event_id = event_id(&state).await?;
    Ok((event_id, list.answer(execute::list(&state.studio.db, &list.filter, &list.page).await?)))
}

/// Stops an execution. What is already done stays; a finished one stays as it is.
#[utoipa::path(post, path = "/api/executions/{id}/cancel", operation_id = "cancel_execution", tag = "executions",
    params(("id" = ExecutionId, Path, description = "The execution")), responses(
    (status = 200, description = "The execution as it stands now", body = Execution),
    (status = 404, description = "No such execution", body = Problem),
))]
pub async fn cancel(State(state): State<AppState>, Id(id): Id<ExecutionId>) -> Result<impl IntoResponse, Failed> {
    Ok(axum::Json(execute::cancel(&state.studio.db, &state.studio.events, id).await?))
}
