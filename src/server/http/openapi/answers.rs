//! The answers that operations share: which of them an operation can give follows from what it is.

use utoipa::openapi::{
    Content, HeaderBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Type,
    path::{Operation, ParameterIn},
    request_body::RequestBody,
};

use crate::{
    domain::{ApiError, AssetKind, ErrorKind, error::Problem},
    server::library::resumable,
};

/// The media type of what the API takes and gives.
pub(super) const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// What decides about an operation's answers.
struct Facts {
    /// Asked by monitors: answers under any host name.
    for_monitors: bool,
    /// Answers without a token, and without looking at anything.
    open: bool,
    changes: bool,
    body: bool,
    query: bool,
    /// Is about one asset.
    asset: bool,
    /// Sends a file of it, or of its poster.
    file: bool,
    /// Sends parts of it.
    parts: bool,
    /// Speaks the protocol of resumable uploads.
    protocol: bool,
    /// Is about one upload of that protocol.
    upload: bool,
}

/// An answer that several operations give.
struct Shared {
    name: &'static str,
    kind: ErrorKind,
    description: &'static str,
    given_by: fn(&Facts) -> bool,
}

const SHARED: [Shared; 18] = [
    Shared {
        name: "Malformed",
        kind: ErrorKind::Malformed,
        description: "The body cannot be parsed, or broke off; or the request names two hosts",
        given_by: |_| true,
    },
    Shared {
        name: "Unauthorized",
        kind: ErrorKind::Unauthorized,
        description: "The server has an access token, and it is missing or wrong here",
        given_by: |facts| !facts.open,
    },
    Shared {
        name: "Forbidden",
        kind: ErrorKind::Forbidden,
        description: "The server is not reached under this host name, or another site tries to change something",
        given_by: |facts| !facts.for_monitors,
    },
    Shared {
        name: "TooSlow",
        kind: ErrorKind::TooSlow,
        description: "The body came too slowly to wait for its end",
        given_by: |facts| facts.body,
    },
    Shared {
        name: "TooManyTokens",
        kind: ErrorKind::RateLimited,
        description: "Too many wrong tokens came from there; `Retry-After` says when to try again",
        given_by: |facts| !facts.open,
    },
    Shared { name: "TooLarge", kind: ErrorKind::TooLarge, description: "The body is larger than 32 MiB", given_by: |facts| facts.body },
    Shared {
        name: "UnsupportedMediaType",
        kind: ErrorKind::UnsupportedMediaType,
        description: "The body is of another media type",
        given_by: |facts| facts.body,
    },
    Shared {
        name: "Invalid",
        kind: ErrorKind::Invalid,
        description: "A wrong value, or an unknown field; errors[] says where",
        given_by: |facts| facts.body || facts.query,
    },
    Shared { name: "NoSuchAsset", kind: ErrorKind::NotFound, description: "There is no such asset", given_by: |facts| facts.asset },
    Shared {
        name: "AssetGone",
        kind: ErrorKind::Gone,
        description: "It was deleted and has left the trash; of its file also: it is in the trash, or damaged (`type` ends in `:damaged`)",
        given_by: |facts| facts.asset,
    },
    Shared {
        name: "OtherBytes",
        kind: ErrorKind::PreconditionFailed,
        description: "`If-Match` names other bytes",
        given_by: |facts| facts.file,
    },
    Shared {
        name: "OutsideFile",
        kind: ErrorKind::RangeNotSatisfiable,
        description: "The range lies outside the file",
        given_by: |facts| facts.parts,
    },
    Shared { name: "NoSuchUpload", kind: ErrorKind::NotFound, description: "There is no such upload", given_by: |facts| facts.upload },
    Shared { name: "UploadOver", kind: ErrorKind::Gone, description: "The time of the upload is over", given_by: |facts| facts.upload },
    Shared {
        name: "OtherProtocol",
        kind: ErrorKind::PreconditionFailed,
        description: "The request names no version of the protocol, or another one",
        given_by: |facts| facts.protocol,
    },
    Shared {
        name: "Internal",
        kind: ErrorKind::Internal,
        description: "Something went wrong on the server; its log has the cause",
        given_by: |facts| !facts.open,
    },
    Shared {
        name: "Unavailable",
        kind: ErrorKind::Unavailable,
        description: "Something this needs is not there now, such as a free connection to the database",
        given_by: |facts| !facts.open,
    },
    Shared { name: "StorageFull", kind: ErrorKind::StorageFull, description: "The disk is full", given_by: |facts| facts.changes },
];

/// What hyper answers to a request that it does not read to its end, without a body: name, status and words.
const UNREAD: [(&str, &str, &str); 2] = [
    ("UriTooLong", "414", "The address is longer than 65,534 bytes"),
    ("HeadersTooLarge", "431", "There are more than 100 header fields, or they are larger than the server reads"),
];

/// The shared answers, for references.
pub(super) fn shared() -> impl Iterator<Item = (String, RefOr<Response>)> {
    let unread = UNREAD.iter().map(|(name, _, words)| ((*name).to_owned(), ResponseBuilder::new().description(*words).build().into()));
    let problems = SHARED.iter().map(|shared| {
        let response =
            ResponseBuilder::new().description(shared.description).content(PROBLEM_JSON, problem(shared.kind, shared.description));
        let response = match shared.kind {
            ErrorKind::Unauthorized => {
                let header =
                    HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some("How to show the token")).build();
                response.header("WWW-Authenticate", header)
            }
            ErrorKind::Unavailable => {
                let header =
                    HeaderBuilder::new().schema(Some(Object::with_type(Type::Integer))).description(Some("Seconds to wait")).build();
                response.header("Retry-After", header)
            }
            _ => response,
        };
        (shared.name.to_owned(), response.build().into())
    });
    problems.chain(unread)
}

/// Adds the answers that the operation can give and does not name itself. Those it names become problems with an example.
pub(super) fn complete(path: &str, method: &str, operation: &mut Operation) {
    let facts = Facts {
        for_monitors: matches!(path, "/healthz" | "/readyz"),
        open: path == "/healthz",
        changes: !matches!(method, "GET" | "OPTIONS"),
        body: matches!(&operation.request_body, Some(RefOr::T(RequestBody { content, .. })) if !content.is_empty()),
        query: takes(operation, &ParameterIn::Query),
        asset: is_of_asset(path),
        file: is_of_asset(path) && (path.ends_with("/download") || path.ends_with("/thumbnail")),
        parts: is_of_asset(path) && path.ends_with("/download"),
        protocol: path.starts_with(resumable::ADDRESS) && method != "OPTIONS",
        upload: path.strip_prefix(resumable::ADDRESS) == Some("/{id}"),
    };
    if facts.open {
        // Nobody has to show anything here.
        operation.security = Some(Vec::new());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            as_problem(status, response);
        }
    }
    if has_pages(operation)
        && let Some(RefOr::T(page)) = operation.responses.responses.get_mut("200")
    {
        let words = "The next page, if there is one: `<…>; rel=\"next\"`";
        let link = HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some(words)).build();
        page.headers.insert("Link".into(), link.into());
    }
    for shared in SHARED.iter().filter(|shared| (shared.given_by)(&facts)) {
        let reference = RefOr::Ref(Ref::from_response_name(shared.name));
        operation.responses.responses.entry(shared.kind.status().to_string()).or_insert(reference);
    }
    for (name, status, _) in UNREAD {
        operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::Ref(Ref::from_response_name(name)));
    }
}

/// Whether an address is about one asset, be it of every kind's doors or of its own.
fn is_of_asset(path: &str) -> bool {
    let own = AssetKind::ALL.map(|kind| kind.spec().address);
    ["/api/assets"].into_iter().chain(own).any(|address| path.strip_prefix(address).is_some_and(|rest| rest.starts_with("/{id}")))
}

fn has_pages(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "cursor"))
}

/// utoipa gives every body the media type of JSON.
fn as_problem(status: &str, response: &mut Response) {
    let body = RefOr::Ref(Ref::from_schema_name("Problem"));
    let is_problem = matches!(response.content.get(JSON), Some(RefOr::T(content)) if content.schema.as_ref() == Some(&body));
    if let (true, Some(kind)) = (is_problem, kind(status)) {
        response.content.clear();
        response.content.insert(PROBLEM_JSON.into(), problem(kind, &response.description).into());
    }
}

/// The kind of error that stands for a status in examples.
fn kind(status: &str) -> Option<ErrorKind> {
    let own = [
        ErrorKind::NotFound,
        ErrorKind::CapReached,
        ErrorKind::Conflict,
        ErrorKind::Gone,
        ErrorKind::LengthRequired,
        ErrorKind::PreconditionFailed,
        ErrorKind::ChecksumMismatch,
    ];
    SHARED.iter().map(|shared| shared.kind).chain(own).find(|kind| kind.status().to_string() == status)
}

fn problem(kind: ErrorKind, detail: &str) -> Content {
    let error = match kind {
        ErrorKind::Invalid => ApiError::invalid("/name", "A name has 1 to 200 characters."),
        kind => ApiError::new(kind, format!("{}.", detail.trim_end_matches('.'))),
    };
    let mut content = Content::new(Some(Ref::from_schema_name("Problem")));
    content.example = serde_json::to_value(Problem::from(error)).ok();
    content
}

fn takes(operation: &Operation, place: &ParameterIn) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place))
}
