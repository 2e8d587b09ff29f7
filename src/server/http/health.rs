//! Whether the process lives, whether it can work, and what it counts.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::server::state::AppState;

/// What the server needs to work, part by part: `ok`, or what is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// The database.
    pub database: String,
    /// The videos store.
    pub videos: String,
    /// ffmpeg and ffprobe.
    pub ffmpeg: String,
    /// Whether HDR clips can be stitched. The server is ready without.
    pub hdr: String,
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "check_health", tag = "operation", responses(
    (status = 200, description = "The process lives", body = String)))]
pub async fn healthz() -> &'static str {
    "ok"
}

/// The server can work.
#[utoipa::path(get, path = "/readyz", operation_id = "check_readiness", tag = "operation", responses(
    (status = 200, description = "Everything the server needs is there", body = Readiness),
    (status = 503, description = "Something is missing", body = Readiness),
))]
pub async fn readyz(State(state): State<AppState>) -> impl IntoResponse {
    let text = |result: Result<(), crate::server::Error>| result.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
    let readiness = Readiness {
        database: text(state.studio.db.check().await),
        videos: text(state.studio.content.check().await),
        ffmpeg: text(state.studio.ffmpeg.available()),
        hdr: text(state.studio.ffmpeg.tone_maps().await),
    };
    let ready = [&readiness.database, &readiness.videos, &readiness.ffmpeg].into_iter().all(|part| part == "ok");
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(readiness))
}
