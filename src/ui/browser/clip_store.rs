//! Clips kept in the browser by the SHA-256 of their bytes, in Cache Storage: a second restore downloads nothing.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, Response, Url};

use crate::domain::Sha256;

/// The cache's name.
const CACHE: &str = "clips";

/// Why a clip could not be kept. It can still be streamed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// The origin's share of the disk is used up.
    #[error("this browser has no more room for clips")]
    Full,
    /// Not a secure context, private browsing, or switched off.
    #[error("this browser keeps no clips for this address")]
    Unavailable,
}

impl From<JsValue> for KeepError {
    fn from(error: JsValue) -> Self {
        match error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name())).as_deref() {
            Some("QuotaExceededError") => Self::Full,
            _ => Self::Unavailable,
        }
    }
}

/// An object URL of the clip with these bytes, if it is kept. [`release`] it when nothing shows it any more.
pub async fn kept(hash: &Sha256) -> Option<String> {
    let cache = open().await.ok()?;
    let found = JsFuture::from(cache.match_with_str(&key(hash))).await.ok()?;
    let response = found.dyn_into::<Response>().ok()?;
    let blob = JsFuture::from(response.blob().ok()?).await.ok()?.dyn_into::<Blob>().ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}

/// Keeps bytes that were checked against `hash`.
///
/// # Errors
/// Where there is no room, or no store.
pub async fn keep(hash: &Sha256, clip: &Blob) -> Result<(), KeepError> {
    let cache = open().await?;
    let response = Response::new_with_opt_blob(Some(clip))?;
    JsFuture::from(cache.put_with_str(&key(hash), &response)).await?;
    Ok(())
}

/// An object URL of bytes in memory.
#[must_use]
pub fn object_url(clip: &Blob) -> Option<String> {
    Url::create_object_url_with_blob(clip).ok()
}

/// Frees an object URL; any other address is left alone.
pub fn release(url: &str) {
    if url.starts_with("blob:") {
        // Revoking an address that is already gone is no error.
        let _ = Url::revoke_object_url(url);
    }
}

/// Asks the browser not to drop the kept clips when the disk fills up.
pub async fn persist() {
    if let Ok(asked) = leptos::prelude::window().navigator().storage().persist() {
        // Whether it agrees is the browser's business; dropped clips are downloaded again.
        let _ = JsFuture::from(asked).await;
    }
}

async fn open() -> Result<Cache, KeepError> {
    if !super::page::is_secure() {
        return Err(KeepError::Unavailable);
    }
    let caches = leptos::prelude::window().caches()?;
    let cache = JsFuture::from(caches.open(CACHE)).await?;
    cache.dyn_into().map_err(|_| KeepError::Unavailable)
}

fn key(hash: &Sha256) -> String {
    format!("/clip/{hash}")
}
