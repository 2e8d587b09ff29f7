//! The accept loop: a task a connection, each with bounds for a peer that sends or takes nothing, and a graceful end.
//! `axum::serve` has no bounds.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::connection::{Busy, Connection};
use crate::server::config::Patience;

/// How long nothing is accepted after the system refused to: it lacks something, mostly free descriptors, that only comes back with time.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is told that the system refuses.
const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(60);

/// Lets the process have as many descriptors as it may: what systems give at first, often 1,024, is for programs that cannot take more.
pub fn raise_descriptors() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::debug!(%error, "the number of descriptors stays as it is");
    }
}

/// How many connections are open. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Open(Arc<AtomicUsize>);

impl Open {
    /// The number now.
    #[must_use]
    pub fn number(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of them, until it is dropped.
struct Counted(Open);

impl Counted {
    fn new(open: &Open) -> Self {
        open.0.fetch_add(1, Ordering::Relaxed);
        Self(open.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The other end of the connection that a request came by.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Answers whoever connects, until `stop`; then ends once the requests under way have their answers. What is still open when this is
/// dropped is cut. Each request carries [`Peer`] and [`Open`].
pub async fn serve(listener: TcpListener, app: Router, patience: Patience, stop: CancellationToken) {
    let open = Open::default();
    let mut connections = JoinSet::new();
    let mut complained = None;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            (stream, peer) = accept(&listener, &mut complained) => {
                let counted = Counted::new(&open);
                connections.spawn(converse(stream, peer, counted, app.clone(), patience, stop.clone()));
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection. No failure ends the wait for it, and none makes it spin.
async fn accept(listener: &TcpListener, complained: &mut Option<Instant>) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                if complained.is_none_or(|at| at.elapsed() > BETWEEN_COMPLAINTS) {
                    tracing::error!(cause = %error, "no connection can be accepted for now");
                    *complained = Some(Instant::now());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether the connection was gone before it was accepted; the next one is not concerned.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Ends the connection to a machine that has vanished, and acknowledges nothing that is sent: Linux would go on trying for a quarter of an hour.
#[cfg(target_os = "linux")]
fn bound_silence(stream: &TcpStream, bound: Duration) {
    use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
    let milliseconds = u32::try_from(bound.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = setsockopt(stream, TcpUserTimeout, &milliseconds) {
        tracing::debug!(%error, "a vanished peer of this connection may be noticed late");
    }
}

/// Answers what comes by one connection, to its end.
async fn converse(stream: TcpStream, peer: SocketAddr, counted: Counted, app: Router, patience: Patience, stop: CancellationToken) {
    // Head and body of an answer are written apart: waiting to send them together costs 40 ms each time the peer delays its acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers on this connection may be delayed");
    }
    #[cfg(target_os = "linux")]
    bound_silence(&stream, patience.answer);
    let busy = Busy::default();
    let stream = TokioIo::new(Connection::new(stream, busy.clone(), patience));
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(|body| busy.hold(Body::new(body)));
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(counted.0.clone());
        let (app, busy) = (app.clone(), busy.clone());
        // A handler may have read the whole body long before it answers.
        let under_way = busy.begin();
        async move {
            let response: Response = app.oneshot(request).await?;
            let _until_then = under_way;
            Ok::<_, std::convert::Infallible>(response.map(|body| busy.hold(body)))
        }
    });
    let mut talk = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // Counts from the end of the answer before, so it is no more than the last resort behind the stream's own two bounds.
            .header_read_timeout(patience.idle + patience.head)
            .serve_connection(stream, answer)
    );
    let ended = tokio::select! {
        ended = talk.as_mut() => ended,
        () = stop.cancelled() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::Notify,
    };

    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_slow_handler_is_not_idle() {
        let patience = Patience { idle: Duration::from_millis(50), head: Duration::from_millis(50), ..Patience::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, done) = (CancellationToken::new(), Arc::new(Notify::new()));
        let waits = done.clone();
        let app = Router::new().route("/", get(async move || waits.notified().await));
        let server = tokio::spawn(serve(listener, app, patience, stop.clone()));
        let mut asking = TcpStream::connect(address).await.unwrap();
        asking.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        // Those who come later and say nothing are let go meanwhile.
        for _ in 0..3 {
            let mut silent = TcpStream::connect(address).await.unwrap();
            assert_eq!(silent.read_to_end(&mut Vec::new()).await.unwrap(), 0);
        }
        done.notify_one();
        let mut answer = String::new();
        asking.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        stop.cancel();
        server.await.unwrap();
    }
}
