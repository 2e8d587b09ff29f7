//! Carries gestures out: what the editor tells them, and what their effects do to it.

use leptos::prelude::*;

use super::hand::Connecting;
use crate::{
    domain::NodeId,
    graph::{
        Command, Connection,
        canvas::{
            geometry::{Point, Rect, Viewport},
            gesture::{Effect, Input, Scene},
            selection::Selection,
            wire::{End, Snap},
        },
        spec::Direction,
    },
    ui::{
        components::set_if_new,
        editor::state::{Editor, PaletteRequest},
    },
};

impl Editor {
    /// Runs one input through the gesture and carries out what follows.
    pub(in crate::ui::editor) fn feed(self, input: Input) {
        let Some((effects, connecting)) = self.hand.take(input, &self) else { return };
        for effect in effects {
            self.carry_out(effect, connecting.as_ref());
        }
    }

    fn carry_out(self, effect: Effect, connecting: Option<&Connecting>) {
        match effect {
            Effect::Select(selection) => set_if_new(self.selection, selection),
            Effect::View(view) => self.look(view),
            Effect::Move(places) => self.show_at(&places),
            Effect::Moved(places) => {
                self.show_at(&places);
                self.dispatch(Command::MoveNodes(places.into_iter().map(|(id, at)| (id, at.into())).collect()));
            }
            Effect::Wire(wire) => {
                set_if_new(self.hand.connecting, wire.as_ref().and(connecting.cloned()));
                set_if_new(self.hand.wire, wire);
            }
            Effect::Connect { connection, instead_of } => {
                self.connect(connection, instead_of);
            }
            Effect::Disconnect(Connection { from, to, .. }) => {
                self.dispatch(Command::Disconnect { from, to });
            }
            Effect::Refuse(reason) => self.say(reason),
            Effect::Offer { from, at } => self.palette.set(Some(PaletteRequest { at: Some(at), from: Some(from) })),
            Effect::Band(band) => set_if_new(self.hand.band, band),
        }
    }
}

impl Scene for Editor {
    fn viewport(&self) -> Viewport {
        self.view.viewport.get_untracked()
    }

    fn selection(&self) -> Selection {
        self.selection.get_untracked()
    }

    fn position(&self, node: &NodeId) -> Option<Point> {
        self.with_graph(|graph| graph.node(node).map(|node| node.position.into()))
    }

    fn nodes_in(&self, rect: Rect) -> Vec<NodeId> {
        let ids = self.with_graph(|graph| graph.nodes().iter().map(|node| node.id.clone()).collect::<Vec<_>>());
        ids.into_iter().filter(|id| self.bounds(id).is_some_and(|bounds| bounds.touches(rect))).collect()
    }

    fn wire_in(&self, end: &End) -> Option<Connection> {
        if end.direction == Direction::Out {
            return None;
        }
        let state = self.node(&end.socket.node)?;
        let single = state.faces.with_untracked(|faces| {
            faces.iter().any(|face| face.direction == Direction::In && face.name == end.socket.socket && !face.list)
        });
        self.with_graph(|graph| graph.wired_to(&end.socket.node, &end.socket.socket).next().cloned()).filter(|_| single)
    }

    fn snap(&self, from: &End, loose: Option<&Connection>, at: Point, reach: f64) -> Option<Snap> {
        let mut near: Vec<(f64, End, Point)> = Vec::new();
        for id in self.view.mounted.get_untracked() {
            // Only a node within reach can have a socket there.
            if !self.bounds(&id).is_some_and(|bounds| bounds.grown(reach).touches(Rect::between(at, at))) {
                continue;
            }
            let Some(state) = self.node(&id) else { continue };
            let corner = state.position.get_untracked();
            state.faces.with_untracked(|faces| {
                for face in faces.iter().filter(|face| face.direction != from.direction) {
                    let place = corner.plus(face.offset());
                    let distance = place.distance(at);
                    if distance <= reach {
                        let socket = crate::graph::SocketRef::new(id.clone(), face.name.clone());
                        near.push((distance, End { socket, direction: face.direction }, place));
                    }
                }
            });
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut refused = None;
        for (_, end, at) in near {
            let refusal = self.refusal(from, loose, &end);
            let snap = Snap { end, at, refusal };
            if snap.refusal.is_none() {
                return Some(snap);
            }
            refused = refused.or(Some(snap));
        }
        refused
    }
}
