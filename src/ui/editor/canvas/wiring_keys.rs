//! Keys on a socket: connecting and disconnecting without a pointer.

use leptos::prelude::*;

use super::hand::Connecting;
use crate::{
    graph::{Command, Connection, canvas::wire::End, spec::Direction},
    ui::editor::state::Editor,
};

/// A key on a socket: Enter begins a connection or ends it here, Delete takes away what is connected here. True where it was one of these.
pub fn press_on_socket(editor: Editor, end: &End, label: &str, key: &str) -> bool {
    match key {
        "Enter" | " " => match editor.hand.connecting.get_untracked() {
            None => begin(editor, end, label),
            Some(Connecting { from, .. }) if from == *end => {
                editor.hand.connecting.set(None);
                editor.say("Not connected.");
            }
            Some(Connecting { from, loose }) => finish(editor, &from, loose.as_ref(), end, label),
        },
        "Delete" | "Backspace" => disconnect(editor, end, label),
        _ => return false,
    }
    true
}

fn begin(editor: Editor, end: &End, label: &str) {
    editor.hand.connecting.set(Some(Connecting { from: end.clone(), loose: None }));
    let node = editor.title_of(&end.socket.node);
    editor.say(format!("Connecting {label} of {node}. Arrow keys go to what fits, Enter connects, Escape cancels."));
}

fn finish(editor: Editor, from: &End, loose: Option<&Connection>, to: &End, label: &str) {
    if let Some(reason) = editor.refusal(from, loose, to) {
        editor.say(reason);
        return;
    }
    let Some(connection) = from.connected_with(to) else { return };
    editor.hand.connecting.set(None);
    if editor.connect(connection, loose.cloned()) {
        editor.say(format!("Connected to {label} of {}.", editor.title_of(&to.socket.node)));
    }
}

fn disconnect(editor: Editor, end: &End, label: &str) {
    let wires: Vec<_> = editor.with_graph(|graph| {
        let here = |wire: &&Connection| match end.direction {
            Direction::In => wire.to == end.socket,
            Direction::Out => wire.from == end.socket,
        };
        graph.connections().iter().filter(here).map(|wire| Command::Disconnect { from: wire.from.clone(), to: wire.to.clone() }).collect()
    });
    let count = wires.len();
    if count == 0 {
        editor.say(format!("Nothing is connected to {label}."));
    } else if editor.dispatch(Command::All(wires)) {
        editor.say(format!("{count} connection{} taken away.", if count == 1 { "" } else { "s" }));
    }
}
