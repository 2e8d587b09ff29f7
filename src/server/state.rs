//! What a request handler or a worker finds at hand. Composed once in `run`; cheap to clone.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio_util::sync::CancellationToken;

use super::{config::Config, library::resumable::Uploads, studio::Studio};

/// The server's parts.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The settings.
    pub config: Arc<Config>,
    /// What the rooms share.
    pub studio: Studio,
    /// Uploads that go on where they broke off.
    pub uploads: Uploads,
    /// Cancelled when the server stops: streams and workers end.
    pub stop: CancellationToken,
    /// Where Leptos finds the browser's files.
    pub leptos: LeptosOptions,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
