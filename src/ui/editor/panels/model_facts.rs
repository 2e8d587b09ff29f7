//! What the inspector says of a shot's model: whether it is retired, what keeps it from a final, what a final costs, and the way to another.

use leptos::{ev, prelude::*};

use crate::{
    domain::{
        NodeId,
        execution::Mode,
        provider::{Model, models},
        spend::dollars,
    },
    graph::{
        Node,
        document::swap::{Swap, swap},
        setting::{chosen_model, frame, seconds},
        unfinished,
    },
    ui::{
        components::{Dialog, Glyph, Icon, handler, memo, part},
        editor::{Editor, NodeState, session::Session},
    },
};

/// The facts of a generating node's model.
#[component]
pub fn ModelFacts(
    /// The node.
    id: NodeId,
    /// Its signals.
    state: NodeState,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let swapping = RwSignal::new(false);
    let retirement = memo(move || {
        let model = state.data.with(|node| chosen_model(node)).filter(|model| session.is_retired(model))?;
        Some(format!("{} Rehearsals still run.", model.retirement()?))
    });
    let hindrance = {
        let id = id.clone();
        memo(move || {
            // Read for their changes: the document itself is no signal.
            state.data.track();
            state.wired.track();
            let is_final = session.mode.get() == Mode::Final && state.problem.with(Option::is_none);
            is_final.then(|| session.editor.with_graph(|graph| unfinished(graph, &id, Mode::Final))).flatten()
        })
    };
    let price = memo(move || state.data.with(|node| chosen_model(node).and_then(|model| price_words(node, model))));
    let is_urgent = memo(move || session.mode.get() == Mode::Final);
    view! {
        {part(move || {
            retirement.get().map(|words| {
                if is_urgent.get() { view! { <Warning words/> }.into_any() } else { view! { <p class="inspector-text">{words}</p> }.into_any() }
            })
        })}
        {part(move || hindrance.get().map(|words| view! { <Warning words/> }))}
        {part(move || price.get().map(|words| view! { <p class="inspector-text">{words}</p> }))}
        <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| swapping.set(true))>"Swap provider…"</button>
        <SwapDialog open=swapping id/>
    }
}

#[component]
fn Warning(words: String) -> impl IntoView {
    view! {
        <div class="notice notice-warn" role="status">
            <Icon glyph=Glyph::Alert/>
            <p>{words}</p>
        </div>
    }
}

/// What a final of this shot costs, in a sentence; `None` where it names no clip.
fn price_words(node: &Node, model: &Model) -> Option<String> {
    let size = frame(node)?;
    Some(match model.usd_micros(seconds(node)?, size) {
        Some(0) => "Made on this machine, free of charge.".to_owned(),
        Some(usd_micros) => format!("A final of this shot costs about {}.", dollars(usd_micros)),
        None => format!(
            "What a final of this shot costs is not known: the model table has no price of {} for {}.",
            size.resolution(),
            model.title
        ),
    })
}

/// The living models, and what each would change.
#[component]
fn SwapDialog(open: RwSignal<bool>, id: NodeId) -> impl IntoView {
    let session = expect_context::<Session>();
    let choices = move || {
        let swaps = if open.get() { possible_swaps(session, &id) } else { Vec::new() };
        swaps.into_iter().map(|(swap, price)| view! { <SwapChoice open swap price/> }).collect_view()
    };
    view! {
        <Dialog open title="Swap provider" wide=true>
            <div class="dialog-body">
                <p>"Length and frame stay as near to what they are as the other model allows. Undo takes it back."</p>
                <ul class="open-list">{part(choices)}</ul>
            </div>
        </Dialog>
    }
}

fn possible_swaps(session: Session, id: &NodeId) -> Vec<(Swap, Option<String>)> {
    session.editor.with_graph(|graph| {
        let Some(node) = graph.node(id) else { return Vec::new() };
        let others = models().iter().filter(|model| Some(*model) != chosen_model(node) && !session.is_retired(model));
        let described = others.map(|model| {
            let swap = swap(graph, node, model);
            let mut next = graph.clone();
            // A swap is made of values that the parameters know, so it applies.
            let _ = next.apply(swap.command.clone());
            let price = next.node(id).and_then(|node| price_words(node, model));
            (swap, price)
        });
        described.collect()
    })
}

#[component]
fn SwapChoice(open: RwSignal<bool>, swap: Swap, price: Option<String>) -> impl IntoView {
    let session = expect_context::<Session>();
    let editor = expect_context::<Editor>();
    let Swap { model, changes, command } = swap;
    let changes = changes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let changes = if changes.is_empty() { "Nothing else changes".to_owned() } else { changes.join(", ") };
    let lacking = session.missing_setting(model.provider).map(|variable| format!("Needs the setting {variable}."));
    let choose = move |_: ev::MouseEvent| {
        if editor.dispatch(command.clone()) {
            editor.say(format!("Swapped to {}.", model.title));
            open.set(false);
        }
    };
    view! {
        <li>
            <button type="button" class="open-row" on:click=handler(choose)>
                <strong>{model.title.clone()} ", " {model.provider.title()}</strong>
                <span>{changes} "."</span>
                {price.map(|words| view! { <span>{words}</span> })}
                {lacking.map(|words| view! { <span>{words}</span> })}
            </button>
        </li>
    }
}
