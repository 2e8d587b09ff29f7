//! Requests to the API that are no server functions: bodies made piece by piece, and what a page sends while it goes.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, RequestInit, Response};

use crate::domain::{ApiError, ErrorKind, error::Problem};

/// The most that a leaving page may send, in bytes: browsers allow 64 KiB for all such requests of a page together (Fetch standard, `keepalive`).
const LEAVING: usize = 60 * 1024;

/// Sends JSON that is given in parts.
///
/// # Errors
/// The server's reason; [`ErrorKind::Unavailable`] where it cannot be reached.
pub async fn send_json(method: &str, address: &str, parts: &[String]) -> Result<(), ApiError> {
    let body = json_blob(parts).map_err(|_| not_reached())?;
    let options = RequestInit::new();
    options.set_method(method);
    options.set_body(&body);
    let answer = JsFuture::from(window().fetch_with_str_and_init(address, &options)).await.map_err(|_| not_reached())?;
    let answer: Response = answer.dyn_into().map_err(|_| not_reached())?;
    if answer.ok() {
        return Ok(());
    }
    let text = match answer.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default(),
        Err(_) => String::new(),
    };
    Err(refused(answer.status(), &text))
}

/// Whether the server answers.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where it does not.
pub async fn reach() -> Result<(), ApiError> {
    let answer = JsFuture::from(window().fetch_with_str("/healthz")).await.map_err(|_| not_reached())?;
    answer.dyn_into::<Response>().ok().filter(Response::ok).map(drop).ok_or_else(not_reached)
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

/// The error that an answer of that status tells.
#[must_use]
pub fn refused(status: u16, text: &str) -> ApiError {
    match serde_json::from_str::<Problem>(text) {
        Ok(problem) => {
            let kind = problem.r#type.rsplit(':').next().and_then(|name| serde_json::from_value(name.into()).ok());
            let mut error = ApiError::new(kind.unwrap_or(ErrorKind::Invalid), problem.detail);
            error.errors = problem.errors;
            error
        }
        // A proxy speaks for a server that is away.
        Err(_) if status >= 500 => not_reached(),
        Err(_) => ApiError::new(ErrorKind::Internal, format!("The server refused with status {status}.")),
    }
}

fn not_reached() -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "The server could not be reached.")
}
