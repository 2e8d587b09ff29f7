//! Videos as the page asks for them: look, list, rename, delete.

use leptos::prelude::*;

use super::wire::Json;
use crate::domain::{
    ApiError, VideoId,
    page::Page,
    video::{Video, VideoFilter},
};

/// A video with its generation and the workflows that use it.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(name = VideoById, input = Json, output = Json, endpoint = "video")]
pub async fn video(id: VideoId) -> Result<Video, ApiError> {
    use crate::server::{library::videos, respond};
    let state = respond::state()?;
    respond::respond(videos::video(&state.db, id).await)
}

/// A page of the library, newest first or in the order of `sort` (`name`, `-duration` and so on).
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a wrong bound, order or cursor.
#[server(input = Json, output = Json, endpoint = "list_videos")]
pub async fn list_videos(filter: VideoFilter, sort: Option<String>, cursor: Option<String>) -> Result<Page<Video>, ApiError> {
    use crate::server::{library::videos, respond};
    let state = respond::state()?;
    respond::respond(videos::list_from(&state.db, &filter, sort.as_deref(), cursor.as_deref()).await)
}

/// Gives a video another name.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound), [`Invalid`](crate::domain::ErrorKind::Invalid).
#[server(input = Json, output = Json, endpoint = "rename_video")]
pub async fn rename_video(id: VideoId, name: String) -> Result<Video, ApiError> {
    use crate::server::{library::videos, respond};
    let state = respond::state()?;
    respond::respond(videos::rename(&state.db, id, &name).await)
}

/// Deletes a video; with `force` even while it is a workflow's current clip.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound), [`Conflict`](crate::domain::ErrorKind::Conflict) with the workflows.
#[server(input = Json, output = Json, endpoint = "delete_video")]
pub async fn delete_video(id: VideoId, force: bool) -> Result<(), ApiError> {
    use crate::server::{library::videos, respond};
    let state = respond::state()?;
    respond::respond(videos::delete(&state.db, &state.content, id, force).await)
}
