//! The browser's entry: wakes up the page that the server drew, with the code of that page.

use leptos::{lazy, mount::hydrate_body};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::ui::{self, Page};

/// Wakes the page up. The builder's code is at hand; that of the other pages is in a file of its own, loaded where one of them is shown.
#[wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    ui::learn_models();
    match Page::here() {
        page @ (Page::Builder(_) | Page::NewBuilder) => hydrate_body(move || ui::around(move || ui::builder(page))),
        page => wake_list(page).await,
    }
}

#[lazy]
fn wake_list(page: Page) {
    hydrate_body(move || ui::around(move || ui::list(page)));
}
