//! Assets of every kind over HTTP: upload, look, list, and the way into the trash and out of it.

use axum::{
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    download::{self, FileBytes, PartHeaders, PosterHeaders, TrashedQuery},
    extract::{Id, Json, Query},
    list::List,
    problem::Failed,
    upload::{self, UploadForm},
};
use crate::{
    domain::{
        Asset, AssetId, AssetKind,
        asset::{AssetFilter, Uploaded},
        error::Problem,
        limits,
    },
    server::{
        library::{assets, ingest::Kept},
        state::AppState,
    },
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    let uploads = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, rename, delete))
        .routes(routes!(restore))
        .routes(routes!(download))
        .routes(routes!(thumbnail))
        .merge(uploads)
}

/// Assets, newest first.
#[utoipa::path(get, path = "/api/assets", operation_id = "list_assets", tag = "assets",
    params(List<AssetFilter>), responses(
    (status = 200, description = "A page of assets; Link gives the next", body = Vec<Asset>),
))]
pub async fn list(State(state): State<AppState>, list: List<AssetFilter>) -> Result<impl IntoResponse, Failed> {
    Ok(list.answer(assets::list(&state.studio.db, &list.filter, &list.page).await?))
}

/// Of which kind an upload is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// What the file is to be stored as.
    kind: AssetKind,
}

/// Stores a file of any kind. The same bytes again give the asset that is there.
#[utoipa::path(post, path = "/api/assets/upload", operation_id = "upload_asset", tag = "assets",
    params(UploadQuery), request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored", body = Uploaded),
        (status = 200, description = "These bytes were there already", body = Uploaded),
        (status = 413, description = "Larger than REELGRAPH_MAX_UPLOAD_BYTES, or than one of this kind may be", body = Problem),
        (status = 422, description = "Not of this kind, or a wrong part", body = Problem),
    ))]
pub async fn upload(State(state): State<AppState>, Query(query): Query<UploadQuery>, request: Request) -> Result<Response, Failed> {
    let Kept { stored, duplicate, restored } = upload::receive_and_keep(&state, request, query.kind).await?;
    let asset = stored.asset;
    Ok(upload::answer(asset.reference(), duplicate, Uploaded { asset, duplicate, restored }))
}

/// An asset, in the trash or not.
#[utoipa::path(get, path = "/api/assets/{id}", operation_id = "get_asset", tag = "assets",
    params(("id" = AssetId, Path, description = "The asset")), responses(
    (status = 200, description = "The asset, how it was made and where it is used", body = Asset),
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
    params(("id" = AssetId, Path, description = "The asset"), TrashedQuery, PartHeaders),
    responses(
    (status = 200, description = "The bytes", content((FileBytes = "video/*"), (FileBytes = "image/*"), (FileBytes = "application/octet-stream"))),
    (status = 206, description = "The asked-for part", content((FileBytes = "video/*"), (FileBytes = "image/*"), (FileBytes = "application/octet-stream"))),
    (status = 304, description = "What you have is right"),
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
    params(("id" = AssetId, Path, description = "The asset"), TrashedQuery, PosterHeaders),
    responses(
    (status = 200, description = "The poster", content((FileBytes = "image/jpeg"))),
    (status = 304, description = "What you have is right"),
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
    (status = 409, description = "It is the current one of nodes in these workflows, or not in the trash, or nothing may be deleted for good yet",
        body = Problem),
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
))]
pub async fn restore(State(state): State<AppState>, Id(id): Id<AssetId>) -> Result<axum::Json<Asset>, Failed> {
    let asset = assets::reference(&state.studio.db, id).await?;
    Ok(axum::Json(assets::restore(&state.studio.db, asset).await?))
}
