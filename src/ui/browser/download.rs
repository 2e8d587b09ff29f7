//! Bringing a clip's bytes: told as they come, and checked against their SHA-256 before anything keeps them.

use leptos::prelude::window;
use sha2::Digest;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Blob, ReadableStreamDefaultReader, RequestInit, Response};

use crate::domain::Sha256;

/// Why a clip did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The page went away.
    #[error("The download was stopped.")]
    Stopped,
    /// No answer, or it broke off.
    #[error("It could not be downloaded. It is safe on the server.")]
    Broken,
    /// The server refused.
    #[error("The server has no such file to give (status {0}).")]
    Refused(u16),
    /// The server had it, and has it no more.
    #[error("It is damaged on the server, or deleted. Upload the same file again to bring it back.")]
    Gone,
    /// Other bytes than the library has on record.
    #[error("It arrived damaged and was not kept. Reload to bring it again.")]
    Damaged,
}

impl DownloadError {
    /// Whether it may come when it is asked for again.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Broken | Self::Damaged => true,
            Self::Refused(status) => *status >= 500,
            Self::Stopped | Self::Gone => false,
        }
    }
}

/// Ends downloads: those begun with one of its handles are aborted when it is dropped.
#[derive(Debug)]
pub struct AbortGuard(Option<AbortController>);

impl AbortGuard {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(AbortController::new().ok())
    }

    /// A handle for a download.
    #[must_use]
    pub fn handle(&self) -> AbortHandle {
        AbortHandle(self.0.as_ref().map(AbortController::signal))
    }
}

impl Default for AbortGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for AbortGuard {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// A download's end of a [`AbortGuard`].
#[derive(Debug, Clone)]
pub struct AbortHandle(Option<web_sys::AbortSignal>);

/// The bytes at `url`, whose SHA-256 is `expected`. `on_progress` hears how many have come.
///
/// # Errors
/// Where they do not come whole and right.
pub async fn fetch_checked(url: &str, expected: &Sha256, handle: &AbortHandle, on_progress: impl Fn(u64)) -> Result<Blob, DownloadError> {
    let options = RequestInit::new();
    options.set_signal(handle.0.as_ref());
    let stopped = || handle.0.as_ref().is_some_and(web_sys::AbortSignal::aborted);
    let broken = |_: JsValue| if stopped() { DownloadError::Stopped } else { DownloadError::Broken };
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &options)).await.map_err(broken)?;
    let response: Response = response.dyn_into().map_err(broken)?;
    if !response.ok() {
        return Err(if response.status() == 410 { DownloadError::Gone } else { DownloadError::Refused(response.status()) });
    }
    let media_type = response.headers().get("content-type").ok().flatten().unwrap_or_default();
    let reader = response.body().ok_or(DownloadError::Broken)?.get_reader();
    let reader: ReadableStreamDefaultReader = reader.dyn_into().map_err(|_| DownloadError::Broken)?;

    let chunks = js_sys::Array::new();
    let mut digest = sha2::Sha256::new();
    let mut received = 0;
    while let Some(chunk) = next(&reader).await.map_err(broken)? {
        received += u64::from(chunk.length());
        digest.update(chunk.to_vec());
        chunks.push(&chunk);
        on_progress(received);
    }
    if Sha256::new(digest.finalize().into()) != *expected {
        return Err(DownloadError::Damaged);
    }
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type(&media_type);
    Blob::new_with_u8_array_sequence_and_options(&chunks, &kind).map_err(|_| DownloadError::Broken)
}

async fn next(reader: &ReadableStreamDefaultReader) -> Result<Option<js_sys::Uint8Array>, JsValue> {
    let step = JsFuture::from(reader.read()).await?;
    if js_sys::Reflect::get(&step, &"done".into())?.is_truthy() {
        return Ok(None);
    }
    js_sys::Reflect::get(&step, &"value".into())?.dyn_into().map(Some)
}
