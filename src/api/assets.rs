//! Assets as the page asks for them.

use leptos::prelude::*;

use super::wire::Call;
use crate::domain::{ApiError, Asset, AssetId};

/// An asset with how it was made and the workflows that use it.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound), [`Gone`](crate::domain::ErrorKind::Gone).
#[server(name = AssetById, protocol = Call, endpoint = "asset")]
pub async fn asset(id: AssetId) -> Result<Asset, ApiError> {
    use crate::server::{library::assets, respond};
    let state = respond::state()?;
    respond::respond(assets::asset(&state.studio.db, id).await)
}
