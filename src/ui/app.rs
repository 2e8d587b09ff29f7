//! The document around every page: drawn whole by the server, woken up by the browser (`wake.rs`).

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};

use crate::domain::provider::{self, Model};

use super::{
    address::Page,
    browser::page,
    components::{Reconnect, ToastRegion, Toasts, effect},
    editor::BuilderPage,
    escape,
    pages::{JobsPage, NotFoundPage, SpendPage, WorkflowsPage},
    theme,
};

/// The element that carries the models which this server has besides the built-in ones.
const MODELS_ID: &str = "models";

/// Makes the browser's model table that of the server. Call it before anything is drawn.
pub fn learn_models() {
    let Some(text) = page::text_of(MODELS_ID) else { return };
    // The server wrote it from what it had checked; nothing has read the table yet.
    if let Ok(models) = serde_json::from_str::<Vec<Model>>(&text) {
        let _ = provider::extend(models);
    }
}

/// The added models as a block of data, which no browser runs and no policy for scripts concerns; nothing where there are none.
fn added_models() -> Option<impl IntoView> {
    let models = Some(provider::extension()).filter(|models| !models.is_empty())?;
    let text = escape::json(models)?;
    Some(view! { <script type="application/json" id=MODELS_ID inner_html=text></script> })
}

/// The HTML document. Rendered on the server only. `has_session`: the browser showed a token to get here, and can sign out.
pub fn shell(options: LeptosOptions, has_session: bool) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme::requested() data-session=has_session.then_some("")>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="dark light"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <AutoReload options=options.clone()/>
                {added_models()}
                <HydrationScripts options=options.clone()/>
                <HashedStylesheet options id="style"/>
                <MetaTags/>
            </head>
            <body>
                {around(|| match Page::here() {
                    page @ (Page::Builder(_) | Page::NewBuilder) => builder(page),
                    page => list(page),
                })}
                {asleep()}
            </body>
        </html>
    }
}

/// What a page says of itself while its program has not come: blocked, replaced by an update, or the network broke off. The style shows it
/// after some seconds, without a script, and takes it away once the page is awake; the browser's half does not draw it.
fn asleep() -> impl IntoView {
    view! {
        <aside class="asleep" aria-label="This page is not awake">
            <p>
                "This page\u{2019}s program has not come, so its buttons are not shown: they could do nothing yet. What is stored is safe, and links work. "
                <noscript>"JavaScript is off in this browser; the program needs it."</noscript>
            </p>
            <span class="asleep-actions">
                <a class="button button-primary" href="">"Load the page again"</a>
                <a class="button" href="/">"Workflows"</a>
            </span>
        </aside>
    }
}

/// What every page has around it.
pub fn around(page: impl FnOnce() -> AnyView) -> impl IntoView {
    provide_meta_context();
    let toasts = Toasts::provide();
    Reconnect::provide(toasts);
    effect(|| {
        if let Some(body) = document().body() {
            // Failing to set an attribute would only slow the tests down.
            let _ = body.set_attribute("data-hydrated", "");
        }
    });
    // `Title` writes what it is given, and asks for it when the page is drawn.
    let escaped = escape::text_by(is_server());
    let formatter = move |title: String| escaped(if title.is_empty() { "Reelgraph".to_owned() } else { format!("{title} · Reelgraph") });
    view! {
        <Title formatter/>
        {page()}
        <ToastRegion toasts/>
    }
}

/// The builder at its address.
pub fn builder(page: Page) -> AnyView {
    view! { <BuilderPage page/> }.into_any()
}

/// A page that is no builder.
pub fn list(page: Page) -> AnyView {
    match page {
        Page::Workflows => view! { <WorkflowsPage/> }.into_any(),
        Page::Jobs => view! { <JobsPage/> }.into_any(),
        Page::Spend => view! { <SpendPage/> }.into_any(),
        Page::Builder(_) | Page::NewBuilder | Page::Nothing => view! { <NotFoundPage/> }.into_any(),
    }
}
