//! A workflow in the list: opens as a whole, is renamed in place, and asks before it goes.

use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::{
    api::workflows::save_workflow,
    domain::workflow::{WorkflowChange, WorkflowStatus, WorkflowSummary},
    ui::{
        components::{Glyph, IconButton, Toasts, When, effect, handler, on_key},
        words,
    },
};

/// The longest name, in characters.
const LONGEST_NAME: &str = "200";

/// One row.
#[component]
pub fn WorkflowRow(
    /// The workflow.
    row: WorkflowSummary,
    /// Set to the workflow that is to be deleted.
    leaving: RwSignal<Option<WorkflowSummary>>,
    /// Called when the name on the server has changed.
    on_renamed: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let (renaming, set_renaming) = signal(false);
    let name = row.name.clone();
    let heading = {
        let row = row.clone();
        move || {
            if renaming.get() {
                view! { <Rename row=row.clone() set_renaming on_renamed/> }.into_any()
            } else {
                view! {
                    <div class="workflow-name">
                        <a href=format!("/workflows/{}", row.id)>{row.name.clone()}</a>
                        {row.description.clone().filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                    </div>
                }
                .into_any()
            }
        }
    };
    let is_saved = row.status == WorkflowStatus::Saved;
    view! {
        <li class="workflow-row">
            {heading}
            <span><span class="badge" class:badge-good=is_saved>{if is_saved { "Saved" } else { "Draft" }}</span></span>
            <span class="workflow-fact">{words::count(row.node_count, "node")}</span>
            <span class="workflow-fact">{words::count(row.video_count, "video")}</span>
            <span class="workflow-fact">{if is_saved { "Saved " } else { "Edited " }}<When at=row.updated_at/></span>
            <span class="workflow-buttons">
                <IconButton glyph=Glyph::Edit label=format!("Rename {name}") on_press=move || set_renaming.set(true)/>
                <IconButton glyph=Glyph::Delete label=format!("Delete {name}") on_press=move || leaving.set(Some(row.clone()))/>
            </span>
        </li>
    }
}

#[component]
fn Rename(row: WorkflowSummary, set_renaming: WriteSignal<bool>, on_renamed: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let field = NodeRef::<html::Input>::new();
    let old = row.name.clone();
    effect(move || {
        if let Some(field) = field.get() {
            field.select();
        }
    });
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let name = field.get_untracked().map(|field| field.value().trim().to_owned()).unwrap_or_default();
        if name.is_empty() || name == row.name {
            set_renaming.set(false);
            return;
        }
        let id = row.id;
        spawn_local(async move {
            match save_workflow(id, WorkflowChange { name: Some(name), ..WorkflowChange::default() }, None).await {
                Ok(_) => {
                    let _ = set_renaming.try_set(false);
                    on_renamed();
                }
                Err(error) => toasts.fail(format!("The name stays as it was. {}", error.message)),
            }
        });
    };
    let keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            set_renaming.set(false);
        }
    };
    view! {
        <form class="rename" on:submit=save on:keydown=on_key(keydown)>
            <input node_ref=field class="input" aria-label="Name" maxlength=LONGEST_NAME value=old required/>
            <button type="submit" class="button">"Rename"</button>
            <button type="button" class="button button-quiet" on:click=handler(move |_: ev::MouseEvent| set_renaming.set(false))>"Cancel"</button>
        </form>
    }
}
