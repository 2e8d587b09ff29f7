//! The keys of the builder: editing, moving, and the way between the sockets that a wire fits.

use leptos::{ev, prelude::*};

use super::{
    keys::{Held, Meaning},
    target::target_of,
};
use crate::{
    graph::canvas::{
        geometry::Point,
        gesture::{Input, Target},
        wire::End,
    },
    ui::{
        browser::canvas_dom,
        components::{effect, is_composing},
        editor::{
            on_demand::{LazyTools, Task},
            state::{Editor, PaletteRequest},
        },
    },
};

/// Listens to keys while the page is open. `listed`: whether the list of them is shown.
pub fn listen(editor: Editor, tools: LazyTools, listed: RwSignal<bool>) {
    effect(move || {
        let down = window_event_listener(ev::keydown, move |event| {
            if !is_composing(&event) && press(editor, tools, &event, listed) {
                event.prevent_default();
            }
        });
        let up = window_event_listener(ev::keyup, move |event| {
            if event.key() == " " {
                let _ = editor.hand.space_held.try_set_value(false);
            }
        });
        // A key that is lifted while another window has the focus is never heard of.
        let left = window_event_listener(ev::blur, move |_| {
            let _ = editor.hand.space_held.try_set_value(false);
        });
        on_cleanup(move || {
            for listener in [down, up, left] {
                listener.remove();
            }
        });
    });
    effect(move || listen_to_clipboard(editor));
}

/// Copies, cuts and pastes nodes through the system's clipboard.
fn listen_to_clipboard(editor: Editor) {
    let nodes = move |event: &ev::Event| {
        let is_text = canvas_dom::is_typing(event) || canvas_dom::has_text_selected();
        if is_text { None } else { editor.copied() }
    };
    let copy = window_event_listener(ev::copy, move |event| {
        if let Some(text) = nodes(&event) {
            canvas_dom::copy_text(&event, &text);
        }
    });
    let cut = window_event_listener(ev::cut, move |event| {
        if let Some(text) = nodes(&event)
            && canvas_dom::copy_text(&event, &text)
        {
            editor.delete_selection();
        }
    });
    // Files are somebody else's to paste.
    let paste = window_event_listener(ev::paste, move |event| {
        if !canvas_dom::is_typing(&event) && !canvas_dom::brings_files(&event) {
            editor.paste(&canvas_dom::pasted_text(&event));
        }
    });
    // Safari copies where no text is selected only if it is asked to.
    let ask = ["beforecopy", "beforecut"].map(|name| {
        window_event_listener_untyped(name, move |event| {
            if nodes(&event).is_some() {
                event.prevent_default();
            }
        })
    });
    on_cleanup(move || {
        for listener in [copy, cut, paste].into_iter().chain(ask) {
            listener.remove();
        }
    });
}

/// Does what a key means. True where the browser should do nothing with it.
fn press(editor: Editor, tools: LazyTools, event: &ev::KeyboardEvent, listed: RwSignal<bool>) -> bool {
    let Some(meaning) = meaning(event) else { return false };
    // What the whole workflow is told, while typing too. A key that is kept down says it again and again.
    let tell = |task| {
        if !event.repeat() && !event.default_prevented() {
            tools.run(task);
        }
    };
    let is_typing = || canvas_dom::is_typing(event);
    let is_on_clip = || canvas_dom::closest(event, "video").is_some();
    let connecting = editor.hand.connecting.with_untracked(Option::is_some);
    match meaning {
        Meaning::Save => tell(Task::Save),
        Meaning::Run => tell(Task::Start(None)),
        _ if event.default_prevented() || canvas_dom::closest(event, "dialog, [data-own-keys]").is_some() => return false,
        Meaning::LetGo if is_typing() => canvas_dom::blur(),
        _ if is_typing() => return false,
        Meaning::Undo => editor.undo(),
        Meaning::Redo => editor.redo(),
        Meaning::Duplicate => editor.duplicate(),
        Meaning::SelectAll => editor.select_all(),
        Meaning::LetGo => escape(editor),
        Meaning::Delete => editor.delete_selection(),
        Meaning::Move(right, down) if connecting => go_to_fitting(editor, event, right + down > 0.0),
        Meaning::Move(..) if is_on_clip() => return false,
        Meaning::Move(right, down) => editor.nudge(Point::new(right, down)),
        _ if canvas_dom::has_own_keys(event) => return false,
        Meaning::Pan => editor.hand.space_held.set_value(true),
        Meaning::ZoomIn => editor.zoom_by(1.25),
        Meaning::ZoomOut => editor.zoom_by(0.8),
        Meaning::Fit => editor.fit(),
        Meaning::AddNode => editor.palette.set(Some(PaletteRequest { at: None, from: None })),
        Meaning::ListKeys => listed.set(true),
    }
    true
}

fn meaning(event: &ev::KeyboardEvent) -> Option<Meaning> {
    let held = Held { ctrl: event.ctrl_key() || event.meta_key(), shift: event.shift_key(), alt: event.alt_key() };
    Meaning::of(&event.key(), held)
}

fn escape(editor: Editor) {
    if editor.hand.connecting.with_untracked(Option::is_some) {
        editor.say("Not connected.");
    } else if editor.hand.gesture.with_value(|gesture| *gesture == crate::graph::canvas::gesture::Gesture::Idle) {
        editor.selection.set(crate::graph::canvas::selection::Selection::default());
    }
    editor.hand.next_move.set_value(None);
    editor.feed(Input::Escape);
    editor.hand.connecting.set(None);
}

/// Moves the focus to the next socket that the wire fits, or the one before; round at the ends.
fn go_to_fitting(editor: Editor, event: &ev::KeyboardEvent, forward: bool) {
    let fitting = editor.fitting_ends();
    let count = fitting.len();
    if count == 0 {
        editor.say("Nothing here fits. Escape cancels.");
        return;
    }
    let here = match target_of(event) {
        Target::Socket(end) => fitting.iter().position(|one| *one == end),
        _ => None,
    };
    let next = match (here, forward) {
        (Some(here), true) => (here + 1) % count,
        (Some(here), false) => (here + count - 1) % count,
        (None, true) => 0,
        (None, false) => count - 1,
    };
    let End { socket, direction } = &fitting[next];
    canvas_dom::focus_first(&format!(
        "{} {}{}",
        canvas_dom::attribute_is("data-node-id", socket.node.as_str()),
        canvas_dom::attribute_is("data-socket", &socket.socket),
        canvas_dom::attribute_is("data-direction", direction.name()),
    ));
}
