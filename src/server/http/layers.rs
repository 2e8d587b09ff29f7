//! What every request passes and every answer carries: the checks of who may call, and the inert defaults.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    access::{self, Access, Shown},
    problem::Failed,
};
use crate::{
    domain::{ApiError, ErrorKind},
    server::{sessions, state::AppState},
};

/// What answers that are no pages carry: nothing in them may run or load anything.
pub const INERT_POLICY: &str = "default-src 'none'; sandbox";

/// Refuses foreign hosts, other sites' changes and callers without the token.
pub async fn guard(State((access, state)): State<(Access, AppState)>, request: Request, next: Next) -> Response {
    if let Err(error) = access::one_host(&request) {
        return Failed(error).into_response();
    }
    let path = request.uri().path();
    // Monitors ask by whatever name they have; the answers tell nothing that a page could use.
    if !matches!(path, "/healthz" | "/readyz")
        && let Err(error) = access.check(&request)
    {
        return Failed(error).into_response();
    }
    if !matches!(path, "/healthz" | "/login") {
        match is_signed_in(&access, &state, request.headers()).await {
            Ok(true) => {}
            Ok(false) => {
                if let Some(refusal) = refusal(&access, &request) {
                    return refusal;
                }
            }
            Err(failed) => return failed.into_response(),
        }
    }
    next.run(request).await
}

/// Whether the caller needs to show nothing more: no token is set, or its browser signed in.
async fn is_signed_in(access: &Access, state: &AppState, headers: &HeaderMap) -> Result<bool, Failed> {
    let Some(key) = access.key() else { return Ok(true) };
    match access::held(headers) {
        Some(held) => Ok(sessions::lasts(&state.studio.db, key, &held).await?),
        None => Ok(false),
    }
}

/// The answer to who does not show the token; `None` for who does.
fn refusal(access: &Access, request: &Request) -> Option<Response> {
    let challenge = match access.shown(request) {
        Shown::Right => return None,
        Shown::TooOften(wait) => {
            let error = ApiError::new(ErrorKind::RateLimited, "Too many wrong tokens came from there. Wait a moment and try again.");
            return Some(([retry_after(wait)], Failed(error)).into_response());
        }
        Shown::Wrong => "Bearer error=\"invalid_token\"",
        Shown::Nothing => "Bearer",
    };
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_page = request.method() == Method::GET
        && !request.uri().path().starts_with("/api/")
        && accept.is_some_and(|accept| accept.contains("text/html"));
    if is_page {
        return Some(Redirect::to("/login").into_response());
    }
    let error = ApiError::new(ErrorKind::Unauthorized, "Show the access token: Authorization: Bearer, or sign in at /login.");
    Some(([(header::WWW_AUTHENTICATE, challenge)], Failed(error)).into_response())
}

/// After how many seconds to try again.
pub(super) fn retry_after(wait: Duration) -> (header::HeaderName, HeaderValue) {
    (header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1))
}

/// What every answer carries. A page has set its own policy already.
pub async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(INERT_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
