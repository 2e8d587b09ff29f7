//! The node types over HTTP.

use axum::response::IntoResponse;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    graph::catalog::{NodeTypeEntry, catalog},
    server::state::AppState,
};

/// The route.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Every node type that a definition may hold, in the order of the palette.
#[utoipa::path(get, path = "/api/nodes", operation_id = "list_node_types", tag = "workflows", responses(
    (status = 200, description = "The node types", body = Vec<NodeTypeEntry>),
))]
pub async fn list() -> impl IntoResponse {
    axum::Json(catalog())
}
