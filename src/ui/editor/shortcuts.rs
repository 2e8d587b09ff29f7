//! The list of the builder's keys, shown on `?`. What they do is in `keyboard.rs`, on a clip in `browser/playback.rs`.

use leptos::prelude::*;

use crate::ui::components::{Dialog, each};

/// A heading, and under it keys with what they do.
type Group = (&'static str, &'static [(&'static [&'static str], &'static str)]);

/// Ctrl stands for Command on a Mac, as in every list of this kind.
const GROUPS: [Group; 4] = [
    (
        "Workflow",
        &[
            (&["Ctrl", "Enter"], "Run"),
            (&["Ctrl", "S"], "Save"),
            (&["Ctrl", "Z"], "Undo"),
            (&["Ctrl", "Shift", "Z"], "Redo"),
            (&["N"], "Add a node"),
            (&["?"], "This list"),
        ],
    ),
    (
        "Canvas",
        &[
            (&["+"], "Zoom in"),
            (&["−"], "Zoom out"),
            (&["1"], "Fit everything"),
            (&["Space"], "Hold and drag to pan"),
            (&["Shift"], "Hold and drag to select"),
            (&["Esc"], "Let go, select nothing"),
        ],
    ),
    (
        "Nodes and sockets",
        &[
            (&["←", "↑", "→", "↓"], "Move; with Shift further"),
            (&["Ctrl", "C"], "Copy; X cuts, V pastes"),
            (&["Ctrl", "D"], "Duplicate"),
            (&["Ctrl", "A"], "Select all"),
            (&["Delete"], "Delete"),
            (&["Enter"], "On a socket: begin a wire, connect it"),
        ],
    ),
    (
        "A clip",
        &[
            (&["Space"], "Play, pause"),
            (&["J", "K", "L"], "A second back, pause, on"),
            (&[",", "."], "A frame back, on"),
            (&["F"], "Full screen"),
        ],
    ),
];

/// Lists the keys.
#[component]
pub fn ShortcutsDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Dialog open title="Keyboard shortcuts" wide=true>
            <div class="dialog-body shortcuts">
                {each(GROUPS.iter().map(|(heading, rows)| view! {
                    <section>
                        <h3>{*heading}</h3>
                        <dl>
                            {each(rows.iter().map(|(keys, does)| view! {
                                <div>
                                    <dt>{each(keys.iter().map(|key| view! { <kbd>{*key}</kbd> }))}</dt>
                                    <dd>{*does}</dd>
                                </div>
                            }))}
                        </dl>
                    </section>
                }))}
            </div>
        </Dialog>
    }
}
