//! Assets of every kind over HTTP: look, list, and the way into the trash and out of it.

use axum::{
    extract::{OriginalUri, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::{IntoParams, openapi::Object};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Id, Query, next_link, page_request},
    problem::Failed,
};
use crate::{
    domain::{
        Asset, AssetId, AssetKind,
        asset::AssetFilter,
        error::Problem,
        page::{Cursor, PageRequest, Sort, SortKey},
    },
    server::{library::assets, state::AppState},
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, delete)).routes(routes!(restore))
}

/// Which assets, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssetQuery {
    /// Of this kind.
    kind: Option<AssetKind>,
    /// What is in the trash, instead of what is not.
    #[serde(default)]
    trashed: bool,
    /// Rows on a page, 1 to 200.
    #[param(schema_with = PageRequest::limit_schema)]
    limit: Option<u32>,
    /// What the Link header of the page before gave.
    #[param(schema_with = Cursor::schema)]
    cursor: Option<String>,
    /// `created_at`, or `-created_at` for newest first, which is the default.
    #[param(schema_with = sort_schema)]
    sort: Option<String>,
}

fn sort_schema() -> Object {
    Sort::schema(&[SortKey::CreatedAt], assets::DEFAULT_SORT)
}

/// Assets, newest first.
#[utoipa::path(get, path = "/api/assets", operation_id = "list_assets", tag = "assets",
    params(AssetQuery), responses(
    (status = 200, description = "A page of assets; Link gives the next", body = Vec<Asset>),
))]
pub async fn list(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AssetQuery>,
) -> Result<impl IntoResponse, Failed> {
    let page = page_request(query.limit, query.cursor.as_deref(), query.sort.as_deref(), assets::DEFAULT_SORT)?;
    let page = assets::list(&state.studio.db, &AssetFilter { kind: query.kind, trashed: query.trashed }, &page).await?;
    let link = next_link(&uri, page.next.as_ref()).map(|link| [link]);
    Ok((link, axum::Json(page.items)))
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
