//! The price of a final run, beside the switch: asked of the server when the graph has rested, because only it knows what is there already.

use std::time::Duration;

use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};

use crate::{
    api::executions::estimate_execution,
    domain::{
        execution::{Mode, NewExecution},
        spend::{Estimate, dollars},
    },
    graph::nodes,
    ui::{
        components::{effect, part},
        editor::session::Session,
    },
};

/// How long the graph must rest before the price is asked for.
const REST: Duration = Duration::from_millis(600);

/// The element that tells the price, for what it describes.
pub const ID: &str = "price-of-final";

/// What a final run would cost; nothing is shown while it cannot run or nobody is paid.
#[component]
pub fn Price() -> impl IntoView {
    let session = expect_context::<Session>();
    let price = RwSignal::new(None::<Estimate>);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(handle) = timer.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    effect(move || {
        session.editor.document.revision.track();
        session.run.track();
        stop();
        timer.set_value(set_timeout_with_handle(move || ask(session, price), REST).ok());
    });
    on_cleanup(stop);
    part(move || {
        let estimate = price.get().filter(|estimate| !estimate.nodes.is_empty())?;
        let cached = estimate.nodes.iter().filter(|node| node.cached).count();
        let hint = match cached {
            0 => "What a final run would cost, by the price table".to_owned(),
            cached => {
                format!(
                    "What a final run would cost, by the price table; {cached} of {} shots cost nothing, as they are or will be there",
                    estimate.nodes.len()
                )
            }
        };
        Some(view! { <span class="price" id=ID title=hint>{words_for(&estimate)}</span> })
    })
}

fn words_for(estimate: &Estimate) -> String {
    match (estimate.unpriced(), estimate.usd_micros) {
        (0, usd_micros) => dollars(usd_micros),
        (_, 0) => "Price not known".to_owned(),
        (_, usd_micros) => format!("over {}", dollars(usd_micros)),
    }
}

fn ask(session: Session, price: RwSignal<Option<Estimate>>) {
    let asks_nobody = session.editor.with_graph(|graph| graph.nodes().iter().all(|node| !nodes::generates(&node.node_type)));
    // Without the keys there is no final whose price anybody could want.
    if asks_nobody || !session.missing_for_final().is_empty() {
        let _ = price.try_set(None);
        return;
    }
    spawn_local(async move {
        session.reconnect.until_loaded(|| ask_server(session, price)).await;
    });
}

#[wasm_split(price, wasm_split_path = ::leptos::wasm_split, fallible)]
fn ask_server(session: Session, price: RwSignal<Option<Estimate>>) -> Result<(), SplitLoaderError> {
    let revision = session.editor.document.revision.get_untracked();
    let asked = NewExecution { workflow_id: None, definition: Some(session.editor.definition()), nodes: None, mode: Mode::Final };
    spawn_local(async move {
        let mut retry = session.reconnect.retry();
        // An edit that came meanwhile has asked anew.
        let is_current = || session.editor.document.revision.try_get_untracked() == Some(revision);
        while is_current() {
            match estimate_execution(asked.clone()).await {
                Err(error) if error.kind.is_passing() => retry.later(&error.message).await,
                estimate if is_current() => return drop(price.try_set(estimate.ok().flatten())),
                _ => return,
            }
        }
    });
    Ok(())
}
