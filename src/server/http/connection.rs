//! A connection that is given up when its peer sends nothing, or takes nothing, for too long.
//!
//! hyper's own bound counts from the moment it waits for a request, and is one for both the wait and the head. Here each has its own: the
//! stream knows from [`Busy`] whether a request is under way, and takes the first byte that comes while there is none for the next one's head.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::server::config::Patience;

/// What is under way on a connection: handlers, and the bodies of requests and answers that still live. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// What is under way now.
    alive: AtomicUsize,
    /// What ever was: tells that a request came and went between two looks.
    ever: AtomicUsize,
}

impl Busy {
    /// Something is under way until what this gives is dropped.
    pub(super) fn begin(&self) -> UnderWay {
        self.0.alive.fetch_add(1, Ordering::Relaxed);
        self.0.ever.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// A body that counts as under way until it is dropped.
    pub(super) fn hold(&self, body: Body) -> Body {
        Body::new(Held { body, _under_way: self.begin() })
    }

    fn is_busy(&self) -> bool {
        self.0.alive.load(Ordering::Relaxed) > 0
    }

    fn ever(&self) -> usize {
        self.0.ever.load(Ordering::Relaxed)
    }
}

/// Something under way.
#[derive(Debug)]
pub(super) struct UnderWay(Busy);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body under way.
struct Held {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A time at which waiting ends. It costs nothing until it is set.
#[derive(Debug, Default)]
struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    is_set: bool,
}

impl Alarm {
    /// Sets it, unless it is set already.
    fn set(&mut self, after: Duration) {
        if !std::mem::replace(&mut self.is_set, true) {
            let at = Instant::now() + after;
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(at),
                None => self.sleep = Some(Box::pin(sleep_until(at))),
            }
        }
    }

    fn clear(&mut self) {
        self.is_set = false;
    }

    /// Whether its time has come; wakes the task when it does.
    fn rings(&mut self, context: &mut Context<'_>) -> bool {
        self.is_set && self.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(context).is_ready())
    }
}

/// What is waited for from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// Nothing of it in particular: a request is under way.
    Nothing,
    /// A request.
    Request,
    /// The rest of a request's head.
    Head,
}

/// A peer's stream.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    busy: Busy,
    patience: Patience,
    /// [`Busy::ever`] at the last look.
    ever: usize,
    awaited: Awaited,
    reading: Alarm,
    writing: Alarm,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, busy: Busy, patience: Patience) -> Self {
        Self { stream, busy, patience, ever: 0, awaited: Awaited::Nothing, reading: Alarm::default(), writing: Alarm::default() }
    }

    /// Waits for `awaited` from now on, if it did not before.
    fn await_now(&mut self, awaited: Awaited) {
        if self.awaited != awaited {
            self.awaited = awaited;
            self.reading.clear();
        }
        match awaited {
            Awaited::Nothing => {}
            Awaited::Request => self.reading.set(self.patience.idle),
            Awaited::Head => self.reading.set(self.patience.head),
        }
    }

    /// The end of a write: a peer that takes nothing is not waited for any longer than it may take.
    fn written(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.clear();
            return written;
        }
        self.writing.set(self.patience.answer);
        if self.writing.rings(context) { Poll::Ready(Err(late("took nothing of its answer"))) } else { Poll::Pending }
    }
}

fn late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the peer {what} for too long"))
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let ever = this.busy.ever();
        if this.busy.is_busy() || std::mem::replace(&mut this.ever, ever) != ever {
            this.await_now(Awaited::Nothing);
        }
        if !this.busy.is_busy() && this.awaited == Awaited::Nothing {
            this.await_now(Awaited::Request);
        }
        let before = buffer.filled().len();
        if Pin::new(&mut this.stream).poll_read(context, buffer)?.is_ready() {
            if buffer.filled().len() > before && this.awaited == Awaited::Request {
                this.await_now(Awaited::Head);
            }
            // A peer that keeps on sending is looked at here: it never makes the read below wait.
            return if this.reading.rings(context) { Poll::Ready(Err(late("sent a request's head"))) } else { Poll::Ready(Ok(())) };
        }
        if this.awaited != Awaited::Nothing && this.reading.rings(context) {
            return Poll::Ready(Err(late("sent no request")));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
