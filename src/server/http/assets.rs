//! Assets of every kind over HTTP: look, list, and the way into the trash and out of it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    download::{self, FileBytes, TrashedQuery},
    extract::{Id, Json, Query},
    list::List,
    problem::Failed,
};
use crate::{
    domain::{Asset, AssetId, asset::AssetFilter, error::Problem, limits},
    server::{library::assets, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, rename, delete))
        .routes(routes!(restore))
        .routes(routes!(download))
        .routes(routes!(thumbnail))
}

/// Assets, newest first.
#[utoipa::path(get, path = "/api/assets", operation_id = "list_assets", tag = "assets",
    params(List<AssetFilter>), responses(
    (status = 200, description = "A page of assets; Link gives the next", body = Vec<Asset>),
))]
pub async fn list(State(state): State<AppState>, list: List<AssetFilter>) -> Result<impl IntoResponse, Failed> {
    Ok(list.answer(assets::list(&state.studio.db, &list.filter, &list.page).await?))
}

/// An asset, in the trash or not.
#[utoipa::path(get, path = "/api/assets/{id}", operation_id = "get_asset", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset")), responses(
    (status = 200, description = "The asset, how it was made and where it is used", body = Asset),
    (status = 404, description = "No such asset", body = Problem),
    (status = 410, description = "It has left the trash", body = Problem),
))]
pub async fn get(State(state): State<AppState>, Id(id): Id<AssetId>) -> Result<axum::Json<Asset>, Failed> {
    Ok(axum::Json(assets::asset(&state.studio.db, id).await?))
}

/// An asset's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetChange {
    /// 1 to 200 characters on one line.
    #[schema(schema_with = limits::clip_name)]
    pub(super) name: String,
}

/// Renames an asset.
#[utoipa::path(patch, path = "/api/assets/{id}", operation_id = "rename_asset", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset")), request_body = AssetChange,
    responses(
        (status = 200, description = "The asset under its new name", body = Asset),
        (status = 404, description = "No such asset", body = Problem),
        (status = 410, description = "It has left the trash", body = Problem),
        (status = 422, description = "Not a name", body = Problem),
    ))]
pub async fn rename(
    State(state): State<AppState>,
    Id(id): Id<AssetId>,
    Json(change): Json<AssetChange>,
) -> Result<axum::Json<Asset>, Failed> {
    let asset = assets::reference(&state.studio.db, id).await?;
    Ok(axum::Json(assets::rename(&state.studio.db, asset, &change.name).await?.asset))
}

/// The bytes of an asset, whole or in part. HEAD gives the headers.
#[utoipa::path(get, path = "/api/assets/{id}/download", operation_id = "download_asset", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset"), TrashedQuery,
        ("Range" = Option<String>, Header, description = "The part that is wanted, such as `bytes=0-1023`. What cannot be read is passed over"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the bytes you have"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the bytes must have")),
    responses(
    (status = 200, description = "The bytes", content((FileBytes = "video/*"), (FileBytes = "image/*"), (FileBytes = "application/octet-stream"))),
    (status = 206, description = "The asked-for part", content((FileBytes = "video/*"), (FileBytes = "image/*"), (FileBytes = "application/octet-stream"))),
    (status = 304, description = "What you have is right"),
    (status = 404, description = "No such asset", body = Problem),
    (status = 410, description = "Deleted, or its file is lost", body = Problem),
    (status = 412, description = "If-Match names other bytes", body = Problem),
    (status = 416, description = "The range lies outside the file", body = Problem),
))]
pub async fn download(
    State(state): State<AppState>,
    Id(id): Id<AssetId>,
    Query(query): Query<TrashedQuery>,
    request: HeaderMap,
) -> Result<Response, Failed> {
    let asset = assets::reference(&state.studio.db, id).await?;
    download::of_asset(&state, asset, query, &request).await
}

/// A small picture of an asset, a JPEG.
#[utoipa::path(get, path = "/api/assets/{id}/thumbnail", operation_id = "get_asset_thumbnail", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset"), TrashedQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the poster you have")),
    responses(
    (status = 200, description = "The poster", content((FileBytes = "image/jpeg"))),
    (status = 304, description = "What you have is right"),
    (status = 404, description = "No such asset", body = Problem),
    (status = 410, description = "Deleted, or its file is lost", body = Problem),
    (status = 412, description = "If-Match names other bytes", body = Problem),
    (status = 503, description = "ffmpeg is not installed", body = Problem),
))]
pub async fn thumbnail(
    State(state): State<AppState>,
    Id(id): Id<AssetId>,
    Query(query): Query<TrashedQuery>,
    request: HeaderMap,
) -> Result<Response, Failed> {
    let asset = assets::reference(&state.studio.db, id).await?;
    download::poster_of_asset(&state, asset, query, &request).await
}

/// How an asset is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssetDeleteQuery {
    /// Put it into the trash even while it is the current one of a workflow's node.
    #[serde(default)]
    force: bool,
    /// Delete for good what is in the trash.
    #[serde(default)]
    permanent: bool,
}

/// Puts an asset into the trash; with `permanent`, deletes one for good that is in it.
#[utoipa::path(delete, path = "/api/assets/{id}", operation_id = "delete_asset", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset"), AssetDeleteQuery), responses(
    (status = 204, description = "In the trash, or gone for good"),
    (status = 404, description = "No such asset", body = Problem),
    (status = 409, description = "It is the current one of nodes in these workflows, or not in the trash", body = Problem),
    (status = 410, description = "It has left the trash", body = Problem),
))]
pub async fn delete(
    State(state): State<AppState>,
    Id(id): Id<AssetId>,
    Query(query): Query<AssetDeleteQuery>,
) -> Result<StatusCode, Failed> {
    let asset = assets::reference(&state.studio.db, id).await?;
    if query.permanent {
        assets::delete(&state.studio.db, &state.studio.content, asset).await?;
    } else {
        assets::trash(&state.studio.db, asset, query.force).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an asset out of the trash.
#[utoipa::path(post, path = "/api/assets/{id}/restore", operation_id = "restore_asset", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset")), responses(
    (status = 200, description = "The asset as it stands now", body = Asset),
    (status = 404, description = "No such asset", body = Problem),
    (status = 410, description = "It has left the trash", body = Problem),
))]
pub async fn restore(State(state): State<AppState>, Id(id): Id<AssetId>) -> Result<axum::Json<Asset>, Failed> {
    let asset = assets::reference(&state.studio.db, id).await?;
    Ok(axum::Json(assets::restore(&state.studio.db, asset).await?))
}
