//! Still pictures as the page asks for them.

use leptos::prelude::*;

use super::wire::Json;
use crate::domain::{ApiError, ImageId, image::Image};

/// An image.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(name = ImageById, input = Json, output = Json, endpoint = "image")]
pub async fn image(id: ImageId) -> Result<Image, ApiError> {
    use crate::server::{library::assets, respond};
    let state = respond::state()?;
    respond::respond(assets::image(&state.studio.db, id).await)
}
