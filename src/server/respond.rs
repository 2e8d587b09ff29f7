//! How a server function answers: Leptos 0.8 gives every error 500, here the status follows the error's kind.

use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use super::{Error, state::AppState};
use crate::domain::{ApiError, ErrorKind};

/// The server's parts, inside a server function's body.
///
/// # Errors
/// Where it is called outside a request.
pub fn state() -> Result<AppState, ApiError> {
    use_context().ok_or_else(|| ApiError::new(ErrorKind::Unavailable, "The server is not ready yet. Try again in a moment."))
}

/// Turns a service's result into a server function's, and sets the HTTP status of an error.
///
/// # Errors
/// The service's.
pub fn respond<T>(result: Result<T, Error>) -> Result<T, ApiError> {
    result.map_err(|error| {
        let error = ApiError::from(error);
        if let Ok(status) = axum::http::StatusCode::from_u16(error.kind.status()) {
            expect_context::<ResponseOptions>().set_status(status);
        }
        error
    })
}
