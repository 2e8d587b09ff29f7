//! The pictures a clip is made from, brought to its frame.

use crate::{
    domain::ImageId,
    server::{Result, library::images, media::picture, providers::Picture, state::AppState},
};

/// The image as a provider gets it: a PNG of exactly `size` in pixels, filled from its middle. `None` where there is no image.
///
/// # Errors
/// As for [`images::located`] and [`picture::cover`].
pub(super) async fn frame(state: &AppState, image: Option<ImageId>, size: (u32, u32)) -> Result<Option<Picture>> {
    let Some(id) = image else { return Ok(None) };
    let (_, path) = images::located(&state.db, &state.content, id).await?;
    Ok(Some(Picture { media_type: "image/png", bytes: picture::cover(&path, size).await? }))
}
