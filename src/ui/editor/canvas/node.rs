//! A node as it is drawn: header, sockets, the parameters edited in place, its clip, and what it has to say.

use leptos::{ev, prelude::*};

use super::{
    field::ParamField,
    node_state::{Look, NodeState},
    socket::SocketView,
    view::Far,
};
use crate::{
    domain::{NodeId, execution::NodeStatus},
    graph::{
        canvas::{layout, selection::Selection},
        nodes,
        spec::Action,
    },
    ui::{
        components::{MediaView, each, memo, on_key, part, part_if},
        editor::{document::edit, state::Editor},
        media::{Media, poster_url},
        words,
    },
};

/// A node of the editor in context.
#[component]
pub fn NodeView(
    /// Which one.
    id: NodeId,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let far = expect_context::<Far>().0;
    let state = editor.node(&id)?;
    let node_type = state.data.with_untracked(|node| node.node_type.clone());
    let title = edit::title(&node_type);
    let selected = {
        let id = id.clone();
        memo(move || editor.selection.with(|selection| selection.has(&id)))
    };
    let look = memo(move || state.look());
    let height = memo(move || state.size().height);
    let place = Signal::derive(move || {
        let at = state.position.get();
        format!("transform: translate({:.1}px, {:.1}px); height: {:.0}px", at.x, at.y, height.get())
    });
    let select = {
        let id = id.clone();
        move |event: ev::KeyboardEvent| {
            let on_node = event.target() == event.current_target();
            if on_node && matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                editor.selection.set(Selection::of_nodes([id.clone()]));
            }
        }
    };
    let category = nodes::spec(&node_type).map_or("unknown", |spec| spec.category.title());
    let label = title.clone();
    let shown_id = id.clone();
    Some(view! {
        <article
            class="node"
            class:node-selected=selected
            data-node-id=id.to_string()
            data-node-type=node_type.name().to_owned()
            data-node-status=Signal::derive(move || look.get().name())
            data-category=category
            style=place
            tabindex="0"
            aria-label=Signal::derive(move || format!("{label}, {}", words_for(look.get())))
            on:keydown=on_key(select)
        >
            {part(move || {
                let id = shown_id.clone();
                let title = title.clone();
                if far.get() {
                    view! { <FarNode state title/> }.into_any()
                } else {
                    view! { <NearNode id state title look/> }.into_any()
                }
            })}
        </article>
    })
}

/// A node from afar: its title, and its poster.
#[component]
fn FarNode(state: NodeState, title: String) -> impl IntoView {
    let poster = part_if(move || {
        let source = state.media.with(|media| media.as_ref().filter(|media| media.known.is_some()).map(|media| poster_url(media.asset)));
        source.map(|source| view! { <img class="node-poster" src=source alt="" draggable="false"/> })
    });
    view! {
        <header class="node-head" data-drag-handle="">
            <span class="node-title">{title}</span>
        </header>
        {poster}
    }
}

#[component]
fn NearNode(id: NodeId, state: NodeState, title: String, look: Memo<Look>) -> impl IntoView {
    let sockets = {
        let id = id.clone();
        part(move || {
            let faces = state.faces.get();
            let rows = faces.iter().map(|face| face.row + 1).max().unwrap_or(0);
            let height =
                format!("height: {}px", if rows == 0 { 0.0 } else { 2.0 * layout::SOCKETS_PAD + layout::SOCKET_ROW * rows as f64 });
            let views = each(faces.iter().cloned().map(|face| view! { <SocketView node=id.clone() face/> }));
            view! { <div class="node-sockets" style=height>{views}</div> }
        })
    };
    let params = state.data.with_untracked(|node| nodes::spec(&node.node_type).map(|spec| spec.params)).unwrap_or_default();
    let fields = each(params.iter().filter(|param| param.in_node).map(|param| view! { <ParamField node=id.clone() state param/> }));
    let message = memo(move || state.message());
    view! {
        <header class="node-head" data-drag-handle="">
            <span class="node-title">{title}</span>
            <StateBadge state look/>
        </header>
        {sockets}
        <NodeMedia state/>
        {part_if(move || message.get().map(|words| view! { <p class="node-message" title=words.clone()>{words.clone()}</p> }))}
        {fields}
    }
}

/// Its clip or its picture in its own aspect, and what is known of it in a line.
#[component]
fn NodeMedia(state: NodeState) -> impl IntoView {
    let ratio = memo(move || state.media.with(|media| media.as_ref().map(Media::ratio)));
    let facts = memo(move || {
        let cached = is_cached(state);
        state.media.with(|media| media.as_ref().map(|media| facts_of(media, cached)))
    });
    part_if(move || {
        ratio.get().map(|ratio| {
            let size = layout::clip_size(ratio);
            view! {
                <div class="node-clip" style=format!("width: {:.0}px; height: {:.0}px", size.width, size.height)>
                    <MediaView media=state.media/>
                </div>
                <footer class="node-foot">
                    {part(move || each(facts.get().into_iter().flatten().map(|fact| view! { <span>{fact}</span> })))}
                </footer>
            }
        })
    })
}

fn facts_of(media: &Media, cached: bool) -> Vec<String> {
    let known = media.known.as_ref();
    let seconds = known.and_then(|known| known.facts.duration_seconds).map(words::duration);
    let dimensions = known.and_then(|known| known.facts.dimensions()).map(|(width, height)| format!("{width}x{height}"));
    let size = known.and_then(|known| u64::try_from(known.size_bytes).ok()).map(words::bytes);
    seconds.into_iter().chain(dimensions).chain(size).chain(cached.then(|| "cached".to_owned())).collect()
}

/// Whether an earlier result was used. Reactive.
fn is_cached(state: NodeState) -> bool {
    state.run.with(|run| run.as_ref().is_some_and(|run| run.cached && run.status == NodeStatus::Succeeded))
}

/// How the node stands: a word, or a ring with a figure while it runs.
#[component]
fn StateBadge(state: NodeState, look: Memo<Look>) -> impl IntoView {
    let percent = memo(move || state.run.with(|run| run.as_ref().map_or(0.0, |run| (run.progress * 100.0).clamp(0.0, 100.0).floor())));
    let cached = memo(move || state.run.with(|run| run.as_ref().is_some_and(|run| run.cached)));
    // What only holds a value is never done, but for the run.
    let makes =
        state.data.with_untracked(|node| nodes::spec(&node.node_type).is_none_or(|spec| !matches!(spec.action, Action::Value { .. })));
    part(move || match look.get() {
        Look::Idle => ().into_any(),
        Look::Run(NodeStatus::Succeeded) | Look::Stale if !makes => ().into_any(),
        Look::Run(NodeStatus::Running) => view! {
            <span class="node-state" title=Signal::derive(move || state.run.with(|run| run.as_ref().map(|run| run.message.clone())))>
                <span class="ring" style=Signal::derive(move || format!("--done: {}%", percent.get()))></span>
                {part(move || format!("{} %", percent.get()))}
            </span>
        }
        .into_any(),
        Look::Run(NodeStatus::Succeeded) if cached.get() => view! { <span class="node-state">"Cached"</span> }.into_any(),
        look => view! { <span class="node-state">{words_for(look)}</span> }.into_any(),
    })
}

/// How a node stands, in words.
fn words_for(look: Look) -> &'static str {
    match look {
        Look::Idle => "Ready",
        Look::Unfinished => "Unfinished",
        Look::Stale => "Out of date",
        Look::Run(NodeStatus::Queued) => "Queued",
        Look::Run(NodeStatus::Running) => "Running",
        Look::Run(NodeStatus::Succeeded) => "Done",
        Look::Run(NodeStatus::Failed) => "Failed",
        Look::Run(NodeStatus::Cancelled) => "Stopped",
        Look::Run(NodeStatus::Unknown) => "Outcome unknown",
        Look::Run(NodeStatus::Skipped) => "Skipped",
    }
}
