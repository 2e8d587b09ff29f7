//! A socket: a shape at the node's edge, with its name.

use leptos::prelude::*;

use super::wiring_keys::press_on_socket;
use crate::{
    domain::NodeId,
    graph::{
        SocketRef, SocketType,
        canvas::{layout::Face, wire::End},
        spec::Direction,
    },
    ui::{
        components::{memo, on_key},
        editor::state::Editor,
    },
};

/// How a socket stands to the wire that is being made.
#[derive(Debug, Clone, PartialEq)]
enum Fit {
    /// There is no wire, or it begins here.
    None,
    /// The wire may end here.
    Fits,
    /// It may not, and why.
    Refused(String),
}

/// A socket of a node of the editor in context.
#[component]
pub fn SocketView(
    /// The node.
    node: NodeId,
    /// The socket.
    face: Face,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let end = End { socket: SocketRef::new(node, face.name.clone()), direction: face.direction };
    let fit = {
        let end = end.clone();
        memo(move || {
            editor.hand.connecting.with(|wire| match wire {
                Some(wire) if wire.from != end => editor.refusal(&wire.from, wire.loose.as_ref(), &end).map_or(Fit::Fits, Fit::Refused),
                _ => Fit::None,
            })
        })
    };
    let reached = {
        let end = end.clone();
        memo(move || editor.hand.wire.with(|wire| wire.as_ref().and_then(|wire| wire.snap.as_ref()).is_some_and(|snap| snap.end == end)))
    };
    let (side, way) = match face.direction {
        Direction::In => ("socket socket-in", "input"),
        Direction::Out => ("socket socket-out", "output"),
    };
    let kind = kind_name(&face);
    let label = face.label.to_string();
    // Said within the button, not as its label: the field of the same name is what a search by label is after.
    let more = format!(", {way}, {}", kind_words(&face));
    let top = format!("top: {}px", face.offset().y - crate::graph::canvas::layout::HEADER - crate::graph::canvas::layout::SOCKET_ROW / 2.0);
    let press = {
        let label = label.clone();
        move |event: leptos::ev::KeyboardEvent| {
            if press_on_socket(editor, &end, &label, &event.key()) {
                event.prevent_default();
            }
        }
    };
    view! {
        <button
            type="button"
            class=side
            class:socket-fits=Signal::derive(move || fit.get() == Fit::Fits)
            class:socket-refused=Signal::derive(move || matches!(fit.get(), Fit::Refused(_)))
            class:socket-reached=reached
            data-socket=face.name.to_string()
            data-direction=face.direction.name()
            data-type=kind.clone()
            data-fits=Signal::derive(move || (fit.get() == Fit::Fits).then_some(""))
            title=Signal::derive(move || if let Fit::Refused(reason) = fit.get() { reason } else { String::new() })
            style=top
            on:keydown=on_key(press)
        >
            <svg class="socket-shape" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
                <path d=shape(&kind)></path>
            </svg>
            <span class="socket-label">{label}</span>
            <span class="visually-hidden">{more}</span>
        </button>
    }
}

/// The type's name, the list of it a type of its own.
fn kind_name(face: &Face) -> String {
    let name = face.socket_type.name();
    if face.list && matches!(face.socket_type, SocketType::Asset(_)) { format!("{name}-list") } else { name.to_owned() }
}

fn kind_words(face: &Face) -> String {
    match (face.socket_type, face.list) {
        (SocketType::Text, _) => "text".to_owned(),
        (SocketType::Asset(kind), false) => kind.spec().noun.to_owned(),
        (SocketType::Asset(kind), true) => format!("several {}s", kind.spec().noun),
        (SocketType::Unknown, _) => "of an unknown type".to_owned(),
    }
}

/// Each type has its own shape, for those who cannot tell the colours apart.
fn shape(kind: &str) -> &'static str {
    match kind {
        "image" => "M0-6 6 0 0 6-6 0Z",
        "video" => "M-4-6 6 0-4 6Z",
        "video-list" => "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6ZM0-2A2 2 0 1 0 0 2A2 2 0 1 0 0-2Z",
        "unknown" => "M-5-5H5V5H-5ZM-2-2V2H2V-2Z",
        _ => "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z",
    }
}
