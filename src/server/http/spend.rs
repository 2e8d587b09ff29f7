//! Spending over HTTP: the ledger, and looking once more for the outcome of a paid request.

use axum::{
    extract::{OriginalUri, State},
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Id, Query, next_link, page_request},
    problem::Failed,
};
use crate::{
    domain::{
        JobId,
        error::Problem,
        job::Job,
        page::{Cursor, PageRequest, Sort},
        spend::Spending,
    },
    server::{money::ledger, runs::jobs, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(spending)).routes(routes!(check))
}

/// Which page of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpendQuery {
    /// Rows on a page, 1 to 200.
    #[param(schema_with = PageRequest::limit_schema)]
    limit: Option<u32>,
    /// What the Link header of the page before gave.
    #[param(schema_with = Cursor::schema)]
    cursor: Option<String>,
}

/// What was spent, with a page of the paid requests, newest first.
#[utoipa::path(get, path = "/api/spend", operation_id = "get_spending", tag = "spending",
    params(SpendQuery), responses(
    (status = 200, description = "The sums, the caps and a page of the ledger; Link gives the next", body = Spending),
))]
pub async fn spending(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<SpendQuery>,
) -> Result<impl IntoResponse, Failed> {
    let page = page_request(query.limit, query.cursor.as_deref(), None, Sort::NEWEST_FIRST)?;
    let (spending, next) = ledger::spending(&state.studio.db, &state.config.caps, &page).await?;
    let link = next_link(&uri, next.as_ref()).map(|link| [link]);
    Ok((link, axum::Json(spending)))
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
