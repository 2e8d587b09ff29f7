//! What every request passes and every answer carries: the checks of who may call, and the inert defaults.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{access::Access, problem::Failed};
use crate::domain::{ApiError, ErrorKind};

/// What answers that are no pages carry: nothing in them may run or load anything.
pub const INERT_POLICY: &str = "default-src 'none'; sandbox";

/// Refuses foreign hosts, other sites' changes and callers without the token.
pub async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Monitors ask by whatever name they have; the answers tell nothing that a page could use.
    if !matches!(path, "/healthz" | "/readyz")
        && let Err(error) = access.check(&request)
    {
        return Failed(error).into_response();
    }
    if !matches!(path, "/healthz" | "/login") && !access.knows(request.headers()) {
        let is_page = request.method() == Method::GET
            && !path.starts_with("/api/")
            && request
                .headers()
                .get(header::ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html"));
        if is_page {
            return Redirect::to("/login").into_response();
        }
        let error = ApiError::new(ErrorKind::Unauthorized, "Show the access token: Authorization: Bearer, or sign in at /login.");
        return ([(header::WWW_AUTHENTICATE, "Bearer")], Failed(error)).into_response();
    }
    next.run(request).await
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
