//! A workflow whose graph cannot be read: what there is in its place, and what can be done.

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    api::workflows::save_workflow,
    domain::workflow::{BrokenWorkflow, RescueSource, WorkflowChange},
    ui::{
        browser::{files, page},
        components::{Glyph, Icon, Toasts, handler},
        words,
    },
};

/// The page in place of the builder.
#[component]
pub fn Broken(
    /// What there is of the workflow.
    broken: BrokenWorkflow,
    /// What happened, in words.
    reason: String,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let (busy, set_busy) = signal(false);
    let BrokenWorkflow { id, name, etag, text, rescue } = broken;
    let title = name.clone();
    let take = rescue.map(|rescue| {
        let words = match rescue.source {
            RescueSource::Draft => format!("Go on with the unsaved edits of {}", words::moment(rescue.at)),
            RescueSource::Execution => format!("Go on with what ran on {}", words::moment(rescue.at)),
        };
        let definition = rescue.definition;
        let take = move |_: ev::MouseEvent| {
            set_busy.set(true);
            let change = WorkflowChange { definition: Some(definition.clone()), ..WorkflowChange::default() };
            let etag = etag.clone();
            spawn_local(async move {
                match save_workflow(id, change, Some(etag)).await {
                    Ok(saved) => page::go(&format!("/workflows/{}", saved.id)),
                    Err(error) => toasts.fail(format!("Nothing was changed. {}", error.message)),
                }
                let _ = set_busy.try_set(false);
            });
        };
        view! { <button type="button" class="button button-primary" disabled=busy on:click=handler(take)><Icon glyph=Glyph::Undo/>{words}</button> }
    });
    let download = move |_: ev::MouseEvent| files::save_text(&format!("{name}.txt"), &text);
    view! {
        <Title text="Cannot be opened"/>
        <main class="page">
            <h1>{title}" cannot be opened"</h1>
            <div class="notice notice-warn" role="alert">
                <Icon glyph=Glyph::Alert/>
                <p class="notice-title">"Its graph is damaged in the database"</p>
                <p>{reason}</p>
                <div class="notice-actions">
                    {take}
                    <button type="button" class="button" on:click=handler(download)>"Download the damaged text"</button>
                    <a class="button" href="/">"Back to the workflows"</a>
                </div>
            </div>
        </main>
    }
}
