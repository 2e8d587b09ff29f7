//! A line in the log for each request, and the id by which it is found there: `x-request-id`, on answers too.
//!
//! The line has no query and no header: keys and tokens stand there.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tracing::{Instrument, Span};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken from a caller, in bytes.
const LONGEST_ID: usize = 64;
/// So much of a path is written, in letters.
const LONGEST_PATH: usize = 300;

/// Writes a request's line once its answer has left, or was given up; what is logged meanwhile carries the id.
pub async fn tell(request: Request, next: Next) -> Response {
    let id = id(&request);
    // Of the highest level, so that no filter takes it from the errors inside.
    let span = tracing::error_span!("request", id = id.to_str().unwrap_or_default());
    let path = request.uri().path().chars().take(LONGEST_PATH).collect();
    let mut line = Line { span: span.clone(), method: request.method().clone(), path, began: Instant::now(), status: None, bytes: 0 };
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    line.status = Some(response.status().as_u16());
    response.map(|body| Body::new(Told { body, line }))
}

/// The id under which the caller, mostly a proxy, knows the request; else a new one.
fn id(request: &Request) -> HeaderValue {
    let is_plain = |id: &&HeaderValue| {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
    };
    let given = request.headers().get(REQUEST_ID).filter(is_plain).cloned();
    given.or_else(|| HeaderValue::from_str(&Uuid::now_v7().to_string()).ok()).unwrap_or(HeaderValue::from_static("none"))
}

/// What is known of a request. It is written when this is dropped.
struct Line {
    span: Span,
    method: Method,
    path: String,
    began: Instant,
    /// None where the caller went away before there was an answer.
    status: Option<u16>,
    bytes: u64,
}

impl Drop for Line {
    fn drop(&mut self) {
        let (method, path, status, bytes) = (self.method.as_str(), &self.path, self.status, self.bytes);
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(parent: &self.span, method, path, status, milliseconds, bytes, "answered");
    }
}

/// An answer's body, counted.
struct Told {
    body: Body,
    line: Line,
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let _entered = this.line.span.enter();
        let frame = Pin::new(&mut this.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            this.line.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
