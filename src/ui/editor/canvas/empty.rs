//! What an empty canvas says: how a workflow begins, and the buttons that begin it. The canvas below still pans and takes drops.

use leptos::{ev, prelude::*};

use crate::ui::{
    browser::canvas_dom,
    components::{handler, memo, part_if},
    editor::{
        session::Session,
        state::{Editor, PaletteRequest},
    },
};

/// The words on a canvas without a node.
#[component]
pub fn EmptyCanvas() -> impl IntoView {
    let editor = expect_context::<Editor>();
    let session = expect_context::<Session>();
    let is_empty = memo(move || {
        editor.document.revision.track();
        editor.with_graph(|graph| graph.nodes().is_empty())
    });
    let begin = move |_: ev::MouseEvent| {
        if editor.add_first_shot(|spec| session.living_default(spec)) {
            // Keys go on with the words of the shot, once they are drawn.
            request_animation_frame(|| canvas_dom::focus_first(".node-selected textarea"));
        }
    };
    let browse = move |_: ev::MouseEvent| editor.palette.set(Some(PaletteRequest { at: None, from: None }));
    part_if(move || {
        is_empty.get().then(|| {
            view! {
                <section class="canvas-empty" aria-labelledby="canvas-empty-title">
                    <h2 id="canvas-empty-title">"Begin with a shot"</h2>
                    <p>"Words go into a video node, and its clip into an output. Wire as many as the episode needs, then run them."</p>
                    <div class="empty-actions">
                        <button type="button" class="button button-primary" on:click=handler(begin)>"First shot"</button>
                        <button type="button" class="button" on:click=handler(browse)>"All nodes"</button>
                    </div>
                    <p class="canvas-empty-hint">"Double-click the canvas to add anywhere. Drop or paste a clip to bring your own."</p>
                </section>
            }
        })
    })
}
