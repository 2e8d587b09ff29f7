//! The list of the builder's keys, shown on `?`. What they mean is in `keys.rs`, on a clip in `browser/playback.rs`.

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
            (&["Ctrl", "C", "X", "V"], "Copy, cut, paste"),
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
            (&["M"], "Sound off, on"),
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

#[cfg(test)]
mod tests {
    use std::mem::discriminant;

    use super::GROUPS;
    use crate::ui::{
        browser::playback::Transport,
        editor::canvas::keys::{Held, Meaning},
    };

    /// Listed, and heard elsewhere: as the browser's copy, cut and paste, as a modifier of a drag, by a socket.
    const ELSEWHERE: [&str; 5] = ["C", "X", "V", "Shift", "Enter"];

    /// The browser's names of the keys in a row, and what is held with them.
    fn strokes(keys: &[&'static str]) -> (Vec<&'static str>, Held) {
        let (mut held, mut rest) = (Held::default(), keys);
        while let [modifier @ ("Ctrl" | "Shift"), more @ ..] = rest
            && !more.is_empty()
        {
            (held.ctrl, held.shift) = (held.ctrl || *modifier == "Ctrl", held.shift || *modifier == "Shift");
            rest = more;
        }
        let names = rest.iter().map(|key| match *key {
            "←" => "ArrowLeft",
            "↑" => "ArrowUp",
            "→" => "ArrowRight",
            "↓" => "ArrowDown",
            "−" => "-",
            "Space" => " ",
            "Esc" => "Escape",
            key => key,
        });
        (names.collect(), held)
    }

    /// Every key of a keyboard that prints, and those with names.
    fn keyboard() -> impl Iterator<Item = String> {
        let named = ["Enter", "Escape", "Delete", "Backspace", "Tab", "Home", "End", "PageUp", "PageDown", "Insert"];
        let arrows = ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"];
        (' '..='~').map(String::from).chain(named.into_iter().chain(arrows).map(str::to_owned))
    }

    #[test]
    fn every_key_that_is_listed_does_something_and_none_is_left_out() {
        let (canvas, clip) = GROUPS.split_at(3);
        let mut listed = Vec::new();
        for (keys, does) in canvas.iter().flat_map(|(_, rows)| *rows) {
            let (names, held) = strokes(keys);
            for name in names {
                match Meaning::of(name, held) {
                    Some(meaning) => listed.push(discriminant(&meaning)),
                    None => assert!(ELSEWHERE.contains(&name), "{name} is listed ({does}) and does nothing"),
                }
            }
        }
        for key in keyboard() {
            for (ctrl, shift) in [(false, false), (false, true), (true, false), (true, true)] {
                if let Some(meaning) = Meaning::of(&key, Held { ctrl, shift, alt: false }) {
                    assert!(listed.contains(&discriminant(&meaning)), "{meaning:?} on {key} is not listed");
                }
                assert_eq!(Meaning::of(&key, Held { ctrl, shift, alt: true }), None, "Alt is the browser's");
            }
        }
        let on_clip = clip.iter().flat_map(|(_, rows)| *rows).flat_map(|(keys, _)| strokes(keys).0);
        let listed = on_clip.map(|name| Transport::of(name).unwrap_or_else(|| panic!("{name} does nothing to a clip"))).collect::<Vec<_>>();
        for asked in keyboard().filter_map(|key| Transport::of(&key)) {
            assert!(listed.contains(&asked), "{asked:?} is not listed");
        }
    }
}
