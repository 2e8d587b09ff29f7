//! The order in which a stitcher joins its clips: a list whose rows go up and down.

use leptos::{ev, prelude::*};

use crate::{
    domain::NodeId,
    graph::{
        Command,
        document::list_order::{in_list_order, moved},
        nodes,
        param::ParamKind,
    },
    ui::{
        browser::canvas_dom,
        components::{Glyph, Icon, memo, part},
        editor::{
            NodeState,
            panels::stitch_plan::{self, Answer, StitchSummary},
            state::Editor,
        },
        media::{Media, poster_url},
    },
};

/// The clips wired to a node, in their order.
#[component]
pub fn ClipOrder(
    /// The node.
    node: NodeId,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let spec = editor.with_graph(|graph| nodes::spec(&graph.node(&node)?.node_type));
    let socket = spec.and_then(|spec| spec.inputs.iter().find(|socket| socket.list)).map_or("", |socket| socket.name);
    let param = spec.and_then(|spec| spec.param_of(ParamKind::Nodes)).map_or("", |param| param.name);
    let nodes = Memo::new({
        let node = node.clone();
        move |_| {
            editor.document.revision.track();
            editor.with_graph(|graph| graph.node(&node).map(|node| in_list_order(graph, node, socket)).unwrap_or_default())
        }
    });
    let answer = stitch_plan::ask_of(&node, nodes);
    let place_of = move |id: &NodeId| nodes.with(|nodes| nodes.iter().position(|other| other == id)).unwrap_or_default();
    let go = move |id: &NodeId, by: isize| {
        let Some(value) = moved(nodes.get_untracked(), untrack(|| place_of(id)), by) else { return };
        if editor.dispatch(Command::SetParam { node: node.clone(), name: param.to_owned(), value }) {
            editor.say(format!("Clip {} of {}.", untrack(|| place_of(id)) + 1, nodes.with_untracked(Vec::len)));
        }
    };
    view! {
        <div class="clip-order">
            <h3 class="node-label">"Order"</h3>
            <Show when=move || nodes.with(Vec::is_empty)>
                <p class="inspector-text">"Clips that are wired to it stand here in their order."</p>
            </Show>
            <ol>
                <For each=move || nodes.get() key=NodeId::clone let:id>
                    <Row id=id.clone() place=Signal::derive({ let id = id.clone(); move || place_of(&id) }) answer go=go.clone()/>
                </For>
            </ol>
            <StitchSummary answer/>
        </div>
    }
}

#[component]
fn Row(id: NodeId, place: Signal<usize>, answer: RwSignal<Answer>, go: impl Fn(&NodeId, isize) + Clone + 'static) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let state = editor.node(&id);
    let title = editor.title_of(&id);
    let name = memo(move || name_of(state).unwrap_or_else(|| title.clone()));
    let poster = memo(move || {
        state.and_then(|state| state.media.with(|media| media.as_ref().filter(|media| media.known.is_some()).map(|media| media.asset)))
    });
    let button = move |glyph, by: isize, words: &'static str| {
        let (id, go) = (id.clone(), go.clone());
        let press = move |event: ev::MouseEvent| {
            go(&id, by);
            // The row has moved in the page, which takes the focus from it.
            canvas_dom::focus_again(&event);
        };
        let label = move || format!("{words}: {}", name.get());
        view! {
            <button type="button" class="button button-quiet button-icon" aria-label=label title=words on:click=press>
                <Icon glyph/>
            </button>
        }
    };
    view! {
        <li>
            <span class="clip-order-place">{part(move || place.get() + 1)}</span>
            <span class="clip-order-poster">{part(move || poster.get().map(|asset| view! { <img src=poster_url(asset) alt="" draggable="false"/> }))}</span>
            <span class="clip-order-name">
                {name} {part(move || answer.with(|answer| answer.of_clip(place.get())).map(|changes| view! { <small>{changes}</small> }))}
            </span>
            {button(Glyph::ChevronUp, -1, "Earlier")}
            {button(Glyph::ChevronDown, 1, "Later")}
        </li>
    }
}

/// What tells one shot from another: its clip's name. Reactive.
fn name_of(state: Option<NodeState>) -> Option<String> {
    state?.media.with(|media| media.as_ref().map(Media::name).map(str::to_owned))
}
