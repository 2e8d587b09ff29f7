//! The builder page: a stored workflow, or a new one. The server draws the graph with the numbers it sends along, and the browser begins
//! with the same ones.

use leptos::{ev, prelude::*};
use leptos_meta::Title;

use super::{
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
    api::workflows::{builder_settings, open_workflow},
    domain::{
        ApiError,
        workflow::{BuilderSettings, OpenedWorkflow},
    },
    graph::{Graph, canvas::geometry::Viewport},
    ui::{address::Page, browser::canvas_dom, components::handler, pages::NothingHere},
};

/// What a builder opens with: the stored workflow if there is one, the settings, and where its window lay.
type Found = (Option<OpenedWorkflow>, BuilderSettings, Option<Viewport>);

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
                    Ok(found) => view! { <Opened found/> }.into_any(),
                    Err(error) if error.kind == crate::domain::ErrorKind::NotFound => view! { <main class="page"><NothingHere/></main> }.into_any(),
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
            return Ok((None, builder_settings().await.unwrap_or_default(), None));
        };
        let mut opened = open_workflow(id.ok_or_else(|| ApiError::not_found("workflow"))?).await?;
        let settings = std::mem::take(&mut opened.settings);
        Ok((Some(opened), settings, view))
    }
}

/// The place of a builder that is on its way.
#[component]
fn Coming() -> impl IntoView {
    view! { <main class="builder builder-coming" aria-busy="true" aria-label="Opening the workflow"></main> }
}

#[component]
fn Opened(found: Found) -> impl IntoView {
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
