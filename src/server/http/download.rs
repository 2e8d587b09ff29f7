//! The bytes of what is stored, and its poster: ranges, validators, and headers that keep stored bytes inert.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::headers::{ETag, HeaderMapExt, IfMatch, IfNoneMatch, IfRange};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{Id, Query},
    problem::Failed,
};
use crate::{
    domain::{ApiError, AssetRef, ErrorKind, VideoId},
    server::{
        Error, Result,
        library::{assets, integrity, posters},
        state::AppState,
    },
};

/// The bytes of an id never change: what a browser has of them is right for ever. Private, because a token may guard them.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
/// Up to so many bytes are read at once and leave in one write with the headers; more is streamed in pieces of this size.
const PIECE: u64 = 256 * 1024;
/// What is hashed on its way is streamed in such pieces: hashing takes longer than sending, and is not to wait for its turn at each quarter of them.
const HASHED_PIECE: usize = 1024 * 1024;

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(download)).routes(routes!(thumbnail))
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct FileBytes(());

/// The bytes of a video, whole or in part. HEAD gives the headers.
#[utoipa::path(get, path = "/api/videos/{id}/download", operation_id = "download_video", tag = "videos",
    params(("id" = VideoId, Path, description = "The video"), TrashedQuery, PartHeaders),
    responses(
    (status = 200, description = "The bytes", content((FileBytes = "video/*"), (FileBytes = "application/octet-stream"))),
    (status = 206, description = "The asked-for part", content((FileBytes = "video/*"), (FileBytes = "application/octet-stream"))),
    (status = 304, description = "What you have is right"),
))]
pub async fn download(
    State(state): State<AppState>,
    Id(id): Id<VideoId>,
    Query(query): Query<TrashedQuery>,
    request: HeaderMap,
) -> Result<Response, Failed> {
    of_asset(&state, id.into(), query, &request).await
}

/// Whether what is in the trash may be looked at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrashedQuery {
    /// Give it though it is in the trash.
    #[serde(default)]
    trashed: bool,
}

/// What a request for bytes may say in its headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers for the API's description; they are read as they come")]
pub(super) struct PartHeaders {
    /// The part that is wanted, such as `bytes=0-1023`. What cannot be read is passed over
    #[param(rename = "Range")]
    range: Option<String>,
    /// The `ETag` of the bytes you have
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
    /// The `ETag` that the bytes must have
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// What a request for a poster may say in its headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers for the API's description; they are read as they come")]
pub(super) struct PosterHeaders {
    /// The `ETag` of the poster you have
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// The bytes of an asset, or the part that was asked for.
pub(super) async fn of_asset(state: &AppState, asset: AssetRef, query: TrashedQuery, request: &HeaderMap) -> Result<Response, Failed> {
    let (db, content) = (&state.studio.db, &state.studio.content);
    let stored = assets::to_send(db, asset, query.trashed, request.contains_key(header::RANGE)).await?;
    let asset = &stored.asset;
    let size = u64::try_from(asset.size_bytes).unwrap_or_default();
    let etag = entity_tag(&asset.file_hash.to_string())?;
    let asked = asked_range(request, &etag, size);
    let (first, length) = match asked {
        Asked::Whole => (0, size),
        Asked::Part { first, last } => (first, last - first + 1),
        Asked::Outside => (0, 0),
    };
    // Ranges rest on the look at each opening and on the scrub.
    let is_to_be_checked = length == size && !integrity::is_fresh(&stored);
    // What is small is read as the file is opened.
    let part = (length <= PIECE && !is_to_be_checked).then_some((first, length as usize));
    let opened = assets::open_file(db, content, &stored, part).await?;

    let mut headers = HeaderMap::new();
    headers.typed_insert(etag.clone());
    headers.insert(header::CACHE_CONTROL, KEEP);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(status) = precondition(request, &etag)? {
        return Ok((status, headers).into_response());
    }
    let media_type = asset.media_type.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
    headers.insert(header::CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CONTENT_DISPOSITION, disposition(&asset.name, &stored.file_path)?);
    let status = match asked {
        Asked::Whole => StatusCode::OK,
        Asked::Part { first, last } => {
            headers.insert(header::CONTENT_RANGE, header_value(format!("bytes {first}-{last}/{size}"))?);
            StatusCode::PARTIAL_CONTENT
        }
        Asked::Outside => {
            let mut refused = Failed(ApiError::new(ErrorKind::RangeNotSatisfiable, format!("The file has {size} bytes."))).into_response();
            refused.headers_mut().insert(header::CONTENT_RANGE, header_value(format!("bytes */{size}"))?);
            refused.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            return Ok(refused);
        }
    };
    headers.insert(header::CONTENT_LENGTH, length.into());
    let body = if is_to_be_checked && size > PIECE {
        Body::from_stream(integrity::checked(db.clone(), content.clone(), stored.as_ref().clone(), opened.file, HASHED_PIECE))
    } else if opened.part.len() as u64 == length {
        opened.part.into()
    } else {
        if is_to_be_checked {
            integrity::read_through(db, content, &stored).await?;
        }
        Body::from_stream(integrity::unchecked(opened.file, first, length, PIECE as usize))
    };
    Ok((status, headers, body).into_response())
}

/// A small picture of a video, a JPEG.
#[utoipa::path(get, path = "/api/videos/{id}/thumbnail", operation_id = "get_video_thumbnail", tag = "videos",
    params(("id" = VideoId, Path, description = "The video"), TrashedQuery, PosterHeaders),
    responses(
    (status = 200, description = "The poster", content((FileBytes = "image/jpeg"))),
    (status = 304, description = "What you have is right"),
))]
pub async fn thumbnail(
    State(state): State<AppState>,
    Id(id): Id<VideoId>,
    Query(query): Query<TrashedQuery>,
    request: HeaderMap,
) -> Result<Response, Failed> {
    poster_of_asset(&state, id.into(), query, &request).await
}

/// The poster of an asset.
pub(super) async fn poster_of_asset(
    state: &AppState,
    asset: AssetRef,
    query: TrashedQuery,
    request: &HeaderMap,
) -> Result<Response, Failed> {
    let poster = posters::poster(&state.studio, asset, query.trashed).await?;
    let mut headers = HeaderMap::new();
    if poster.lasting {
        let etag = entity_tag(&format!("poster-{}", poster.asset_hash))?;
        headers.typed_insert(etag.clone());
        headers.insert(header::CACHE_CONTROL, KEEP);
        if let Some(status) = precondition(request, &etag)? {
            return Ok((status, headers).into_response());
        }
    } else {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    Ok((headers, poster.bytes).into_response())
}

fn entity_tag(text: &str) -> Result<ETag> {
    format!("\"{text}\"").parse().map_err(|_| Error::Internal(format!("{text} makes no ETag")))
}

fn header_value(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(|error| Error::Internal(format!("a header: {error}")))
}

/// What the conditions of a request decide (RFC 9110 §13.2.2): 304, an error, or nothing.
fn precondition(request: &HeaderMap, etag: &ETag) -> Result<Option<StatusCode>> {
    if request.typed_get::<IfMatch>().is_some_and(|condition| !condition.precondition_passes(etag)) {
        return Err(Error::api(ErrorKind::PreconditionFailed, "The bytes under this id are not the ones that If-Match names."));
    }
    let unchanged = request.typed_get::<IfNoneMatch>().is_some_and(|condition| !condition.precondition_passes(etag));
    Ok(unchanged.then_some(StatusCode::NOT_MODIFIED))
}

/// The part of a file that a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part { first: u64, last: u64 },
    Outside,
}

/// A range that does not parse is ignored, and so are several at once, as RFC 9110 §14.2 allows.
fn asked_range(request: &HeaderMap, etag: &ETag, size: u64) -> Asked {
    let Some(range) = request.get(header::RANGE).and_then(|range| range.to_str().ok()) else { return Asked::Whole };
    if request.typed_get::<IfRange>().is_some_and(|condition| condition.is_modified(Some(etag), None)) {
        return Asked::Whole;
    }
    // An If-Range that does not parse matches nothing.
    if request.contains_key(header::IF_RANGE) && request.typed_get::<IfRange>().is_none() {
        return Asked::Whole;
    }
    let Ok(ranges) = parse_range_header(range) else { return Asked::Whole };
    if ranges.len() != 1 {
        return Asked::Whole;
    }
    match ranges.validate(size).as_deref() {
        Ok([range]) => Asked::Part { first: *range.start(), last: *range.end() },
        Err(RangeUnsatisfiableError::Unsatisfiable) => Asked::Outside,
        _ => Asked::Whole,
    }
}

/// `inline`, with the video's name and its container's extension (RFC 6266): once for everyone, once in plain ASCII.
fn disposition(name: &str, file_path: &str) -> Result<HeaderValue> {
    let extension = file_path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let has_extension = extension.is_empty() || name.to_lowercase().ends_with(&format!(".{extension}"));
    let name = if has_extension { name.to_owned() } else { format!("{name}.{extension}") };
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    header_value(format!("inline; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
}

/// Whether a letter may stand in a quoted file name as it is; `%` is left out because some browsers decode it.
fn is_plain(letter: char) -> bool {
    (letter.is_ascii_graphic() || letter == ' ') && !matches!(letter, '"' | '\\' | '%' | '/')
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let etag = entity_tag("x").unwrap();
        let part = |first, last| Asked::Part { first, last };
        for (range, asked) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=4-99", part(4, 9)),
            ("bytes=9-99999999999999999999", part(9, 9)),
            ("bytes=10-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=5-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=abc", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes=", Asked::Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
            assert_eq!(asked_range(&headers, &etag, 10), asked, "{range}");
        }
    }

    #[test]
    fn a_file_name_survives_the_header() {
        let header = |name: &str| disposition(name, "ab/x.mp4").unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("clip"), "inline; filename=\"clip.mp4\"; filename*=UTF-8''clip.mp4");
        assert_eq!(header("Clip.MP4"), "inline; filename=\"Clip.MP4\"; filename*=UTF-8''Clip.MP4");
        assert_eq!(header("第1集"), "inline; filename=\"_1_.mp4\"; filename*=UTF-8''%E7%AC%AC1%E9%9B%86.mp4");
        assert_eq!(header("a\"b; c%41"), "inline; filename=\"a_b; c_41.mp4\"; filename*=UTF-8''a%22b%3B%20c%2541.mp4");
    }
}
