//! The builder page: a stored workflow, or a new one. The server draws the graph with the numbers it sends along, and the browser begins
//! with the same ones.

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use super::{
    broken::Broken,
    canvas::{Canvas, empty::EmptyCanvas, keyboard},
    on_demand::{LazyPanel, when_wanted},
    panels::{
        file_fields::FileFields,
        tools::{Rail, StatusLine, ViewTools},
        topbar::TopBar,
    },
    session::{Session, UNNAMED, live},
    state::Editor,
};
use crate::{
    api::workflows::{broken_workflow, builder_settings, open_workflow},
    domain::{
        ApiError, ErrorKind,
        workflow::{BrokenWorkflow, BuilderSettings, OpenedWorkflow},
    },
    graph::{Graph, canvas::geometry::Viewport},
    ui::{address::Page, browser::canvas_dom, components::handler, pages::NothingHere},
};

/// What a builder opens with: the stored workflow if there is one, the settings, and where its window lay.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Found {
    Whole(Box<(Option<OpenedWorkflow>, BuilderSettings, Option<Viewport>)>),
    /// One whose graph cannot be read, with why.
    Broken(Box<BrokenWorkflow>, String),
}

/// `/workflows/{id}`, and `/workflows/new`: an empty canvas, stored at the first edit.
#[component]
pub fn BuilderPage(
    /// Which of them.
    page: Page,
) -> impl IntoView {
    let found = Resource::new_blocking(move || page, find);
    view! {
        <Suspense fallback=Coming>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(Found::Whole(found)) => view! { <Opened found=*found/> }.into_any(),
                    Ok(Found::Broken(broken, reason)) => view! { <Broken broken=*broken reason/> }.into_any(),
                    Err(error) if error.kind == ErrorKind::NotFound => view! { <main class="page"><NothingHere/></main> }.into_any(),
                    Err(error) => view! { <CannotOpen reason=error.message/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

fn find(page: Page) -> impl Future<Output = Result<Found, ApiError>> {
    let view = stored_view();
    async move {
        let Page::Builder(id) = page else {
            // Without them the builder works too: the server says what a run lacks.
            return Ok(Found::Whole(Box::new((None, builder_settings().await.unwrap_or_default(), None))));
        };
        let id = id.ok_or_else(|| ApiError::not_found("workflow"))?;
        let mut opened = match open_workflow(id).await {
            Err(error) if error.kind == ErrorKind::Unreadable => {
                let reason = error.message.clone();
                return broken_workflow(id).await?.map(|broken| Found::Broken(Box::new(broken), reason)).ok_or(error);
            }
            opened => opened?,
        };
        let settings = std::mem::take(&mut opened.settings);
        Ok(Found::Whole(Box::new((Some(opened), settings, view))))
    }
}

/// The place of a builder that is on its way.
#[component]
fn Coming() -> impl IntoView {
    view! { <main class="builder builder-coming" aria-busy="true" aria-label="Opening the workflow"></main> }
}

#[component]
fn Opened(found: (Option<OpenedWorkflow>, BuilderSettings, Option<Viewport>)) -> impl IntoView {
    let (opened, settings, view) = found;
    let editor = match &opened {
        Some(opened) => Editor::open(opened, view),
        None => Ok(Editor::new(Graph::new(), None)),
    };
    match editor {
        Ok(editor) => view! { <Builder editor opened settings/> }.into_any(),
        Err(reason) => view! { <CannotOpen reason/> }.into_any(),
    }
}

/// The builder around an editor.
#[component]
fn Builder(editor: Editor, opened: Option<OpenedWorkflow>, settings: BuilderSettings) -> impl IntoView {
    provide_context(editor);
    let tools = live::begin(editor, opened.as_ref(), settings);
    let shortcuts = RwSignal::new(false);
    keyboard::listen(editor, tools, shortcuts);
    let session = expect_context::<Session>();
    let name = opened.map_or_else(|| UNNAMED.to_owned(), |opened| opened.name);
    view! {
        <Title text=name/>
        <main class="builder" on:click=handler(move |event: ev::MouseEvent| live::follow_link(session, tools, &event))>
            <TopBar/>
            <div class="stage" on:dragover=handler(|event: ev::DragEvent| live::drag_over(&event)) on:drop=handler(move |event: ev::DragEvent| live::drop_files(editor, tools, &event))>
                <Canvas/>
                <EmptyCanvas/>
                <Rail shortcuts/>
                <ViewTools/>
                <StatusLine/>
                {when_wanted(LazyPanel::Palette, move || editor.palette.with(Option::is_some))}
                {when_wanted(LazyPanel::Inspector, move || editor.selection.with(|selection| selection.nodes().len() > 0))}
                {when_wanted(LazyPanel::Offer, move || session.offered.with(Option::is_some))}
                <FileFields/>
            </div>
            {when_wanted(LazyPanel::Conflict, move || session.conflict.get())}
            {when_wanted(LazyPanel::Lacking, move || session.lacking.with(Option::is_some))}
            {when_wanted(LazyPanel::Shortcuts(shortcuts), move || shortcuts.get())}
        </main>
    }
}

#[component]
fn CannotOpen(reason: String) -> impl IntoView {
    view! {
        <Title text="Cannot be opened"/>
        <main class="page">
            <h1>"This workflow cannot be opened"</h1>
            <p>{reason}</p>
            <p>"Nothing of it was changed. " <a href="/">"Back to the workflows"</a></p>
        </main>
    }
}

/// Where the window lay when this page was last open: from the request on the server, from the page's cookie in the browser.
fn stored_view() -> Option<Viewport> {
    let cookie = match use_context::<http::request::Parts>() {
        Some(request) => {
            let cookies = request.headers.get(http::header::COOKIE)?.to_str().ok()?.to_owned();
            cookies.split(';').find_map(|pair| Some(pair.trim().strip_prefix("view=")?.to_owned()))
        }
        None => canvas_dom::cookie("view"),
    };
    Viewport::from_cookie(&cookie?)
}
