//! Every route of the server, and the layers around them.

use std::sync::Arc;

use any_spawner::Executor;
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use server_fn::axum::server_fn_paths;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    limit::RequestBodyLimitLayer,
    services::ServeDir,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    access::Access,
    access_log, assets, events, executions, health, images, jobs, layers, login,
    metrics::{self, Metrics},
    nodes,
    openapi::{self, Description, completed},
    pace, pages,
    problem::Failed,
    server_functions, spend, uploads, videos, workflows,
};
use crate::{
    domain::{ApiError, ErrorKind, limits},
    server::{Error, Result, state::AppState},
    ui,
};

/// The API's routes with their description.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(metrics::show))
        .routes(routes!(openapi::show))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .merge(nodes::router())
        .merge(workflows::router())
        .merge(executions::router())
        .merge(jobs::router())
        .merge(spend::router())
        .merge(events::router())
        .merge(assets::router())
        .merge(videos::router())
        .merge(images::router())
        .merge(uploads::router())
}

/// The longest name of a file of ours, in bytes.
const LONGEST_NAME: usize = 100;

/// The whole server as one service.
///
/// # Errors
/// Where the metrics cannot be set up.
pub fn router(state: AppState, access: Access) -> Result<Router> {
    let (api, description) = api().split_for_parts();
    let description = Arc::new(completed(description));
    let metrics = Metrics::new()?;
    state.studio.db.tell_waits(metrics.database_waits());
    // Pages and server functions.
    // The pages' futures run where the server's do. Another router of this process may have said so before.
    let _ = Executor::init_tokio();
    // Whole pages, not streamed ones: an error can still set the status, and nothing waits for a script to be put in place.
    let page = get(render_app_async_with_context(pages::context(&state), pages::shell(&state)));
    let pages = ui::PATHS.iter().fold(Router::new(), |router, path| router.route(path, page.clone()));
    let call = post({
        let context = pages::context(&state);
        move |request: Request| handle_server_fns_with_context(context, request)
    });
    let leptos = server_fn_paths()
        .fold(pages, |router, (path, _)| router.route(path, call.clone()))
        .layer(RequestBodyLimitLayer::new(limits::BODY_BYTES))
        // Server functions read their bodies as far as this says: 2 MB where nothing does.
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(middleware::from_fn(server_functions::set_status));
    let door = (access, state.clone());
    let login = Router::new()
        .route("/login", get(login::page).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .with_state(door.clone());
    let router = api
        .layer(Extension(metrics.clone()))
        .layer(Extension(description))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .merge(login)
        .merge(leptos)
        .merge(files(&state))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // To begin brotli costs three milliseconds a page, and spares a kilobyte and a half of it.
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Precise(3))
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("video/"))),
        )
        .layer(middleware::from_fn_with_state(door, layers::guard))
        .layer(middleware::from_fn_with_state(state.config.patience, pace::keep))
        .layer(middleware::from_fn(layers::harden))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(metrics, metrics::count))
        .layer(middleware::from_fn(access_log::tell))
        .with_state(state);
    Ok(router)
}

/// The browser's files, compressed by the build.
fn files(state: &AppState) -> Router<AppState> {
    let folder = |path: &str| ServeDir::new(state.config.site_root.join(path)).append_index_html_on_directories(false);
    // With a hash of the content in its name, what a browser has of a file is right for ever.
    let keep = HeaderValue::from_static(if state.leptos.hash_files { "public, max-age=31536000, immutable" } else { "no-cache" });
    let built = folder("pkg").precompressed_br().precompressed_gzip();
    let icon = Router::new().route_service("/favicon.svg", folder(""));
    // The release joins the styles into one file; while developing, each is read from where it is written.
    let files = if cfg!(debug_assertions) {
        Router::new().nest_service("/pkg", built.fallback(ServeDir::new("style")))
    } else {
        Router::new().nest_service("/pkg", built)
    };
    icon.merge(files.layer(middleware::from_fn_with_state(keep, file)))
}

/// Answers for a file of ours: there or not there, whatever the file system says of a name that none has, and kept by browsers if it is there.
async fn file(State(keep): State<HeaderValue>, request: Request, next: Next) -> Response {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = |name: &str| name.len() <= LONGEST_NAME && name.bytes().all(is_plain);
    if !request.uri().path().split('/').all(is_name) {
        return nothing_there().into_response();
    }
    let mut response = next.run(request).await;
    match response.status() {
        StatusCode::NOT_FOUND => nothing_there().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => method_not_allowed().await.into_response(),
        _ => {
            response.headers_mut().insert(header::CACHE_CONTROL, keep);
            response
        }
    }
}

async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let is_page =
        request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if is_page && request.method() == Method::GET {
        let render = render_app_async_with_context(pages::context(&state), pages::shell(&state));
        let mut response = render(request).await;
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    nothing_there().into_response()
}

fn nothing_there() -> Failed {
    ApiError::new(ErrorKind::NotFound, "There is nothing at this address.").into()
}

async fn method_not_allowed() -> Failed {
    ApiError::new(ErrorKind::MethodNotAllowed, "This address does not take this method.").into()
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    Failed::from(Error::Internal(format!("a handler panicked: {text}"))).into_response()
}
