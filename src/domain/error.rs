//! The one public error, for REST, server functions and jobs alike, and the only table of HTTP codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ids::{NodeId, WorkflowId},
    limits,
};

/// What kind of thing went wrong. Code decides on the kind only; the message is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request could not be parsed at all.
    Malformed,
    /// The access token is missing or wrong.
    Unauthorized,
    /// The request came from another site or for another host.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The thing is in use, or in a state that does not allow this.
    Conflict,
    /// It was there and was deleted.
    Gone,
    /// It is stored, and its bytes are gone or no longer those that were stored.
    Damaged,
    /// It was changed by someone else in the meantime.
    PreconditionFailed,
    /// Larger than the server takes.
    TooLarge,
    /// The body's media type is not one this route reads.
    UnsupportedMediaType,
    /// The asked-for byte range lies outside the file.
    RangeNotSatisfiable,
    /// Understood, but wrong: a value, a field, a graph.
    Invalid,
    /// What is stored of it is damaged and cannot be read; nothing of it was changed.
    Unreadable,
    /// The bytes are not a video that can be read.
    NotAVideo,
    /// The bytes are not a picture that can be read.
    NotAnImage,
    /// A setting is missing; the message names it.
    MissingSetting,
    /// The body has to say how long it is.
    LengthRequired,
    /// The bytes are not those of the checksum that came with them.
    ChecksumMismatch,
    /// The connection broke before the request had arrived whole.
    Interrupted,
    /// The request's body came too slowly to wait for its end.
    TooSlow,
    /// Cancelled by the user.
    Cancelled,
    /// Something this work needs (ffmpeg, the store) is not there now.
    Unavailable,
    /// No room on the disk.
    StorageFull,
    /// A paid request was sent and its outcome is not known.
    UnknownOutcome,
    /// A provider does not accept the key.
    BadKey,
    /// The account at a provider has no credit left.
    NoCredit,
    /// A provider takes no more requests for a while.
    RateLimited,
    /// A provider's moderation refused the prompt, a picture or the result.
    Moderated,
    /// A provider no longer offers the model.
    ModelRetired,
    /// A provider refused the request for another reason, or could not do it.
    ProviderFailed,
    /// A provider no longer has what it made.
    Expired,
    /// It would pass the cap that was set on spending.
    CapReached,
    /// Anything else; the log has the cause.
    Internal,
}

impl ErrorKind {
    /// The HTTP status this kind is answered with.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Interrupted => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NoCredit | Self::CapReached => 402,
            Self::Conflict | Self::Cancelled | Self::UnknownOutcome | Self::Unreadable => 409,
            Self::TooSlow => 408,
            Self::Gone | Self::Damaged | Self::Expired => 410,
            Self::PreconditionFailed => 412,
            Self::LengthRequired => 411,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RangeNotSatisfiable => 416,
            Self::Invalid
            | Self::NotAVideo
            | Self::NotAnImage
            | Self::MissingSetting
            | Self::BadKey
            | Self::Moderated
            | Self::ModelRetired => 422,
            Self::RateLimited => 429,
            // The protocol of resumable uploads has a status of its own.
            Self::ChecksumMismatch => 460,
            Self::Internal => 500,
            Self::ProviderFailed => 502,
            Self::Unavailable => 503,
            Self::StorageFull => 507,
        }
    }

    /// Whether the same request may be answered in another way a little later, without anybody doing anything about it here.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Unavailable | Self::StorageFull | Self::Interrupted | Self::TooSlow)
    }

    /// The kind in a few words, as RFC 9457's `title`.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed request",
            Self::Unauthorized => "Access token needed",
            Self::Forbidden => "Not allowed from there",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "In use",
            Self::Gone => "Deleted",
            Self::Damaged => "Damaged",
            Self::PreconditionFailed => "Changed in the meantime",
            Self::TooLarge => "Too large",
            Self::UnsupportedMediaType => "Media type not supported",
            Self::RangeNotSatisfiable => "Range not satisfiable",
            Self::Invalid => "Invalid value",
            Self::Unreadable => "Damaged in the database",
            Self::NotAVideo => "Not a readable video",
            Self::NotAnImage => "Not a readable image",
            Self::MissingSetting => "A setting is missing",
            Self::LengthRequired => "Length needed",
            Self::ChecksumMismatch => "Other bytes",
            Self::Interrupted => "Interrupted",
            Self::TooSlow => "Too slow",
            Self::Cancelled => "Cancelled",
            Self::Unavailable => "Not available now",
            Self::StorageFull => "The disk is full",
            Self::UnknownOutcome => "Outcome unknown",
            Self::BadKey => "Key not accepted",
            Self::NoCredit => "No credit left",
            Self::RateLimited => "Too many requests",
            Self::Moderated => "Refused by moderation",
            Self::ModelRetired => "Model retired",
            Self::ProviderFailed => "Provider failed",
            Self::Expired => "Expired at the provider",
            Self::CapReached => "Cap reached",
            Self::Internal => "Internal error",
        }
    }

    /// The kind's stable name, as it stands in JSON.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// One thing that is wrong in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the request body.
    pub pointer: String,
    /// The node concerned, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<NodeId>,
    /// A stable word for the case, such as `cycle` or `missing_setting`.
    pub kind: String,
    /// What is wrong and what to do, in a sentence.
    pub detail: String,
}

/// A workflow by id and name, where an error has to name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRef {
    /// The workflow's id.
    pub id: WorkflowId,
    /// The workflow's name.
    pub name: String,
}

/// An error as a user, a script or the page sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// What happened and what to do, in a sentence.
    pub message: String,
    /// Each thing that is wrong, where there are several or where the place matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The workflows that use the thing, for [`ErrorKind::Conflict`] on a video's deletion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<WorkflowRef>,
}

impl ApiError {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), errors: Vec::new(), workflows: Vec::new() }
    }

    /// A wrong value at `pointer`.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let error = FieldError { pointer: pointer.into(), node_id: None, kind: "invalid".into(), detail: detail.clone() };
        Self::new(ErrorKind::Invalid, detail).with_errors(vec![error])
    }

    /// No `what` with that id.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorKind::NotFound, format!("There is no {what} with this id."))
    }

    /// The same error with its parts listed, the first [`ERRORS`](limits::ERRORS) of them.
    #[must_use]
    pub fn with_errors(mut self, mut errors: Vec<FieldError>) -> Self {
        errors.truncate(limits::ERRORS);
        self.errors = errors;
        self
    }
}

/// An error on the wire: `application/problem+json` of RFC 9457.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URN that names the kind.
    pub r#type: String,
    /// The kind in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// Each thing that is wrong.
    pub errors: Vec<FieldError>,
    /// The workflows that use the thing, on a refused deletion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<WorkflowRef>,
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self {
            r#type: format!("urn:reelgraph:error:{}", error.kind.name()),
            title: error.kind.title().into(),
            status: error.kind.status(),
            detail: error.message,
            errors: error.errors,
            workflows: error.workflows,
        }
    }
}
