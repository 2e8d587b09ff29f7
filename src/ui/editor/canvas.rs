//! The canvas: one container that pans and zooms, the wires and nodes that are near, and the pointer's way into the gestures.

use leptos::{ev, html, prelude::*};

use super::{
    connection::{ConnectionPath, WireInHand},
    node::NodeView,
    state::{Editor, PaletteRequest},
};
use crate::{
    domain::NodeId,
    graph::{
        Connection, SocketRef, auto_pan,
        catalogue::Direction,
        geometry::{FAR_ZOOM, Point},
        gesture::{Gesture, Input, Target},
        wire::End,
    },
    ui::{
        browser::canvas_dom,
        components::{effect, handler, memo, part_if},
    },
};

/// Distance of the grid's dots at zoom 1.
const GRID: f64 = 24.0;

/// The canvas of the editor in context.
#[component]
pub fn Canvas() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let canvas = NodeRef::<html::Div>::new();
    watch_size(editor, canvas);

    let view = editor.viewport;
    let plane = Signal::derive(move || {
        let view = view.get();
        format!("transform: translate({:.2}px, {:.2}px) scale({:.4})", view.x, view.y, view.zoom)
    });
    let grid = Signal::derive(move || {
        let view = view.get();
        // Dots twice as far apart once they would be dust.
        let step = GRID * if view.zoom < 0.5 { 4.0 } else { 1.0 } * view.zoom;
        format!("background-size: {step:.3}px {step:.3}px; background-position: {:.2}px {:.2}px", view.x, view.y)
    });
    let far = memo(move || view.with(|view| view.zoom < FAR_ZOOM));
    provide_context(Far(far));

    let pointer = Pointer { editor, canvas };
    view! {
        <div
            class="canvas"
            class:canvas-far=far
            data-canvas=""
            data-hand=editor.hand
            data-connecting=Signal::derive(move || editor.connecting.with(Option::is_some).then_some(""))
            node_ref=canvas
            style=grid
            tabindex="0"
            role="group"
            aria-label="Canvas"
            aria-roledescription="node graph"
            on:pointerdown=handler(move |event: ev::PointerEvent| pointer.down(&event))
            on:pointermove=handler(move |event: ev::PointerEvent| pointer.moved(&event))
            on:pointerup=handler(move |event: ev::PointerEvent| pointer.up(&event))
            on:pointercancel=handler(move |_: ev::PointerEvent| pointer.lost())
            on:wheel=handler(move |event: ev::WheelEvent| pointer.wheel(&event))
            on:dblclick=handler(move |event: ev::MouseEvent| pointer.double_click(&event))
            on:contextmenu=handler(move |event: ev::MouseEvent| {
                if !matches!(target_of(&event), Target::Inside(_)) {
                    event.prevent_default();
                }
            })
        >
            <div class="plane" style=plane>
                <svg class="wires" width="1" height="1" aria-hidden="true">
                    <For each=move || editor.mounted_wires.get() key=|wire| (wire.from.clone(), wire.to.clone()) let:wire>
                        <ConnectionPath connection=wire/>
                    </For>
                </svg>
                <For each=move || editor.mounted.get() key=NodeId::clone let:id>
                    <NodeView id/>
                </For>
                <svg class="wires wires-above" width="1" height="1" aria-hidden="true">
                    <WireInHand/>
                </svg>
                {part_if(move || {
                    editor.band.get().map(|band| {
                        let size = band.size();
                        let place = format!(
                            "transform: translate({:.1}px, {:.1}px); width: {:.1}px; height: {:.1}px",
                            band.min.x, band.min.y, size.width, size.height
                        );
                        view! { <div class="band" style=place></div> }
                    })
                })}
            </div>
        </div>
    }
}

/// Whether nodes are so small that they are drawn as boxes.
#[derive(Clone, Copy)]
pub struct Far(pub Memo<bool>);

/// Takes the real size once the page lives, follows it, and marks the first frame that shows it.
fn watch_size(editor: Editor, canvas: NodeRef<html::Div>) {
    let take = move || {
        let size = canvas.try_get_untracked().flatten().and_then(|element| canvas_dom::size_of(&element));
        if let Some(size) = size {
            editor.resize(size);
        }
    };
    effect(move || {
        if canvas.get().is_none() {
            return;
        }
        take();
        // The next frame draws what was just set; the one after begins when that has been shown.
        request_animation_frame(|| request_animation_frame(|| canvas_dom::mark_once("graph-ready")));
    });
    effect(move || {
        let listener = window_event_listener(ev::resize, move |_| take());
        on_cleanup(move || listener.remove());
    });
    remember_view(editor);
}

/// Keeps the viewport in a cookie of this page, so that the server draws the same next time.
fn remember_view(editor: Editor) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(handle) = timer.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    Effect::new(move |was: Option<()>| {
        let cookie = editor.viewport.get().to_cookie();
        stop();
        if was.is_some() {
            let keep = move || canvas_dom::remember_here("view", &cookie);
            timer.set_value(set_timeout_with_handle(keep, std::time::Duration::from_millis(300)).ok());
        }
    });
    on_cleanup(stop);
}

/// The pointer over the canvas.
#[derive(Clone, Copy)]
struct Pointer {
    editor: Editor,
    canvas: NodeRef<html::Div>,
}

impl Pointer {
    fn down(self, event: &ev::PointerEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        if !matches!(event.button(), 0 | 1) {
            return;
        }
        let target = target_of(event);
        let inside = matches!(target, Target::Inside(_));
        let pans = event.button() == 1 || self.editor.space_held.get_value();
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

    fn moved(self, event: &ev::PointerEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        if self.editor.gesture.with_value(|gesture| *gesture == Gesture::Idle) {
            return;
        }
        let next = Input::Move { pointer: event.pointer_id(), at: canvas_dom::place_in(&canvas, event) };
        // With two fingers both places count, so the other one's is not thrown away.
        let other_waits = self
            .editor
            .next_move
            .with_value(|waiting| matches!(waiting, Some(Input::Move { pointer, .. }) if *pointer != event.pointer_id()));
        if other_waits {
            self.flush();
        }
        let waits = self.editor.next_move.with_value(Option::is_some);
        self.editor.next_move.set_value(Some(next));
        if !waits {
            request_animation_frame(move || self.flush());
        }
    }

    /// Runs the newest move, if one waits. At the window's edge the plane moves first, in each frame until the hand leaves the edge.
    fn flush(self) {
        let editor = self.editor;
        let Some(input) = editor.next_move.try_update_value(Option::take).flatten() else { return };
        let way = match &input {
            Input::Move { at, .. } => auto_pan::step(*at, editor.open_window()),
            _ => Point::default(),
        };
        let pans = || way != Point::default() && editor.gesture.with_value(Gesture::pulls);
        if pans() {
            editor.look(editor.viewport.get_untracked().panned(way));
        }
        editor.feed(input.clone());
        if pans() {
            editor.next_move.set_value(Some(input));
            request_animation_frame(move || self.flush());
        }
    }

    fn up(self, event: &ev::PointerEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        self.flush();
        self.editor.feed(Input::Up { pointer: event.pointer_id(), at: canvas_dom::place_in(&canvas, event) });
    }

    fn lost(self) {
        self.editor.next_move.set_value(None);
        self.editor.feed(Input::Escape);
    }

    fn wheel(self, event: &ev::WheelEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        let zooms = event.ctrl_key() || event.meta_key();
        if !zooms && canvas_dom::closest(event, "textarea:focus").is_some() {
            return;
        }
        event.prevent_default();
        let unit = if event.delta_mode() == 1 { 16.0 } else { 1.0 };
        let (x, y) = (event.delta_x() * unit, event.delta_y() * unit);
        let view = self.editor.viewport.get_untracked();
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

    fn double_click(self, event: &ev::MouseEvent) {
        let Some(canvas) = self.canvas.get_untracked() else { return };
        // The pointer was captured, so the event itself always names the canvas.
        if canvas_dom::is_bare(event, "[data-node-id], [data-connection]") {
            let at = self.editor.viewport.get_untracked().to_plane(canvas_dom::place_in(&canvas, event));
            self.editor.palette.set(Some(PaletteRequest { at: Some(at), from: None }));
        }
    }
}

/// What an event landed on.
pub(super) fn target_of(event: &ev::Event) -> Target {
    let node = canvas_dom::closest(event, "[data-node-id]").and_then(|node| node.get_attribute("data-node-id")?.parse::<NodeId>().ok());
    let Some(node) = node else {
        return canvas_dom::closest(event, "[data-connection]")
            .and_then(|path| connection_of(&|name| path.get_attribute(name)))
            .map_or(Target::Canvas, Target::Connection);
    };
    if let Some(socket) = canvas_dom::closest(event, "[data-socket]") {
        let name = socket.get_attribute("data-socket").unwrap_or_default();
        let is_input = socket.get_attribute("data-direction").as_deref() == Some(Direction::In.name());
        let direction = if is_input { Direction::In } else { Direction::Out };
        return Target::Socket(End { socket: SocketRef::new(node, name), direction });
    }
    let is_field = canvas_dom::closest(event, "input, textarea, select, label, button, video, a").is_some();
    if is_field { Target::Inside(node) } else { Target::Node(node) }
}

/// The connection that a path's attributes name.
fn connection_of(attribute: &dyn Fn(&str) -> Option<String>) -> Option<Connection> {
    let end = |node: &str, socket: &str| Some(SocketRef::new(attribute(node)?.parse().ok()?, attribute(socket)?));
    Some(Connection::new(end("data-from-node", "data-from")?, end("data-to-node", "data-to")?))
}
