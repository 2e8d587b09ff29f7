//! Bodies that come too slowly: whoever keeps a request open and sends next to nothing is answered 408 and let go.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::problem::Failed;
use crate::{
    domain::{ApiError, ErrorKind},
    server::config::Patience,
};

/// Gives up a body that comes too slowly. Whatever its reader makes of that, the answer is 408.
pub async fn keep(State(patience): State<Patience>, request: Request, next: Next) -> Response {
    let gave_up = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| Body::new(Paced::new(body, patience, gave_up.clone())));
    let response = next.run(request).await;
    if !gave_up.load(Ordering::Relaxed) {
        return response;
    }
    let detail = format!(
        "The body came too slowly: less than {} bytes in {} seconds. Send it again over a better connection.",
        patience.body_bytes,
        patience.body.as_secs_f32()
    );
    let mut response = Failed(ApiError::new(ErrorKind::TooSlow, detail)).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A body with a lowest speed. Only the time in which its reader waits for the peer counts.
struct Paced {
    body: Body,
    patience: Patience,
    gave_up: Arc<AtomicBool>,
    /// What came in this period, in bytes.
    came: u64,
    /// How much of this period's waiting is left.
    left: Duration,
    /// Since when the reader waits.
    waits: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// What the body's reader is told.
#[derive(Debug, thiserror::Error)]
#[error("it came too slowly")]
struct TooSlow;

impl Paced {
    fn new(body: Body, patience: Patience, gave_up: Arc<AtomicBool>) -> Self {
        Self { body, patience, gave_up, came: 0, left: patience.body, waits: None, alarm: None }
    }

    fn arrived(&mut self, bytes: usize) {
        if let Some(since) = self.waits.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        self.came += bytes as u64;
        if self.came >= self.patience.body_bytes {
            (self.came, self.left) = (0, self.patience.body);
        }
    }

    /// Whether the wait has become too long.
    fn rings(&mut self, context: &mut Context<'_>) -> bool {
        if self.waits.is_none() {
            let now = Instant::now();
            self.waits = Some(now);
            match &mut self.alarm {
                Some(alarm) => alarm.as_mut().reset(now + self.left),
                None => self.alarm = Some(Box::pin(sleep_until(now + self.left))),
            }
        }
        self.alarm.as_mut().is_some_and(|alarm| alarm.as_mut().poll(context).is_ready())
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
                self.arrived(bytes);
                Poll::Ready(frame)
            }
            Poll::Pending if self.rings(context) => {
                self.gave_up.store(true, Ordering::Relaxed);
                // What is read of it from here on is nothing: the connection does not wait for the rest.
                self.body = Body::empty();
                Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
