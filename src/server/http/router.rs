//! Every route of the server, and the layers around them.

use axum::{
    Json, Router,
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, services::ServeDir, set_header::SetResponseHeaderLayer, trace::TraceLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    health,
    layers::{self, Access},
    login, pages,
    problem::Failed,
};
use crate::{
    domain::{ApiError, ErrorKind},
    server::state::AppState,
    ui,
};

/// The description of the API, without its paths: those come from the handlers.
#[derive(OpenApi)]
#[openapi(info(title = "Reelgraph", description = "Workflows, videos and executions. Errors are application/problem+json (RFC 9457)."))]
struct ApiDescription;

/// The API's routes with their description.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ApiDescription::openapi()).routes(routes!(health::healthz)).routes(routes!(health::readyz))
}

/// The whole server as one service.
pub fn router(state: AppState, access: Access) -> Router {
    let (api, description) = api().split_for_parts();
    let pages = generate_route_list(ui::App);
    let context = {
        let state = state.clone();
        move || pages::provide(&state)
    };
    let shell = {
        let options = state.leptos.clone();
        move || ui::shell(options.clone())
    };
    // Their names carry a hash of their content: what a browser has of them is right for ever.
    let assets = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")))
        .service(ServeDir::new(state.config.site_root.join("pkg")).precompressed_br().precompressed_gzip());
    let public = ServeDir::new(&state.config.site_root).precompressed_br().precompressed_gzip().append_index_html_on_directories(false);

    api.route("/api/openapi.json", get(async move || Json(description)))
        .route("/login", get(login::page).post(login::sign_in).with_state(access.clone()))
        .leptos_routes_with_context(&state, pages, context, shell)
        .nest_service("/pkg", assets)
        .nest_service("/icons", ServeDir::new(state.config.site_root.join("icons")))
        .route_service("/favicon.svg", public)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(access, layers::guard))
        .layer(middleware::from_fn(layers::harden))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TraceLayer::new_for_http())
        .with_state(state)
}

async fn not_found() -> Failed {
    ApiError::new(ErrorKind::NotFound, "There is nothing at this address.").into()
}

async fn method_not_allowed() -> Failed {
    ApiError::new(ErrorKind::MethodNotAllowed, "This address does not take this method.").into()
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    Failed::from(crate::server::Error::Internal(format!("a handler panicked: {text}"))).into_response()
}
