//! The canvas: one container that pans and zooms, and the wires and nodes that are near.

pub mod canvas_view;
pub mod connection;
pub mod empty;
pub mod field;
pub mod gestures;
pub mod hand;
pub mod keyboard;
pub mod keys;
pub mod node;
pub mod node_state;
pub mod pointer;
pub mod socket;
pub mod target;
pub mod view;
pub mod wiring_keys;

use leptos::{ev, html, prelude::*};

use self::{
    connection::{ConnectionPath, WireInHand},
    node::NodeView,
    pointer::Pointer,
    target::target_of,
    view::Far,
};
use super::state::Editor;
use crate::{
    domain::NodeId,
    graph::canvas::{
        geometry::{FAR_ZOOM, MIN_ZOOM},
        gesture::Target,
    },
    ui::{
        browser::canvas_dom,
        components::{effect, handler, memo, part_if},
    },
};

/// Distance of the grid's dots at zoom 1.
const GRID: f64 = 24.0;
/// How far the dot of a node that is very far away reaches beyond it, in pixels.
const DOT: f64 = 3.0;

/// The canvas of the editor in context.
#[component]
pub fn Canvas() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let canvas = NodeRef::<html::Div>::new();
    watch_size(editor, canvas);

    let view = editor.view.viewport;
    let plane = Signal::derive(move || {
        let view = view.get();
        // Nodes that would be dust are drawn as dots.
        let dot = if view.zoom < MIN_ZOOM { DOT / view.zoom } else { 0.0 };
        format!("transform: translate({:.2}px, {:.2}px) scale({:.6}); --dot: {dot:.0}px", view.x, view.y, view.zoom)
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
            data-hand=editor.hand.word
            data-connecting=Signal::derive(move || editor.hand.connecting.with(Option::is_some).then_some(""))
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
                    <For each=move || editor.view.mounted_wires.get() key=|wire| (wire.from.clone(), wire.to.clone()) let:wire>
                        <ConnectionPath connection=wire/>
                    </For>
                </svg>
                <For each=move || editor.view.mounted.get() key=NodeId::clone let:id>
                    <NodeView id/>
                </For>
                <svg class="wires wires-above" width="1" height="1" aria-hidden="true">
                    <WireInHand/>
                </svg>
                {part_if(move || {
                    editor.hand.band.get().map(|band| {
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
        let cookie = editor.view.viewport.get().to_cookie();
        stop();
        if was.is_some() {
            let keep = move || canvas_dom::remember_here("view", &cookie);
            timer.set_value(set_timeout_with_handle(keep, std::time::Duration::from_millis(300)).ok());
        }
    });
    on_cleanup(stop);
}
