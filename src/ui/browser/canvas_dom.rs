//! What the builder's canvas needs of the page: sizes, pointers, frames, marks, and what an event landed on.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::graph::canvas::geometry::{Point, Size};

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

/// The address that a plain click on a link of this site opens in this window.
#[must_use]
pub fn followed_link(event: &web_sys::MouseEvent) -> Option<String> {
    let is_plain = event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    let link = closest(event, "a[href]").filter(|_| is_plain && !event.default_prevented())?;
    let stays = !link.has_attribute("target") && !link.has_attribute("download");
    link.get_attribute("href").filter(|address| stays && address.starts_with('/'))
}

/// Whether nothing that matches a selector lies under a mouse event.
#[must_use]
pub fn is_bare(event: &web_sys::MouseEvent, selector: &str) -> bool {
    let under = document().element_from_point(event.client_x() as f32, event.client_y() as f32);
    under.is_some_and(|element| element.closest(selector).ok().flatten().is_none())
}

/// Gives the focus back to the control that an event was on, once what the event changed is drawn.
pub fn focus_again(event: &web_sys::Event) {
    let Some(control) = closest(event, "button").and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
    // Refused where the control is gone; there is nothing to focus then.
    request_animation_frame(move || drop(control.focus()));
}

/// Whether keys typed now go into a field.
#[must_use]
pub fn is_typing(event: &web_sys::Event) -> bool {
    closest(event, "input, textarea, select, [contenteditable]").is_some()
}

/// Whether text is selected in the page, which a copy then means.
#[must_use]
pub fn has_text_selected() -> bool {
    window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed())
}

/// Puts `text` on the clipboard in place of what the browser would copy. False where the browser refuses.
pub fn copy_text(event: &web_sys::ClipboardEvent, text: &str) -> bool {
    let is_copied = event.clipboard_data().is_some_and(|data| data.set_data("text/plain", text).is_ok());
    if is_copied {
        event.prevent_default();
    }
    is_copied
}

/// The text that is being pasted; empty where it is none.
#[must_use]
pub fn pasted_text(event: &web_sys::ClipboardEvent) -> String {
    event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default()
}

/// Whether files are being pasted.
#[must_use]
pub fn brings_files(event: &web_sys::ClipboardEvent) -> bool {
    event.clipboard_data().and_then(|data| data.files()).is_some_and(|files| files.length() > 0)
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

/// The value of a cookie of this page.
#[must_use]
pub fn cookie(name: &str) -> Option<String> {
    let document = document();
    let cookies = document.dyn_ref::<web_sys::HtmlDocument>()?.cookie().ok()?;
    cookies.split(';').find_map(|pair| Some(pair.trim().strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// Remembers `value` under `name` for this address only, for a year. Plain words without `;`.
pub fn remember_here(name: &str, value: &str) {
    let document = document();
    let (Some(html), Ok(path)) = (document.dyn_ref::<web_sys::HtmlDocument>(), window().location().pathname()) else { return };
    // Refused where cookies are off; the page then forgets, and nothing else happens.
    let _ = html.set_cookie(&format!("{name}={value}; path={path}; max-age=31536000; samesite=lax"));
}

/// Gives an element the focus.
pub fn focus_element(element: &web_sys::HtmlElement) {
    // Refused for what cannot have the focus; it then stays where it is.
    let _ = element.focus();
}

/// Gives the focus to the first element that matches.
pub fn focus_first(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        focus_element(&element);
    }
}

/// Gives the focus to the button that an event landed on.
pub fn focus_target(event: &web_sys::Event) {
    if let Some(button) = closest(event, "button").and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        focus_element(&button);
    }
}

/// The selector for an attribute of exactly that value, whatever is in it.
#[must_use]
pub fn attribute_is(name: &str, value: &str) -> String {
    format!("[{name}=\"{}\"]", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Takes the focus away from the field that has it.
pub fn blur() {
    if let Some(element) = document().active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // What has the focus can lose it.
        let _ = element.blur();
    }
}
