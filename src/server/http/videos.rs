//! The library over HTTP: list, look, rename, delete.

use axum::{
    extract::{OriginalUri, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema, openapi::Object};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    download,
    events::event_id,
    extract::{Id, Json, Query, next_link, page_request, search_words},
    problem::Failed,
    upload,
};
use crate::{
    domain::{
        VideoId, WorkflowId,
        error::Problem,
        limits,
        origin::SourceType,
        page::{Cursor, PageRequest, Sort, SortKey},
        video::{Video, VideoFilter},
    },
    server::{library::assets, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, rename, delete)).merge(upload::router()).merge(download::router())
}

/// Which videos, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VideoQuery {
    /// Words that are all in the name or the prompt.
    #[param(schema_with = limits::search)]
    q: Option<String>,
    /// Where it came from.
    source_type: Option<SourceType>,
    /// Pixels across, at least.
    #[param(schema_with = limits::pixels)]
    min_width: Option<u32>,
    /// Pixels down, at least.
    #[param(schema_with = limits::pixels)]
    min_height: Option<u32>,
    /// Seconds, at least.
    #[param(schema_with = limits::seconds)]
    min_duration: Option<f64>,
    /// Seconds, at most.
    #[param(schema_with = limits::seconds)]
    max_duration: Option<f64>,
    /// Used by this workflow.
    workflow_id: Option<WorkflowId>,
    /// Rows on a page, 1 to 200.
    #[param(schema_with = PageRequest::limit_schema)]
    limit: Option<u32>,
    /// What the Link header of the page before gave.
    #[param(schema_with = Cursor::schema)]
    cursor: Option<String>,
    /// `created_at`, `updated_at`, `name`, `duration` or `size`; `-` first for descending. `-created_at` without.
    #[param(schema_with = sort_schema)]
    sort: Option<String>,
}

fn sort_schema() -> Object {
    let keys = [SortKey::CreatedAt, SortKey::UpdatedAt, SortKey::Name, SortKey::Duration, SortKey::Size];
    Sort::schema(&keys, assets::DEFAULT_SORT)
}

/// Videos, newest first.
#[utoipa::path(get, path = "/api/videos", operation_id = "list_videos", tag = "videos",
    params(VideoQuery), responses(
    (status = 200, description = "A page of videos; Link gives the next", body = Vec<Video>, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
))]
pub async fn list(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<VideoQuery>,
) -> Result<impl IntoResponse, Failed> {
    let page = page_request(query.limit, query.cursor.as_deref(), query.sort.as_deref(), assets::DEFAULT_SORT)?;
    let filter = VideoFilter {
        q: search_words(query.q)?,
        source_type: query.source_type,
        min_width: query.min_width,
        min_height: query.min_height,
        min_duration: query.min_duration,
        max_duration: query.max_duration,
        workflow_id: query.workflow_id,
    };
    let event_id = event_id(&state).await?;
    let page = assets::list_videos(&state.studio.db, &filter, &page).await?;
    let link = next_link(&uri, page.next.as_ref()).map(|link| [link]);
    Ok((event_id, link, axum::Json(page.items)))
}

/// A video.
#[utoipa::path(get, path = "/api/videos/{id}", operation_id = "get_video", tag = "videos",
    params(("id" = VideoId, Path, description = "The video")), responses(
    (status = 200, description = "The video, how it was made and where it is used", body = Video, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
    (status = 404, description = "No such video", body = Problem),
    (status = 410, description = "It has left the trash", body = Problem),
))]
pub async fn get(State(state): State<AppState>, Id(id): Id<VideoId>) -> Result<impl IntoResponse, Failed> {
    let event_id = event_id(&state).await?;
    Ok((event_id, axum::Json(assets::video(&state.studio.db, id).await?)))
}

/// A video's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoChange {
    /// 1 to 200 characters on one line.
    #[schema(schema_with = limits::clip_name)]
    name: String,
}

/// Renames a video.
#[utoipa::path(patch, path = "/api/videos/{id}", operation_id = "rename_video", tag = "videos",
    params(("id" = VideoId, Path, description = "The video")), request_body = VideoChange,
    responses(
        (status = 200, description = "The video under its new name", body = Video),
        (status = 404, description = "No such video", body = Problem),
        (status = 410, description = "It has left the trash", body = Problem),
        (status = 422, description = "Not a name", body = Problem),
    ))]
pub async fn rename(
    State(state): State<AppState>,
    Id(id): Id<VideoId>,
    Json(change): Json<VideoChange>,
) -> Result<axum::Json<Video>, Failed> {
    assets::rename(&state.studio.db, id.into(), &change.name).await?;
    Ok(axum::Json(assets::video(&state.studio.db, id).await?))
}

/// Whether to delete what is in use.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Put it into the trash even while it is a workflow's current clip.
    #[serde(default)]
    force: bool,
}

/// Puts a video into the trash.
#[utoipa::path(delete, path = "/api/videos/{id}", operation_id = "delete_video", tag = "videos",
    params(("id" = VideoId, Path, description = "The video"), DeleteQuery), responses(
    (status = 204, description = "In the trash"),
    (status = 404, description = "No such video", body = Problem),
    (status = 410, description = "It has left the trash", body = Problem),
    (status = 409, description = "It is the current clip of these workflows; force=true deletes it all the same", body = Problem),
))]
pub async fn delete(State(state): State<AppState>, Id(id): Id<VideoId>, Query(query): Query<DeleteQuery>) -> Result<StatusCode, Failed> {
    assets::trash(&state.studio.db, id.into(), query.force).await?;
    Ok(StatusCode::NO_CONTENT)
}
