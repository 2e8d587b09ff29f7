//! Errors as `application/problem+json` (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    domain::{ApiError, error::Problem},
    server::Error,
};

/// Who is refused for the moment may come back after so many seconds: about as long as a busy database takes to be free again.
const COME_BACK_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Says with a 503 when to try again.
pub fn tell_when_to_return(response: &mut Response) {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, COME_BACK_AFTER);
    }
}

/// What a handler fails with; anything that becomes an [`ApiError`] becomes one of these by `?`.
#[derive(Debug)]
pub struct Failed(pub ApiError);

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into().into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let problem = Problem::from(self.0);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(problem)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        tell_when_to_return(&mut response);
        response
    }
}
