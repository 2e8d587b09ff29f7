//! A button that shows an icon only; its name is for screen readers and as a hint.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// A quiet square button.
#[component]
pub fn IconButton(
    /// The icon.
    glyph: Glyph,
    /// What it does, in words.
    #[prop(into)]
    label: Signal<String>,
    /// Called when it is pressed.
    on_press: impl Fn() + 'static,
    /// Whether it does nothing now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button-quiet button-icon"
            aria-label=move || label.get()
            title=move || label.get()
            disabled=move || disabled.get()
            on:click=move |_| on_press()
        >
            <Icon glyph/>
        </button>
    }
}
