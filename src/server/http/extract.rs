//! How a request is read: JSON bodies, path ids and queries, each with the status and the pointer the contract promises.

use std::borrow::Cow;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, path::ErrorKind as PathErrorKind, rejection::PathRejection},
    http::{Uri, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::problem::Failed;
use crate::domain::{ApiError, ErrorKind, limits};

/// A JSON body. Malformed JSON is 400; a wrong value or an unknown field 422 with its pointer.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failed> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(';').next().is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json")));
        if !is_json {
            return Err(ApiError::new(ErrorKind::UnsupportedMediaType, "Send JSON, with Content-Type: application/json.").into());
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
            } else {
                ApiError::new(ErrorKind::Interrupted, "The body did not arrive whole.")
            }
        })?;
        read_json(&body).map(Self).map_err(Failed::from)
    }
}

/// The refusal of a body that is longer than any of ours.
pub(super) fn too_large() -> ApiError {
    let most = limits::BODY_BYTES >> 20;
    ApiError::new(
        ErrorKind::TooLarge,
        format!("The request is larger than the {most} MiB that this server takes at once; nothing of it was stored."),
    )
}

/// Reads JSON as a `T`.
///
/// # Errors
/// [`ErrorKind::Malformed`] for what is no JSON, [`ErrorKind::Invalid`] with the pointer for what is no `T`.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        match cause.classify() {
            // serde_json calls a null where an enum stands a syntax error.
            _ if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => ApiError::invalid(pointer, without_place(&cause)),
            serde_json::error::Category::Data => ApiError::invalid(pointer, without_place(&cause)),
            _ => ApiError::new(ErrorKind::Malformed, format!("The body is not JSON: {cause}.")),
        }
    })?;
    reader.end().map_err(|error| ApiError::new(ErrorKind::Malformed, format!("The body is not JSON: {error}.")))?;
    Ok(value)
}

/// serde's message without its line and column, as a sentence.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// A JSON pointer (RFC 6901) to where reading stopped.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut pointer, segment| {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
        pointer
    })
}

/// An id in the path; an unknown or malformed one is 404.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failed> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(PathRejection::FailedToDeserializePathParams(error)) if !matches!(error.kind(), PathErrorKind::UnsupportedType { .. }) => {
                Err(ApiError::new(ErrorKind::NotFound, "There is nothing with this id.").into())
            }
            Err(error) => Err(crate::server::Error::Internal(error.to_string()).into()),
        }
    }
}

/// The query string; a wrong value or an unknown field is 422 with its name. A field without a value (`?q=`) is as good as absent.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failed> {
        read_pairs(pairs(&parts.uri)).map(Self)
    }
}

/// The fields of a query string that have a value.
pub(super) fn pairs(uri: &Uri) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(_, value)| !value.is_empty())
}

/// Reads fields of a query string as a `T`.
pub(super) fn read_pairs<'a, T: DeserializeOwned>(pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Result<T, Failed> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let pointer = pointer(error.path());
        ApiError::invalid(pointer, format!("In the query: {}.", error.into_inner())).into()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::workflow::NewWorkflow;

    #[test]
    fn what_is_wrong_in_a_body_is_pointed_at() {
        let error = read_json::<NewWorkflow>(b"{").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed);
        let error = read_json::<NewWorkflow>(br#"{"name": 3, "definition": {}}"#).unwrap_err();
        assert_eq!((error.kind, error.errors[0].pointer.as_str()), (ErrorKind::Invalid, "/name"));
        let error = read_json::<NewWorkflow>(br#"{"name": "x", "definition": {}, "nmae": 1}"#).unwrap_err();
        assert_eq!((error.kind, error.errors[0].pointer.as_str()), (ErrorKind::Invalid, "/nmae"));
        let error = read_json::<NewWorkflow>(br#"{"name": "x", "definition": {}} x"#).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Malformed);
    }
}
