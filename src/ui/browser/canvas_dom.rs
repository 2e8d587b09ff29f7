//! What the builder's canvas needs of the page: sizes, pointers, frames, marks, and what an event landed on.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::graph::geometry::{Point, Size};

/// The size of an element as laid out, in CSS pixels; `None` before it is.
#[must_use]
pub fn size_of(element: &web_sys::Element) -> Option<Size> {
    let size = Size { width: f64::from(element.client_width()), height: f64::from(element.client_height()) };
    (size.width > 0.0 && size.height > 0.0).then_some(size)
}

/// Where an event happened, from the upper left corner of `element`.
#[must_use]
pub fn place_in(element: &web_sys::Element, event: &web_sys::MouseEvent) -> Point {
    let bounds = element.get_bounding_client_rect();
    Point::new(f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top())
}

/// Lets `element` have every event of a pointer until it is lifted.
pub fn capture(element: &web_sys::Element, pointer: i32) {
    // Refused where the pointer was lifted in the meantime; there is nothing to follow then.
    let _ = element.set_pointer_capture(pointer);
}

/// The nearest element around the event's target, itself included, that matches a selector.
#[must_use]
pub fn closest(event: &web_sys::Event, selector: &str) -> Option<web_sys::Element> {
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    target.closest(selector).ok().flatten()
}

/// Whether keys typed now go into a field.
#[must_use]
pub fn is_typing(event: &web_sys::Event) -> bool {
    closest(event, "input, textarea, select, [contenteditable]").is_some()
}

/// Whether keys pressed now already do something to what has the focus: a button, a link, a clip.
#[must_use]
pub fn has_own_keys(event: &web_sys::Event) -> bool {
    closest(event, "button, a, video, summary, dialog").is_some()
}

/// Marks this moment in the browser's timeline, once.
pub fn mark_once(name: &str) {
    let Some(performance) = window().performance() else { return };
    if performance.get_entries_by_name(name).length() == 0 {
        // A mark that fails is a measurement lost, nothing more.
        let _ = performance.mark(name);
    }
}

/// Focuses the first element that matches, without scrolling to it.
pub fn focus(selector: &str) {
    let Ok(Some(element)) = document().query_selector(selector) else { return };
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        // Refused for what cannot have the focus; it then stays where it is.
        let _ = element.focus();
    }
}

/// The value of a cookie of this page.
#[must_use]
pub fn cookie(name: &str) -> Option<String> {
    let document = document();
    let cookies = document.dyn_ref::<web_sys::HtmlDocument>()?.cookie().ok()?;
    cookies.split(';').find_map(|pair| Some(pair.trim().strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// Remembers `value` under `name` for the pages at and below `path`, for a year. Plain words without `;`.
pub fn remember_at(path: &str, name: &str, value: &str) {
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        // Refused where cookies are off; the page then forgets, and nothing else happens.
        let _ = document.set_cookie(&format!("{name}={value}; path={path}; max-age=31536000; samesite=lax"));
    }
}
