//! Videos as the page asks for them.

use leptos::prelude::*;

use super::wire::Json;
use crate::domain::{ApiError, VideoId, video::Video};

/// A video with its generation and the workflows that use it.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(name = VideoById, input = Json, output = Json, endpoint = "video")]
pub async fn video(id: VideoId) -> Result<Video, ApiError> {
    use crate::server::{library::assets, respond};
    let state = respond::state()?;
    respond::respond(assets::video(&state.studio.db, id).await)
}
