//! Reelgraph: a node-graph workflow builder for AI video, with a media manager that never loses or repeats a clip.
//!
//! `domain` and `graph` are pure and shared; `api` holds the server functions, `ui` the views of both sides, `server` everything native.

#![recursion_limit = "256"]

pub mod api;
pub mod domain;
pub mod graph;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// Wakes the server-rendered page up in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    ui::learn_models();
    leptos::mount::hydrate_body(ui::App);
}
