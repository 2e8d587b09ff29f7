//! `/`: the workflows, filtered by status and searched by name; rename and delete in place; a new one, or the ready example.

use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use serde_json::Value;

use super::{frame::Frame, workflow_row::WorkflowRow};
use crate::{
    api::workflows::{builder_settings, create_workflow, delete_workflow, list_workflows},
    domain::{
        ApiError,
        page::{Cursor, Page},
        workflow::{BuilderSettings, NewWorkflow, WorkflowStatus, WorkflowSummary},
    },
    graph::{nodes, setting},
    ui::{
        address,
        browser::page,
        components::{Dialog, EmptyState, ErrorNotice, Glyph, Icon, Skeleton, Toasts, effect, handler, part},
        words,
    },
};

/// The ready example: a scene of four shots, 9:16.
const EXAMPLE: &str = include_str!("../example.json");
const EXAMPLE_NAME: &str = "The last train (example)";
const EXAMPLE_DESCRIPTION: &str = "Four shots of a vertical short drama, stitched into one clip.";

type Listed = Resource<Result<Page<WorkflowSummary>, ApiError>>;

/// Which workflows are asked for.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    status: Option<WorkflowStatus>,
    q: String,
}

impl Asked {
    fn words(&self) -> Option<String> {
        Some(self.q.trim().to_owned()).filter(|words| !words.is_empty())
    }

    fn address(&self) -> String {
        address::with_query("/", &[("status", self.status.map(WorkflowStatus::name)), ("q", self.words().as_deref())])
    }
}

/// The list of workflows.
#[component]
pub fn WorkflowsPage() -> impl IntoView {
    let status = address::query("status").and_then(|name| WorkflowStatus::from_name(&name));
    let asked = RwSignal::new(Asked { status, q: address::query("q").unwrap_or_default() });
    let listed: Listed = Resource::new(move || asked.get(), |asked| async move { list_workflows(asked.status, asked.words(), None).await });
    let leaving = RwSignal::new(None::<WorkflowSummary>);
    view! {
        <Title text="Workflows"/>
        <Frame>
            <div class="page-title">
                <h1>"Workflows"</h1>
                <div class="page-actions">
                    <ExampleButton/>
                    <a class="button button-primary" href="/workflows/new"><Icon glyph=Glyph::Add/>"New workflow"</a>
                </div>
            </div>
            <ListTools asked/>
            <Transition fallback=Shape>
                {move || Suspend::new(async move {
                    match listed.await {
                        Ok(page) => view! { <List page asked leaving listed/> }.into_any(),
                        Err(error) => view! {
                            <ErrorNotice error kept="Nothing was changed.">
                                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| listed.refetch())>"Try again"</button>
                            </ErrorNotice>
                        }
                        .into_any(),
                    }
                })}
            </Transition>
            <DeleteDialog leaving listed/>
        </Frame>
    }
}

#[component]
fn ListTools(asked: RwSignal<Asked>) -> impl IntoView {
    let search = move |q: String| {
        asked.update(|asked| asked.q = q);
        page::replace_address(&asked.get_untracked().address());
    };
    let field = NodeRef::<html::Input>::new();
    effect(move || {
        // What was typed before the page woke up counts too.
        if let Some(typed) = field.get().map(|field| field.value()).filter(|typed| *typed != asked.get_untracked().q) {
            search(typed);
        }
    });
    let link = move |status: Option<WorkflowStatus>, name: &'static str| {
        view! {
            <a
                class="segment"
                href=Signal::derive(move || Asked { status, ..asked.get() }.address())
                aria-current=Signal::derive(move || (asked.get().status == status).then_some("page"))
            >
                {name}
            </a>
        }
    };
    view! {
        <div class="list-tools">
            <nav class="segments" aria-label="Status">
                {link(None, "All")}
                {link(Some(WorkflowStatus::Saved), "Saved")}
                {link(Some(WorkflowStatus::Draft), "Drafts")}
            </nav>
            <form class="search" role="search" method="get" action="/">
                <Icon glyph=Glyph::Search/>
                {part(move || asked.get().status.map(|status| view! { <input type="hidden" name="status" value=status.name()/> }))}
                <input
                    class="input"
                    type="search"
                    name="q"
                    aria-label="Search workflows"
                    placeholder="Search"
                    autocomplete="off"
                    value=asked.get_untracked().q
                    node_ref=field
                    on:input:target=move |event| search(event.target().value())
                />
            </form>
        </div>
    }
}

#[component]
fn List(page: Page<WorkflowSummary>, asked: RwSignal<Asked>, leaving: RwSignal<Option<WorkflowSummary>>, listed: Listed) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let is_filtered = asked.get_untracked().status.is_some() || asked.get_untracked().words().is_some();
    if page.items.is_empty() && page.unreadable == 0 {
        return view! { <Nothing is_filtered/> }.into_any();
    }
    let left_out = words::left_out(page.unreadable, "workflow");
    let rows = RwSignal::new(page.items);
    let next = RwSignal::new(page.next);
    let more = move |cursor: Cursor| {
        spawn_local(async move {
            let asked = asked.get_untracked();
            match list_workflows(asked.status, asked.words(), Some(cursor.to_string())).await {
                Ok(page) => {
                    // The list may have been asked for anew in the meantime.
                    let _ = rows.try_update(|rows| rows.extend(page.items));
                    let _ = next.try_set(page.next);
                }
                Err(error) => toasts.fail(error.message),
            }
        });
    };
    view! {
        <ul class="workflow-list" aria-label="Workflows">
            <For each=move || rows.get() key=|row| (row.id, row.updated_at) let:row>
                <WorkflowRow row leaving on_renamed=move || listed.refetch()/>
            </For>
        </ul>
        {left_out.map(|text| view! { <p class="job-note" role="status">{text}</p> })}
        {part(move || {
            next.get()
                .map(|cursor| view! { <button type="button" class="button more" on:click=handler(move |_: ev::MouseEvent| more(cursor.clone()))>"More"</button> })
        })}
    }
    .into_any()
}

#[component]
fn Nothing(is_filtered: bool) -> impl IntoView {
    if is_filtered {
        view! {
            <EmptyState title="No workflow matches" text="Try other words, or look through all of them.">
                <a class="button" href="/">"Show all"</a>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <div class="empty-first">
                <EmptyState
                title="No workflows yet"
                text="A workflow is a scene as a graph: prompts feed shots, shots feed the stitcher. A rehearsal makes every shot on this machine, free of charge."
            >
                <ExampleButton/>
                <a class="button button-primary" href="/workflows/new"><Icon glyph=Glyph::Add/>"New workflow"</a>
            </EmptyState>
            </div>
        }
        .into_any()
    }
}

#[component]
fn ExampleButton() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let (busy, set_busy) = signal(false);
    let open = move |_| {
        set_busy.set(true);
        spawn_local(async move {
            // Without them the example is made too: the server says what a run lacks.
            let settings = builder_settings().await.unwrap_or_default();
            match create_workflow(example(&settings)).await {
                Ok(saved) => page::go(&format!("/workflows/{}", saved.id)),
                Err(error) => toasts.fail(error.message),
            }
            let _ = set_busy.try_set(false);
        });
    };
    view! { <button type="button" class="button" disabled=busy on:click=open><Icon glyph=Glyph::Open/>"Open the example"</button> }
}

fn example(settings: &BuilderSettings) -> NewWorkflow {
    // The file is part of the program, and a test reads it.
    let mut definition: Value = serde_json::from_str(EXAMPLE).unwrap_or_default();
    for node in definition["nodes"].as_array_mut().into_iter().flatten() {
        let spec = node["type"].as_str().and_then(|name| nodes::spec(&nodes::node_type(name)));
        for (name, value) in spec.map(|spec| setting::living_default(spec, settings)).unwrap_or_default() {
            node["params"][name] = value;
        }
    }
    NewWorkflow { id: None, name: EXAMPLE_NAME.to_owned(), description: Some(EXAMPLE_DESCRIPTION.to_owned()), status: None, definition }
}

#[component]
fn DeleteDialog(leaving: RwSignal<Option<WorkflowSummary>>, listed: Listed) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let open = RwSignal::new(false);
    // The name stays readable while the dialog closes.
    let (shown, set_shown) = signal(None::<WorkflowSummary>);
    effect(move || {
        if let Some(row) = leaving.get() {
            set_shown.set(Some(row));
            open.set(true);
        }
    });
    effect(move || {
        if !open.get() {
            leaving.set(None);
        }
    });
    let delete = move |_| {
        let Some(row) = shown.get_untracked() else { return };
        open.set(false);
        spawn_local(async move {
            match delete_workflow(row.id).await {
                Ok(()) => {
                    toasts.say(format!("{} is deleted. Its videos are still in the library.", row.name));
                    listed.refetch();
                }
                Err(error) => toasts.fail(error.message),
            }
        });
    };
    let title = move || shown.with(|row| row.as_ref().map_or_else(String::new, |row| format!("Delete {}?", row.name)));
    let stays = move || {
        let videos = shown.with(|row| row.as_ref().map_or(0, |row| row.video_count));
        match videos {
            0 => "The workflow goes for good, and a run of it is stopped. It holds no videos; what its runs made stays in the library."
                .to_owned(),
            videos => format!(
                "The workflow goes for good, and a run of it is stopped. Its {} {} in the library.",
                words::count(videos, "video"),
                if videos == 1 { "stays" } else { "stay" }
            ),
        }
    };
    view! {
        <Dialog open title=Signal::derive(title)>
            <div class="dialog-body"><p>{stays}</p></div>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| open.set(false))>"Keep it"</button>
                <button type="button" class="button button-danger" on:click=delete>"Delete"</button>
            </div>
        </Dialog>
    }
}

#[component]
fn Shape() -> impl IntoView {
    let rows = (0..4).map(|_| {
        view! {
            <li class="skeleton-row">
                <Skeleton width="24ch"/>
                <Skeleton width="8ch"/>
                <Skeleton width="8ch"/>
            </li>
        }
    });
    view! { <ul class="workflow-list" aria-label="The workflows are being read" aria-busy="true">{rows.collect_view()}</ul> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_an_address() {
        let asked = Asked { status: None, q: " ".into() };
        assert_eq!(asked.address(), "/");
        let asked = Asked { status: Some(WorkflowStatus::Saved), q: "雨 & fog".into() };
        assert_eq!(asked.address(), "/?status=saved&q=%E9%9B%A8+%26+fog");
    }
}
