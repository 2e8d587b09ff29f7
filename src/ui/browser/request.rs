//! Requests to the API that are no server functions: bodies made piece by piece, and what a page sends while it goes.

use leptos::prelude::window;
use serde::de::{DeserializeOwned, IgnoredAny};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, RequestInit, Response};

use crate::{
    api::answer,
    domain::{ApiError, ErrorKind},
};

/// The most that a leaving page may send, in bytes: browsers allow 64 KiB for all such requests of a page together (Fetch standard, `keepalive`).
const LEAVING: usize = 60 * 1024;

/// What the server says of itself, and nothing that answers in its place.
const HEALTHY: &str = "ok";

/// Sends JSON that is given in parts.
///
/// # Errors
/// The server's reason; [`ErrorKind::Unavailable`] where it cannot be reached.
pub async fn send_json(method: &str, address: &str, parts: &[String]) -> Result<(), ApiError> {
    let body = json_blob(parts).map_err(|_| not_reached())?;
    let options = RequestInit::new();
    options.set_method(method);
    options.set_body(&body);
    let response = JsFuture::from(window().fetch_with_str_and_init(address, &options)).await.map_err(|_| not_reached())?;
    let response: Response = response.dyn_into().map_err(|_| not_reached())?;
    // What a network answers in the server's place is not the server's word that it has it.
    answer::read::<IgnoredAny>(response.status(), &text_of(&response).await).map(drop)
}

/// Reads the JSON at an address.
///
/// # Errors
/// The server's reason; [`ErrorKind::Unavailable`] where it cannot be reached.
pub async fn get_json<T: DeserializeOwned>(address: &str) -> Result<T, ApiError> {
    let response = JsFuture::from(window().fetch_with_str(address)).await.map_err(|_| not_reached())?;
    let response: Response = response.dyn_into().map_err(|_| not_reached())?;
    answer::read(response.status(), &text_of(&response).await)
}

/// Whether the server answers.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where it does not.
pub async fn reach() -> Result<(), ApiError> {
    let response = JsFuture::from(window().fetch_with_str("/healthz")).await.map_err(|_| not_reached())?;
    let response: Response = response.dyn_into().map_err(|_| not_reached())?;
    if response.ok() && text_of(&response).await == HEALTHY { Ok(()) } else { Err(not_reached()) }
}

/// An answer's body; empty where it broke off.
async fn text_of(response: &Response) -> String {
    match response.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// Sends JSON from a page that goes; nobody hears the answer. False where it is too much for that.
pub fn send_leaving(method: &str, address: &str, text: String) -> bool {
    let length = text.len();
    let Some(body) = (length <= LEAVING).then(|| json_blob(&[text])).and_then(Result::ok) else { return false };
    let options = RequestInit::new();
    options.set_method(method);
    options.set_body(&body);
    // A plain object takes any member; web-sys has no setter for this one.
    let _ = js_sys::Reflect::set(&options, &"keepalive".into(), &JsValue::TRUE);
    // Whether it arrives is seen by the next page.
    let _ = window().fetch_with_str_and_init(address, &options);
    true
}

fn json_blob(parts: &[String]) -> Result<Blob, JsValue> {
    let list: js_sys::Array = parts.iter().map(|part| JsValue::from_str(part)).collect();
    let kind = BlobPropertyBag::new();
    kind.set_type("application/json");
    Blob::new_with_str_sequence_and_options(&list, &kind)
}

fn not_reached() -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "The server could not be reached.")
}
