//! The library over HTTP: list, look, rename, delete.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    assets::AssetChange,
    download,
    events::event_id,
    extract::{Id, Json, Query},
    list::List,
    problem::Failed,
    upload,
};
use crate::{
    domain::{
        VideoId,
        error::Problem,
        video::{Video, VideoFilter},
    },
    server::{library::assets, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, rename, delete)).merge(upload::router()).merge(download::router())
}

/// Videos, newest first.
#[utoipa::path(get, path = "/api/videos", operation_id = "list_videos", tag = "videos",
    params(List<VideoFilter>), responses(
    (status = 200, description = "A page of videos; Link gives the next", body = Vec<Video>, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
))]
pub async fn list(State(state): State<AppState>, list: List<VideoFilter>) -> Result<impl IntoResponse, Failed> {
    let event_id = event_id(&state).await?;
    Ok((event_id, list.answer(assets::list_videos(&state.studio.db, &list.filter, &list.page).await?)))
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

/// Renames a video.
#[utoipa::path(patch, path = "/api/videos/{id}", operation_id = "rename_video", tag = "videos",
    params(("id" = VideoId, Path, description = "The video")), request_body = AssetChange,
    responses(
        (status = 200, description = "The video under its new name", body = Video),
        (status = 404, description = "No such video", body = Problem),
        (status = 410, description = "It has left the trash", body = Problem),
        (status = 422, description = "Not a name", body = Problem),
    ))]
pub async fn rename(
    State(state): State<AppState>,
    Id(id): Id<VideoId>,
    Json(change): Json<AssetChange>,
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
