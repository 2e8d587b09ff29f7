//! Doubles of the providers' APIs on one local address, over real HTTP. They answer as the real ones do, refuse what these refuse, and do by
//! tags in the prompt what these do on bad days: see [`scenario`] and the tags each file reads.

pub mod answer;
pub mod book;
pub mod clip;
pub mod gateways;
mod google;
mod openai;
pub mod proxy;
mod rules;
pub mod scenario;
mod xai;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use book::{Book, recorded};

/// What the doubles share.
#[derive(Debug)]
pub struct Shared {
    /// Everything that happened.
    pub book: Book,
    address: SocketAddr,
    elsewhere: SocketAddr,
}

impl Shared {
    /// What `OPENAI_BASE_URL` is set to.
    pub fn openai_base(&self) -> String {
        format!("http://{}/openai/v1", self.address)
    }

    /// What `OPENAI_BASE_URL` is set to for a gateway; see [`gateways`].
    pub fn gateway_base(&self) -> String {
        format!("http://{}/gateway/v1", self.address)
    }

    /// Where the doubles listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `GEMINI_BASE_URL` is set to.
    pub fn google_base(&self) -> String {
        format!("http://{}/google", self.address)
    }

    /// What `XAI_BASE_URL` is set to.
    pub fn xai_base(&self) -> String {
        format!("http://{}/xai/v1", self.address)
    }

    /// Another host, to which downloads may be redirected.
    pub fn elsewhere(&self) -> String {
        format!("http://{}", self.elsewhere)
    }
}

/// Starts the doubles at `address`; they run as long as the runtime.
pub async fn start(address: SocketAddr) -> Arc<Shared> {
    let (here, there) = (TcpListener::bind(address).await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let shared = Arc::new(Shared { book: Book::default(), address: here.local_addr().unwrap(), elsewhere: there.local_addr().unwrap() });
    let app = Router::new()
        .nest("/openai/v1", openai::router(shared.clone()))
        .nest("/gateway/v1", gateways::router(shared.clone()))
        .nest("/google", google::router(shared.clone()))
        .nest("/xai/v1", xai::router(shared.clone()))
        .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
        .layer(middleware::from_fn_with_state(shared.clone(), note));
    let other = Router::new().route("/{id}", get(redirected)).with_state(shared.clone());
    tokio::spawn(async move { axum::serve(here, app).await.unwrap() });
    tokio::spawn(async move { axum::serve(there, other).await.unwrap() });
    shared
}

async fn note(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    shared.book.note(request.method(), request.uri(), request.headers());
    next.run(request).await
}

/// A clip at another host, which is handed out without a key.
async fn redirected(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request) -> Response {
    shared.book.open().elsewhere.push(recorded(request.method(), request.uri(), request.headers()));
    match shared.book.with(&id, |job| job.downloads += 1) {
        Some(job) if job.scenario().has("redirect") => answer::whole(&job),
        Some(job) => answer::download(&shared.book, &job, &shared.elsewhere()).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
