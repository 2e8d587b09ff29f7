//! The answers that all three doubles give in the same way: broken ones, clips, and what stands in for a dropped connection.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;

use super::{
    book::{Book, Job, Point},
    clip::clip,
};

/// JSON under a status.
pub fn json(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

/// The same with another header.
pub fn with(mut response: Response, name: &'static str, value: &str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    response
}

/// A page where JSON was wanted.
pub fn html() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/html")], "<html><body>Back soon</body></html>").into_response()
}

/// An answer whose connection breaks before its body is there.
pub fn dropped() -> Response {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
    ([(header::CONTENT_LENGTH, "512"), (header::CONTENT_TYPE, "application/json")], Body::from_stream(broken)).into_response()
}

/// The clip of a job, or what its scenario gives instead.
pub async fn download(book: &Book, job: &Job, elsewhere: &str) -> Response {
    book.pass(Point::Download).await;
    let scenario = job.scenario();
    if scenario.has("gone") {
        return json(
            404,
            serde_json::json!({ "error": { "message": "The content has expired.", "type": "invalid_request_error", "param": null, "code": null } }),
        );
    }
    if scenario.has("garbage") && job.downloads == 1 {
        return html();
    }
    if scenario.has("redirect") {
        return (StatusCode::FOUND, [(header::LOCATION, format!("{elsewhere}/{}", job.id))]).into_response();
    }
    let bytes = clip(&job.id, job.size, job.seconds);
    if scenario.has("truncate-always") || scenario.has("truncate") && job.downloads == 1 {
        let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
        let parts = stream::iter([Ok(half), Err(std::io::Error::other("dropped"))]);
        let length = bytes.len().to_string();
        return ([(header::CONTENT_LENGTH, length.as_str()), (header::CONTENT_TYPE, "video/mp4")], Body::from_stream(parts))
            .into_response();
    }
    if scenario.has("short-always") || job.downloads <= scenario.number("short") {
        // Without a length nothing tells that there should be more.
        let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
        let whole: Result<_, std::io::Error> = Ok(half);
        return ([(header::CONTENT_TYPE, "video/mp4")], Body::from_stream(stream::iter([whole]))).into_response();
    }
    mp4(bytes)
}

/// A whole clip.
pub fn mp4(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "video/mp4")], bytes).into_response()
}

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whether a provider's double takes this key.
pub fn is_good_key(key: Option<&str>) -> bool {
    key.is_some_and(|key| key.starts_with("test-") || key.starts_with("no-credit"))
}
