//! The tools around the canvas: the rail that adds, the history, zoom, and the status line.

use leptos::{ev, prelude::*};

use super::minimap::Minimap;
use crate::ui::{
    components::{Glyph, Icon, IconButton, effect, handler, part},
    editor::state::{Editor, PaletteRequest},
};

/// How long a message stays in the status line.
const STATUS_STAYS: std::time::Duration = std::time::Duration::from_secs(6);

/// The rail at the left.
#[component]
pub fn Rail(
    /// Whether the list of the keys is shown.
    shortcuts: RwSignal<bool>,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let open = move |_: ev::MouseEvent| editor.palette.set(Some(PaletteRequest { at: None, from: None }));
    view! {
        <nav class="rail" aria-label="Tools">
            <button type="button" class="button button-icon rail-add" aria-label="Add node" title="Add node" on:click=handler(open)>
                <Icon glyph=Glyph::Add/>
            </button>
            <button
                type="button"
                class="button button-quiet button-icon rail-keys"
                aria-label="Keyboard shortcuts"
                title="Keyboard shortcuts (?)"
                on:click=handler(move |_: ev::MouseEvent| shortcuts.set(true))
            >
                "?"
            </button>
        </nav>
    }
}

/// Undo and redo, for the top bar.
#[component]
pub fn HistoryTools() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let nothing_to_undo = Signal::derive(move || !editor.document.can_undo.get());
    let nothing_to_redo = Signal::derive(move || !editor.document.can_redo.get());
    view! {
        <IconButton glyph=Glyph::Undo label="Undo" disabled=nothing_to_undo on_press=move || editor.undo()/>
        <IconButton glyph=Glyph::Redo label="Redo" disabled=nothing_to_redo on_press=move || editor.redo()/>
    }
}

/// Zoom, fit and the map, bottom right.
#[component]
pub fn ViewTools() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let percent = part(move || format!("{:.0} %", editor.view.viewport.with(|view| view.zoom * 100.0)));
    view! {
        <div class="view-tools">
            <Minimap/>
            <div class="zoom" role="group" aria-label="Zoom">
                <IconButton glyph=Glyph::ZoomOut label="Zoom out" on_press=move || editor.zoom_by(0.8)/>
                <span class="zoom-figure" aria-hidden="true">{percent}</span>
                <IconButton glyph=Glyph::ZoomIn label="Zoom in" on_press=move || editor.zoom_by(1.25)/>
                <IconButton glyph=Glyph::Fit label="Fit" on_press=move || editor.fit()/>
            </div>
        </div>
    }
}

/// What the editor says: refusals, and what happened where eyes cannot see it.
#[component]
pub fn StatusLine() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(handle) = timer.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    effect(move || {
        if !editor.status.with(String::is_empty) {
            stop();
            let clear = move || {
                let _ = editor.status.try_set(String::new());
            };
            timer.set_value(set_timeout_with_handle(clear, STATUS_STAYS).ok());
        }
    });
    on_cleanup(stop);
    let silent = Signal::derive(move || editor.status.with(String::is_empty));
    view! {
        <p class="status-line" class:status-silent=silent role="status" aria-live="polite">
            {editor.status}
        </p>
    }
}
