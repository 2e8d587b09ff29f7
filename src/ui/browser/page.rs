//! The page around the app: its clock, its cookies, its address, its visibility.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::domain::Timestamp;

/// A year, in seconds: how long a cookie that remembers a taste is kept.
const YEAR: u32 = 31_536_000;

/// Now, by this machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let milliseconds = js_sys::Date::now() as i128;
    time::OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH).into()
}

/// Whether the element that an event goes to lies inside `outer`.
#[must_use]
pub fn contains(outer: &web_sys::Element, target: Option<web_sys::EventTarget>) -> bool {
    let node = target.and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    node.is_some_and(|node| outer.contains(Some(&node)))
}

/// The finite number that a text is, as the browser reads numbers.
#[must_use]
pub fn number_of(text: &str) -> Option<f64> {
    let number = wasm_bindgen::JsValue::from_str(text.trim()).unchecked_into_f64();
    Some(number).filter(|number| number.is_finite() && !text.trim().is_empty())
}

/// Remembers `value` under `name` for a year, for the server's next rendering too. Both are plain words without `;`.
pub fn remember(name: &str, value: &str) {
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        // Refused where cookies are off; the page then forgets, and nothing else happens.
        let _ = document.set_cookie(&format!("{name}={value}; path=/; max-age={YEAR}; samesite=lax"));
    }
}

/// Sets an attribute of the document's root element.
pub fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        // Only a name that is no name could be refused.
        let _ = root.set_attribute(name, value);
    }
}

/// An attribute of the document's root element.
#[must_use]
pub fn root_attribute(name: &str) -> Option<String> {
    document().document_element().and_then(|root| root.get_attribute(name))
}

/// The text of the element with that id.
#[must_use]
pub fn text_of(id: &str) -> Option<String> {
    document().get_element_by_id(id).and_then(|element| element.text_content())
}

/// Whether a media query holds, such as `(prefers-color-scheme: dark)`.
#[must_use]
pub fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// Puts `path` into the address bar in place of the present one, without loading anything.
pub fn replace_address(path: &str) {
    if let Ok(history) = window().history() {
        // The same origin's path is always accepted.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path));
    }
}

/// Waits.
pub async fn pause(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // Without a timer the wait is over at once.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    // It is only ever resolved.
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Waits until the browser has nothing else to do, a second at most; where it cannot tell, for the next turn.
pub async fn idle() {
    let window = window();
    let call = js_sys::Reflect::get(&window, &"requestIdleCallback".into()).ok().and_then(|call| call.dyn_into::<js_sys::Function>().ok());
    let Some(call) = call else { return pause(0).await };
    let options = js_sys::Object::new();
    // A plain object takes any member.
    let _ = js_sys::Reflect::set(&options, &"timeout".into(), &1_000.into());
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        if call.call2(&window, &resolve, &options).is_err() {
            // The promise's own function takes any value and cannot fail.
            let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
        }
    });
    // It is only ever resolved.
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Milliseconds since some moment, of a clock that never goes back.
#[must_use]
pub fn milliseconds() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Whether the page is hidden: another tab is in front, or the window is away.
#[must_use]
pub fn is_hidden() -> bool {
    document().hidden()
}

/// The path of the address in the address bar.
#[must_use]
pub fn path() -> String {
    // A document's own address is always readable.
    window().location().pathname().unwrap_or_default()
}

/// What follows the `?` in the address bar.
#[must_use]
pub fn query() -> String {
    let text = window().location().search().unwrap_or_default();
    text.strip_prefix('?').unwrap_or_default().to_owned()
}

/// Opens another address of this site from the server.
pub fn go(path: &str) {
    // The same origin's path is always accepted.
    let _ = window().location().assign(path);
}

/// Whether the browser keeps clips and hashes for this origin: https, or this machine.
#[must_use]
pub fn is_secure() -> bool {
    window().is_secure_context()
}
