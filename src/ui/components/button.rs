//! A button that shows an icon only; its name is for screen readers and as a hint.

use leptos::{ev, prelude::*};

use super::{Glyph, Icon, handler};

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
            aria-label=label
            title=label
            disabled=disabled
            on:click=handler(move |_: ev::MouseEvent| on_press())
        >
            <Icon glyph/>
        </button>
    }
}
