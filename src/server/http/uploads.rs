//! Uploads that go on where they broke off (tus 1.0): a thin door to `library::resumable`.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use serde::Deserialize;
use tus_protocol::{BodyFrame, BodyStream, Headers, TUS_RESUMABLE};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{download::FileBytes, extract::Id, problem::Failed};
use crate::{
    domain::{ApiError, ErrorKind, error::Problem},
    server::{
        library::resumable::{Outcome, Refused, Taken},
        state::AppState,
    },
};

const ASSET_ID: HeaderName = HeaderName::from_static("upload-asset-id");
const DUPLICATE: HeaderName = HeaderName::from_static("upload-duplicate");
const VERSION: HeaderName = HeaderName::from_static("tus-resumable");

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create, offers)).routes(routes!(look, append, end)).layer(DefaultBodyLimit::disable())
}

/// A version of the protocol.
#[derive(ToSchema, Deserialize)]
pub(super) enum ProtocolVersion {
    /// The one that there is.
    #[serde(rename = "1.0.0")]
    One,
}

/// What a request of the protocol says in its headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers for the API's description; they are read as they come")]
pub(super) struct VersionHeader {
    /// The version of the protocol
    #[param(rename = "Tus-Resumable", inline)]
    tus_resumable: ProtocolVersion,
}

/// What a request that begins an upload says in its headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers for the API's description; they are read as they come")]
pub(super) struct CreationHeaders {
    /// How many bytes the file has
    #[param(rename = "Upload-Length", minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    upload_length: u64,
}

/// What a request that appends says in its headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers for the API's description; they are read as they come")]
pub(super) struct AppendHeaders {
    /// Where its bytes begin: as many as have arrived so far
    #[param(rename = "Upload-Offset", maximum = 9_007_199_254_740_991_u64)]
    upload_offset: u64,
}

/// What this server offers of the protocol.
#[utoipa::path(options, path = "/api/uploads", operation_id = "describe_uploads", tag = "uploads", responses(
    (status = 200, description = "Versions, extensions, checksums and the largest file, in headers"),
))]
pub async fn offers(State(state): State<AppState>) -> Response {
    plain(state.uploads.offers())
}

/// Begins an upload (tus 1.0). It is kept seven days after its last byte.
///
/// `Upload-Metadata` tells its `filename` and, where it is known, its `kind`, `video` or `image`, each in Base64:
/// `filename c2hvdC5tcDQ=,kind dmlkZW8=`. The first bytes may come at once, as `application/offset+octet-stream`.
#[utoipa::path(post, path = "/api/uploads", operation_id = "create_upload", tag = "uploads",
    params(VersionHeader, CreationHeaders),
    responses(
    (status = 201, description = "Begun: `Location` is its address. Where all was sent at once, with `Upload-Asset-Id` and `Upload-Duplicate`"),
    (status = 411, description = "The body does not say how long it is", body = Problem),
    (status = 413, description = "Larger than REELGRAPH_MAX_UPLOAD_BYTES, or than one of this kind may be", body = Problem),
    (status = 422, description = "The file is empty, of an unknown kind, or refused", body = Problem),
    (status = 460, description = "Not the bytes of the checksum", body = Problem),
))]
pub async fn create(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let taken = async {
        let has_body = parts.headers.contains_key(header::CONTENT_TYPE);
        let body = if has_body { Some(frames(&parts, body)?) } else { None };
        state.uploads.create(headers(&parts.headers)?, body).await
    };
    answer(taken.await)
}

/// How far an upload is. Once it has arrived whole, and for a day: what became of it.
#[utoipa::path(get, path = "/api/uploads/{id}", operation_id = "get_upload", tag = "uploads",
    params(("id" = Uuid, Path, description = "The upload"), VersionHeader), responses(
    (status = 200, description = "`Upload-Offset` says how many bytes have arrived; `Upload-Asset-Id` and `Upload-Duplicate` what became of it"),
    (status = 413, description = "Refused: larger than one of its kind may be", body = Problem),
    (status = 422, description = "Refused: not of its kind, or not readable", body = Problem),
))]
pub async fn look(State(state): State<AppState>, Id(id): Id<Uuid>, given: HeaderMap) -> Response {
    let taken = async {
        headers(&given)?;
        state.uploads.look(id).await
    };
    answer(taken.await)
}

/// Appends to an upload. What has come when the connection breaks stays.
///
/// With `Upload-Checksum`, `sha1` or `sha256` and the digest in Base64, its bytes are kept as a whole or not at all.
#[utoipa::path(patch, path = "/api/uploads/{id}", operation_id = "append_to_upload", tag = "uploads",
    params(("id" = Uuid, Path, description = "The upload"), VersionHeader, AppendHeaders),
    request_body(content = FileBytes, content_type = "application/offset+octet-stream"),
    responses(
    (status = 204, description = "`Upload-Offset` says how many bytes have arrived. With the last of them: `Upload-Asset-Id` and `Upload-Duplicate`"),
    (status = 409, description = "`Upload-Offset` is not how many bytes have arrived", body = Problem),
    (status = 411, description = "The body does not say how long it is", body = Problem),
    (status = 413, description = "More than the upload has, or larger than one of its kind may be", body = Problem),
    (status = 422, description = "Refused: not of its kind, or not readable", body = Problem),
    (status = 460, description = "Not the bytes of the checksum", body = Problem),
))]
pub async fn append(State(state): State<AppState>, Id(id): Id<Uuid>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let taken = async {
        let body = frames(&parts, body)?;
        state.uploads.append(id, headers(&parts.headers)?, body).await
    };
    let mut response = answer(taken.await);
    // What became of it is told as it is to one who asks.
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    response
}

/// Gives an upload up: what has arrived of it is removed. An asset that it became stays.
#[utoipa::path(delete, path = "/api/uploads/{id}", operation_id = "delete_upload", tag = "uploads",
    params(("id" = Uuid, Path, description = "The upload"), VersionHeader), responses(
    (status = 204, description = "Given up"),
))]
pub async fn end(State(state): State<AppState>, Id(id): Id<Uuid>, given: HeaderMap) -> Response {
    let ended = async { state.uploads.end(id, headers(&given)?).await };
    ended.await.map_or_else(refused, plain)
}

fn headers(given: &HeaderMap) -> Result<Headers, Refused> {
    Ok(Headers::from_headers(given)?)
}

/// The body as it comes. Its length has to be known: of one that does not say it, all would have to lie in memory before any of it counts.
fn frames(parts: &Parts, body: Body) -> Result<BodyStream, Refused> {
    if !parts.headers.contains_key(header::CONTENT_LENGTH) {
        return Err(tus_protocol::Error::LengthRequired.into());
    }
    Ok(Box::pin(body.into_data_stream().map(|piece| piece.map(BodyFrame::Data).map_err(std::io::Error::other))))
}

fn plain(response: tus_protocol::Response) -> Response {
    (response.status, response.headers, response.body).into_response()
}

fn answer(taken: Result<Taken, Refused>) -> Response {
    match taken {
        Ok(Taken { response, outcome: None }) => plain(response),
        Ok(Taken { response, outcome: Some(Outcome::Stored { asset, duplicate }) }) => {
            let mut response = plain(response);
            response.headers_mut().insert(ASSET_ID, HeaderValue::from_str(&asset.id.to_string()).unwrap_or(HeaderValue::from_static("")));
            response.headers_mut().insert(DUPLICATE, HeaderValue::from_static(if duplicate { "true" } else { "false" }));
            response
        }
        Ok(Taken { response, outcome: Some(Outcome::Refused(error)) }) => {
            let mut refusal = Failed(error).into_response();
            refusal.headers_mut().extend(response.headers);
            refusal
        }
        Err(error) => refused(error),
    }
}

fn refused(error: Refused) -> Response {
    let error = match error {
        Refused::Ours(error) => {
            let mut response = Failed::from(error).into_response();
            response.headers_mut().insert(VERSION, HeaderValue::from_static(TUS_RESUMABLE));
            return response;
        }
        Refused::Protocol(error) => error,
    };
    let told = error.error_response();
    let mut response = Failed(in_words(&error, told.status)).into_response();
    for (name, value) in told.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What the protocol does not allow, in our words.
fn in_words(error: &tus_protocol::Error, status: u16) -> ApiError {
    let say = |kind, words: &str| ApiError::new(kind, words);
    match status {
        404 => ApiError::not_found("upload"),
        409 => say(ErrorKind::Conflict, &format!("{error}. Ask how far the upload is (HEAD), and go on there.")),
        410 => say(ErrorKind::Gone, "The time of this upload is over. Begin it anew."),
        411 => say(ErrorKind::LengthRequired, "Say with Content-Length how long the body is."),
        412 => say(ErrorKind::PreconditionFailed, &format!("Send Tus-Resumable: {TUS_RESUMABLE}; {error}.")),
        413 => say(ErrorKind::TooLarge, &format!("{error}.")),
        415 => say(ErrorKind::UnsupportedMediaType, "Send the bytes as application/offset+octet-stream."),
        460 => say(ErrorKind::ChecksumMismatch, "The bytes are not those of the checksum, and were not kept. Send them again."),
        500 => say(
            ErrorKind::Interrupted,
            "The request broke off. What has come of it is kept: ask how far the upload is (HEAD), and go on there.",
        ),
        _ => say(ErrorKind::Malformed, &format!("{error}.")),
    }
}
