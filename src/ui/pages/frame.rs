//! The head that every page but the builder carries.

use leptos::prelude::*;

use crate::ui::{
    address,
    components::{Glyph, Icon},
    theme::ThemeSwitch,
};

/// The pages that the head leads to, by address and name.
const PAGES: [(&str, &str); 3] = [("/", "Workflows"), ("/jobs", "Jobs"), ("/spend", "Spend")];

/// A page below the head.
#[component]
pub fn Frame(
    /// The page's content.
    children: Children,
) -> impl IntoView {
    let here = address::path();
    let links = PAGES.map(|(address, name)| {
        let current = (here == address).then_some("page");
        view! { <a class="page-link" href=address aria-current=current>{name}</a> }
    });
    view! {
        <header class="page-head">
            <a class="wordmark" href="/" aria-label="Reelgraph">
                <img class="wordmark-mark" src="/favicon.svg" alt="" width="22" height="22"/>
                <span class="wordmark-name">"Reelgraph"</span>
            </a>
            <nav class="page-links" aria-label="Pages">{links.collect_view()}</nav>
            <ThemeSwitch/>
            <SignOut/>
        </header>
        <main class="page">{children()}</main>
    }
}

/// Ends this browser's session. The style shows it where there is one: the root says so (`app.rs`).
#[component]
fn SignOut() -> impl IntoView {
    view! {
        <form class="sign-out" method="post" action="/logout">
            <button type="submit" class="button button-quiet button-icon" aria-label="Sign out" title="Sign out">
                <Icon glyph=Glyph::SignOut/>
            </button>
        </form>
    }
}
