//! A dialog: the browser's own, which keeps the focus inside, closes on Escape and gives the focus back.

use leptos::{ev, html, prelude::*};

use super::{Glyph, IconButton, effect, handler, on_key};

/// A modal dialog that is shown while `open`.
#[component]
pub fn Dialog(
    /// Whether it is shown; closing it sets this to false.
    open: RwSignal<bool>,
    /// Its heading, which is also its accessible name.
    #[prop(into)]
    title: Signal<String>,
    /// Room for a list.
    #[prop(optional)]
    wide: bool,
    /// What it says, and last its `.dialog-actions`.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            // A dialog that is in the document and closed can always be shown.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let click = move |event: ev::MouseEvent| {
        // The dialog's own box is covered by its content: a click on itself fell on the backdrop.
        if event.target() == event.current_target() {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            class:dialog-wide=wide
            aria-label=title
            on:close=handler(move |_: ev::Event| open.set(false))
            on:click=click
            on:keydown=on_key(|event| event.stop_propagation())
        >
            <div class="dialog-head">
                <h2>{title}</h2>
                <IconButton glyph=Glyph::Close label="Close" on_press=move || open.set(false)/>
            </div>
            {children()}
        </dialog>
    }
}
