//! Spending over HTTP: the ledger, and looking once more for the outcome of a paid request.

use axum::{extract::State, response::IntoResponse};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{extract::Id, list::List, problem::Failed};
use crate::{
    domain::{
        JobId,
        error::Problem,
        job::Job,
        spend::{SpendFilter, Spending},
    },
    server::{money::ledger, runs::jobs, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(spending)).routes(routes!(check))
}

/// What was spent, with a page of the paid requests, newest first.
#[utoipa::path(get, path = "/api/spend", operation_id = "get_spending", tag = "spending",
    params(List<SpendFilter>), responses(
    (status = 200, description = "The sums, the caps and a page of the ledger; Link gives the next", body = Spending),
))]
pub async fn spending(State(state): State<AppState>, list: List<SpendFilter>) -> Result<impl IntoResponse, Failed> {
    let (spending, next) = ledger::spending(&state.studio.db, &state.config.caps, &list.page).await?;
    Ok((list.link(next.as_ref()), axum::Json(spending)))
}

/// Looks once more for the outcome of a paid request. It is asked after, never sent again.
#[utoipa::path(post, path = "/api/jobs/{id}/check", operation_id = "check_job", tag = "jobs",
    params(("id" = JobId, Path, description = "The job")), responses(
    (status = 200, description = "The job: queued to be checked if its outcome was unknown, else unchanged", body = Job),
    (status = 404, description = "No such job", body = Problem),
))]
pub async fn check(State(state): State<AppState>, Id(id): Id<JobId>) -> Result<impl IntoResponse, Failed> {
    Ok(axum::Json(jobs::check_again(&state.studio.db, &state.studio.events, id).await?))
}
