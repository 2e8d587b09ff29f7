//! How a server function reaches the server's parts and answers. The status of an error is set in `http::server_functions`.

use leptos::prelude::use_context;

use super::{Error, state::AppState};
use crate::domain::{ApiError, ErrorKind};

/// The server's parts, inside a server function's body.
///
/// # Errors
/// Where it is called outside a request.
pub fn state() -> Result<AppState, ApiError> {
    use_context().ok_or_else(|| ApiError::new(ErrorKind::Unavailable, "The server is not ready yet. Try again in a moment."))
}

/// Turns a service's result into a server function's.
///
/// # Errors
/// The service's.
pub fn respond<T>(result: Result<T, Error>) -> Result<T, ApiError> {
    result.map_err(ApiError::from)
}
