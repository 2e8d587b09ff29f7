//! The upload: multipart, streamed to the store and hashed on the way; memory does not grow with the file.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::Failed;
use crate::{
    domain::{
        ApiError, AssetKind, AssetRef, ErrorKind,
        limits::{self, FORM_NAME},
    },
    server::{
        Error, Result,
        library::{
            ingest::Kept,
            kinds,
            upload::{Arrived, Upload, most_bytes, too_large},
        },
        state::AppState,
    },
};

/// How long the rest of a refused body is read, so that the client gets to read the answer.
const DRAIN: Duration = Duration::from_secs(30);
/// What a multipart body has around its file at most, name included.
const OVERHEAD: u64 = 64 * 1024;

/// The parts of an upload.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the form for the API's description; it is read as a stream")]
pub(super) struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary, min_length = 1)]
    file: (),
    /// Its name in the library; the file's name without.
    #[schema(schema_with = limits::form_name)]
    name: Option<String>,
}

/// The answer to an upload: what is there now, and where.
pub(super) fn answer(asset: AssetRef, duplicate: bool, uploaded: impl Serialize) -> Response {
    let status = if duplicate { StatusCode::OK } else { StatusCode::CREATED };
    let location = format!("{}/{}", asset.kind.spec().address, asset.id);
    (status, [(header::LOCATION, location)], axum::Json(uploaded)).into_response()
}

/// Reads an upload whole, and makes an asset of that kind of it.
pub(super) async fn receive_and_keep(state: &AppState, request: Request, kind: AssetKind) -> Result<Kept, Failed> {
    let (file, name) = receive(state, request, kind).await?;
    Ok(file.keep(&state.studio, name).await?)
}

/// Reads an upload whole: the file, which is on the disk then, and the name it was given.
async fn receive(state: &AppState, request: Request, kind: AssetKind) -> Result<(Arrived, String), Failed> {
    if let Err(error) = acceptable(state, request.headers(), kind) {
        // A client that waits to be asked has not sent anything yet.
        if !request.headers().contains_key(header::EXPECT) {
            drain(request.into_body().into_data_stream().map(drop));
        }
        return Err(error.into());
    }
    let (parts, body) = request.into_parts();
    let paced = Request::from_parts(parts, Body::from_stream(Paced { body: body.into_data_stream(), rest: false }));
    let mut form =
        Multipart::from_request(paced, &()).await.map_err(|rejection| ApiError::new(ErrorKind::Malformed, rejection.body_text()))?;
    match read(state, &mut form, kind).await {
        Ok(read) => Ok(read),
        Err(error) => {
            drain(futures_util::stream::unfold(form, async |mut form| match form.next_field().await {
                Ok(Some(_)) => Some(((), form)),
                _ => None,
            }));
            Err(error.into())
        }
    }
}

/// What can be refused before the first byte is read.
fn acceptable(state: &AppState, headers: &HeaderMap, kind: AssetKind) -> Result<()> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let media_type = text(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        let detail = format!("Send the {} as multipart/form-data, in a part named file.", kind.name());
        return Err(Error::api(ErrorKind::UnsupportedMediaType, detail));
    }
    let length = text(header::CONTENT_LENGTH).and_then(|value| value.parse::<u64>().ok());
    let most = most_bytes(kind, state.config.max_upload_bytes);
    if length.is_some_and(|length| length > most.saturating_add(OVERHEAD)) {
        return Err(too_large(kind, most));
    }
    if kinds::of(kind).needs_ffmpeg() { state.studio.ffmpeg.available() } else { Ok(()) }
}

/// Reads the parts: one `file`, and `name` before or after it.
async fn read(state: &AppState, form: &mut Multipart, kind: AssetKind) -> Result<(Arrived, String)> {
    let (mut file, mut name) = (None, None);
    while let Some(field) = next(form.next_field()).await? {
        match field.name() {
            Some("file") if file.is_none() => {
                let given = field.file_name().unwrap_or_default().to_owned();
                file = Some((read_file(state, field, kind).await?, given));
            }
            Some("name") if name.is_none() => name = Some(read_name(field).await?),
            part => {
                let part = part.unwrap_or_default();
                let twice = matches!(part, "file" | "name");
                let detail = if twice {
                    format!("There are two parts named {part}; send one.")
                } else {
                    let noun = kind.name();
                    format!("There is no part named {part:?} in an upload: the {noun} goes into a part named file, its name into name.")
                };
                return Err(ApiError::invalid(format!("/{}", part.replace('~', "~0").replace('/', "~1")), detail).into());
            }
        }
    }
    let lacking = || ApiError::invalid("/file", format!("Send the {} in a part named file.", kind.name()));
    let (file, given) = file.ok_or_else(lacking)?;
    let name = name.filter(|name| !name.trim().is_empty()).unwrap_or(given);
    Ok((file, name))
}

/// Streams the part to the store. Whatever goes wrong, nothing of it stays.
async fn read_file(state: &AppState, mut field: Field<'_>, kind: AssetKind) -> Result<Arrived> {
    let mut upload = Upload::begin(&state.studio.content, kind, state.config.max_upload_bytes).await?;
    match pour(&mut field, &mut upload).await {
        Ok(()) => upload.finish().await,
        Err(error) => {
            upload.abandon().await;
            Err(error)
        }
    }
}

async fn pour(field: &mut Field<'_>, upload: &mut Upload) -> Result<()> {
    while let Some(piece) = next(field.chunk()).await? {
        upload.write(piece).await?;
    }
    Ok(())
}

async fn read_name(mut field: Field<'_>) -> Result<String> {
    let too_long = || ApiError::invalid("/name", format!("A name has at most {FORM_NAME} characters.")).into();
    let mut bytes = Vec::new();
    while let Some(piece) = next(field.chunk()).await? {
        // A character takes up to four bytes.
        if bytes.len() + piece.len() > 4 * FORM_NAME {
            return Err(too_long());
        }
        bytes.extend_from_slice(&piece);
    }
    let name = String::from_utf8(bytes).map_err(|_| ApiError::invalid("/name", "The name is not UTF-8."))?;
    if name.chars().count() > FORM_NAME { Err(too_long()) } else { Ok(name) }
}

/// What is next in the form. How long it may take is for `pace`.
async fn next<T>(next: impl Future<Output = Result<T, MultipartError>>) -> Result<T> {
    next.await.map_err(|error| {
        tracing::info!(cause = %error.body_text(), "an upload broke off");
        Error::api(ErrorKind::Interrupted, format!("The upload could not be read to its end: {}.", error.body_text()))
    })
}

/// Reads and forgets the rest of a body beside the answer: a client that is cut off while it sends may never see why.
fn drain(rest: impl Stream<Item = ()> + Send + 'static) {
    tokio::spawn(async move {
        let mut rest = std::pin::pin!(rest);
        // Too slow to end in time, the client is cut off after all.
        let _ = tokio::time::timeout(DRAIN, async { while rest.next().await.is_some() {} }).await;
    });
}

/// A body that gives one piece a turn: the multipart reader takes all that is ready, which from a fast client would be everything.
struct Paced {
    body: BodyDataStream,
    rest: bool,
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.body.poll_next_unpin(context);
        self.rest = matches!(next, Poll::Ready(Some(_)));
        next
    }
}
