//! The statuses of server functions: Leptos 0.8 answers every failed one with 500, here the error's kind decides, also where the
//! arguments do not parse or are too long.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    extract::too_large,
    problem::{Failed, tell_when_to_return},
};
use crate::{domain::ApiError, server::Error};

/// Where server functions answer.
pub const PREFIX: &str = "/api/fn/";

/// The longest error that a server function may answer with, in bytes: a graph's problems, node by node.
const MAX_ERROR_BYTES: usize = 4 * 1024 * 1024;

/// Gives a failed server function's answer the status of its error's kind.
pub async fn set_status(request: Request, next: Next) -> Response {
    let is_function = request.uri().path().starts_with(PREFIX);
    let response = next.run(request).await;
    if is_function && response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        // The layer that counts the body answers in words of its own.
        return (StatusCode::PAYLOAD_TOO_LARGE, axum::Json(too_large())).into_response();
    }
    if !is_function || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = match to_bytes(body, MAX_ERROR_BYTES).await {
        Ok(body) => body,
        Err(error) => {
            return Failed::from(Error::Internal(format!("a server function's error could not be read: {error}"))).into_response();
        }
    };
    if let Some(status) = serde_json::from_slice::<ApiError>(&body).ok().and_then(|error| StatusCode::from_u16(error.kind.status()).ok()) {
        parts.status = status;
    }
    let mut response = Response::from_parts(parts, Body::from(body));
    tell_when_to_return(&mut response);
    response
}
