//! Assets of every kind over HTTP: look, list, and the way into the trash and out of it.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Id, Query},
    list::List,
    problem::Failed,
};
use crate::{
    domain::{Asset, AssetId, asset::AssetFilter, error::Problem},
    server::{library::assets, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, delete)).routes(routes!(restore))
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
