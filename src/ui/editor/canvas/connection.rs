//! Connections as curves: those of the document, and the one in the hand.

use leptos::prelude::*;

use crate::{
    graph::{
        Connection, SocketType,
        canvas::{
            geometry::wire_path,
            wire::{End, Wire},
        },
        spec::Direction,
    },
    ui::{
        components::{memo, part_if},
        editor::state::Editor,
    },
};

/// A connection of the document. It follows the two nodes it joins and no other.
#[component]
pub fn ConnectionPath(
    /// Which one.
    connection: Connection,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let ends = editor.node(&connection.from.node).zip(editor.node(&connection.to.node));
    let Connection { from, to, .. } = connection.clone();
    let (output, input) = (from.socket.clone(), to.socket.clone());
    let curve = memo(move || {
        let (from, to) = ends?;
        Some(wire_path(from.socket_at(Direction::Out, &output)?, to.socket_at(Direction::In, &input)?))
    });
    let selected = {
        let connection = connection.clone();
        memo(move || editor.selection.with(|selection| selection.has_connection(&connection)))
    };
    let pulled = memo(move || {
        editor.hand.connecting.with(|wire| {
            wire.as_ref().and_then(|wire| wire.loose.as_ref()).is_some_and(|loose| loose.joins(&connection.from, &connection.to))
        })
    });
    let kind = type_of(editor, &End::output(from.clone())).name();
    view! {
        <g class="wire" class:wire-selected=selected class:wire-pulled=pulled data-type=kind>
            <path class="wire-line" d=curve></path>
            <path
                class="wire-reach"
                d=curve
                data-connection=""
                data-from-node=from.node.to_string()
                data-from=from.socket.to_string()
                data-to-node=to.node.to_string()
                data-to=to.socket.to_string()
            ></path>
        </g>
    }
}

/// The wire that is being made.
#[component]
pub fn WireInHand() -> impl IntoView {
    let editor = expect_context::<Editor>();
    part_if(move || {
        let wire = editor.hand.wire.get()?;
        let kind = type_of(editor, &wire.from).name();
        let refused = wire.snap.as_ref().is_some_and(|snap| snap.refusal.is_some());
        let curve = curve_of(editor, &wire)?;
        Some(view! { <path class="wire-line wire-in-hand" class:wire-refused=refused data-type=kind d=curve></path> })
    })
}

fn curve_of(editor: Editor, wire: &Wire) -> Option<String> {
    let fixed = untrack(|| editor.socket_at(&wire.from))?;
    Some(match wire.from.direction {
        Direction::Out => wire_path(fixed, wire.tip()),
        Direction::In => wire_path(wire.tip(), fixed),
    })
}

/// What flows through an end.
fn type_of(editor: Editor, end: &End) -> SocketType {
    let face = editor.node(&end.socket.node).and_then(|state| {
        state.faces.with_untracked(|faces| {
            crate::graph::canvas::layout::face(faces, end.direction, &end.socket.socket).map(|face| face.socket_type)
        })
    });
    face.unwrap_or(SocketType::Unknown)
}
