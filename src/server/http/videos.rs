//! Clips over HTTP: upload, list, look, rename, delete.

use axum::{
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
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
    upload::{self, UploadForm},
};
use crate::{
    domain::{
        AssetKind, VideoId,
        error::Problem,
        video::{UploadedVideo, Video, VideoFilter},
    },
    server::{
        library::{assets, ingest::Kept},
        state::AppState,
    },
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    let uploads = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, rename, delete)).merge(uploads).merge(download::router())
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

/// Stores a video. The same bytes again give the video that is there.
#[utoipa::path(post, path = "/api/videos/upload", operation_id = "upload_video", tag = "videos",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored", body = UploadedVideo),
        (status = 200, description = "These bytes were there already", body = UploadedVideo),
        (status = 413, description = "Larger than REELGRAPH_MAX_UPLOAD_BYTES", body = Problem),
        (status = 422, description = "Not a video, or a wrong part", body = Problem),
    ))]
pub async fn upload(State(state): State<AppState>, request: Request) -> Result<Response, Failed> {
    let Kept { stored, duplicate, restored } = upload::receive_and_keep(&state, request, AssetKind::Video).await?;
    let video = Video::new(stored.asset.clone(), stored.other);
    let place = stored.asset.reference();
    Ok(upload::answer(place, duplicate, UploadedVideo { video_id: video.id, duplicate, restored, video, asset: stored.asset }))
}

/// A video.
#[utoipa::path(get, path = "/api/videos/{id}", operation_id = "get_video", tag = "videos",
    params(("id" = VideoId, Path, description = "The video")), responses(
    (status = 200, description = "The video, how it was made and where it is used", body = Video, headers(
        ("X-Event-Id" = i64, description = "Where the event stream goes on from this answer"))),
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
    (status = 409, description = "It is the current clip of these workflows; force=true deletes it all the same", body = Problem),
))]
pub async fn delete(State(state): State<AppState>, Id(id): Id<VideoId>, Query(query): Query<DeleteQuery>) -> Result<StatusCode, Failed> {
    assets::trash(&state.studio.db, id.into(), query.force).await?;
    Ok(StatusCode::NO_CONTENT)
}
