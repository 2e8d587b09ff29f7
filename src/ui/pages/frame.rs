//! The head that every page but the builder carries.

use leptos::prelude::*;

use crate::ui::theme::ThemeSwitch;

/// A page below the head.
#[component]
pub fn Frame(
    /// The page's content.
    children: Children,
) -> impl IntoView {
    view! {
        <header class="page-head">
            <a class="wordmark" href="/">
                <img class="wordmark-mark" src="/favicon.svg" alt="" width="22" height="22"/>
                "Reelgraph"
            </a>
            <nav class="page-nav" aria-label="Pages"><a href="/spend">"Spend"</a></nav>
            <ThemeSwitch/>
        </header>
        <main class="page">{children()}</main>
    }
}
