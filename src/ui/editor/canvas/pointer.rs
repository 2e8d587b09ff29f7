//! The pointer's way into the gestures: each event is fed to the gesture, moves once a frame.

use leptos::{ev, html, prelude::*};

use super::target::target_of;
use crate::{
    graph::canvas::{
        auto_pan,
        geometry::Point,
        gesture::{Gesture, Input, Target},
    },
    ui::{
        browser::canvas_dom,
        editor::state::{Editor, PaletteRequest},
    },
};

/// The pointer over the canvas.
#[derive(Clone, Copy)]
pub(super) struct Pointer {
    /// Whose canvas it is.
    pub editor: Editor,
    /// The canvas.
    pub canvas: NodeRef<html::Div>,
}

impl Pointer {
    /// A press.
    pub fn down(self, event: &ev::PointerEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        if !matches!(event.button(), 0 | 1) {
            return;
        }
        let target = target_of(event);
        let inside = matches!(target, Target::Inside(_));
        let pans = event.button() == 1 || self.editor.hand.space_held.get_value();
        if pans || !inside {
            // Keeps the press from selecting text and from moving the focus away from the canvas.
            event.prevent_default();
            canvas_dom::capture(&canvas, event.pointer_id());
            if let Target::Socket(_) = target { canvas_dom::focus_target(event) } else { canvas_dom::focus_element(&canvas) }
        }
        let adds = event.shift_key() || event.ctrl_key() || event.meta_key();
        let at = canvas_dom::place_in(&canvas, event);
        self.flush();
        self.editor.feed(Input::Down { pointer: event.pointer_id(), at, target, adds, pans });
    }

    /// A move; of several in one frame the last one counts.
    pub fn moved(self, event: &ev::PointerEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        if self.editor.hand.gesture.with_value(|gesture| *gesture == Gesture::Idle) {
            return;
        }
        let next = Input::Move { pointer: event.pointer_id(), at: canvas_dom::place_in(&canvas, event) };
        // With two fingers both places count, so the other one's is not thrown away.
        let other_waits = self
            .editor
            .hand
            .next_move
            .with_value(|waiting| matches!(waiting, Some(Input::Move { pointer, .. }) if *pointer != event.pointer_id()));
        if other_waits {
            self.flush();
        }
        let waits = self.editor.hand.next_move.with_value(Option::is_some);
        self.editor.hand.next_move.set_value(Some(next));
        if !waits {
            request_animation_frame(move || self.flush());
        }
    }

    /// Runs the newest move, if one waits. At the window's edge the plane moves first, in each frame until the hand leaves the edge.
    fn flush(self) {
        let editor = self.editor;
        let Some(input) = editor.hand.next_move.try_update_value(Option::take).flatten() else { return };
        let way = match &input {
            Input::Move { at, .. } => auto_pan::step(*at, editor.view.open_window()),
            _ => Point::default(),
        };
        let pans = || way != Point::default() && editor.hand.gesture.with_value(Gesture::pulls);
        if pans() {
            editor.look(editor.view.viewport.get_untracked().panned(way));
        }
        editor.feed(input.clone());
        if pans() {
            editor.hand.next_move.set_value(Some(input));
            request_animation_frame(move || self.flush());
        }
    }

    /// A release.
    pub fn up(self, event: &ev::PointerEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        self.flush();
        self.editor.feed(Input::Up { pointer: event.pointer_id(), at: canvas_dom::place_in(&canvas, event) });
    }

    /// The pointer was taken away.
    pub fn lost(self) {
        self.editor.hand.next_move.set_value(None);
        self.editor.feed(Input::Escape);
    }

    /// The wheel, or two fingers on a touchpad: pans, or zooms about the pointer.
    pub fn wheel(self, event: &ev::WheelEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        let zooms = event.ctrl_key() || event.meta_key();
        if !zooms && canvas_dom::closest(event, "textarea:focus").is_some() {
            return;
        }
        event.prevent_default();
        let unit = if event.delta_mode() == 1 { 16.0 } else { 1.0 };
        let (x, y) = (event.delta_x() * unit, event.delta_y() * unit);
        let view = self.editor.view.viewport.get_untracked();
        let next = if zooms {
            // Pinching on a touchpad comes as small steps, a wheel as large ones.
            let rate = if y.abs() < 20.0 { 0.01 } else { 0.002 };
            view.zoomed_about(canvas_dom::place_in(&canvas, event), js_sys::Math::pow(2.0, -y * rate))
        } else if event.shift_key() && x == 0.0 {
            view.panned(Point::new(-y, 0.0))
        } else {
            view.panned(Point::new(-x, -y))
        };
        self.editor.look(next);
    }

    /// A double-click on the bare canvas opens the palette.
    pub fn double_click(self, event: &ev::MouseEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        // The pointer was captured, so the event itself always names the canvas.
        if canvas_dom::is_bare(event, "[data-node-id], [data-connection]") {
            let at = self.editor.view.viewport.get_untracked().to_plane(canvas_dom::place_in(&canvas, event));
            self.editor.palette.set(Some(PaletteRequest { at: Some(at), from: None }));
        }
    }
}
