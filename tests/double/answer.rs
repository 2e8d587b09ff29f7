//! The answers that all three doubles give in the same way: broken ones, clips, and what stands in for a dropped connection.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{
    book::{Book, Job, Point},
    clip::{clip, pieces},
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
    if scenario.has("truncate-always") || scenario.has("truncate") && job.downloads == 1 {
        let bytes = clip(job);
        let parts = [Ok(Bytes::copy_from_slice(&bytes[..bytes.len() / 2])), Err(std::io::Error::other("dropped"))];
        // The first half leaves while the rest is waited for; without a moment between them nothing would.
        let parts = stream::iter(parts).then(async |part| {
            tokio::task::yield_now().await;
            part
        });
        let length = bytes.len().to_string();
        return ([(header::CONTENT_LENGTH, length.as_str()), (header::CONTENT_TYPE, "video/mp4")], Body::from_stream(parts))
            .into_response();
    }
    if scenario.has("short-always") || job.downloads <= scenario.number("short") {
        // Without a length nothing tells that there should be more.
        let mut half = clip(job);
        half.truncate(half.len() / 2);
        return mp4([half.into()].into_iter());
    }
    whole(job)
}

/// The whole clip of a job.
pub fn whole(job: &Job) -> Response {
    match job.scenario().number("pad") {
        0 => ([(header::CONTENT_TYPE, "video/mp4")], clip(job)).into_response(),
        _ => mp4(pieces(job)),
    }
}

/// A clip without a length.
fn mp4(pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Response {
    ([(header::CONTENT_TYPE, "video/mp4")], streamed(pieces)).into_response()
}

/// JSON that holds the clip of a job in base64 where its text has `BASE64`.
pub fn json_with_clip(body: &str, job: &Job) -> Response {
    let (before, after) = body.split_once("BASE64").unwrap();
    let [before, after] = [before, after].map(|text| Bytes::copy_from_slice(text.as_bytes()));
    let base64 = pieces(job).map(|piece| STANDARD.encode(piece).into());
    let body = [before].into_iter().chain(base64).chain([after]);
    ([(header::CONTENT_TYPE, "application/json")], streamed(body)).into_response()
}

fn streamed(pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Body {
    Body::from_stream(stream::iter(pieces.map(Ok::<_, std::convert::Infallible>)))
}

/// The token of `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whether a provider's double takes this key.
pub fn is_good_key(key: Option<&str>) -> bool {
    key.is_some_and(|key| key.starts_with("test-") || key.starts_with("no-credit"))
}
