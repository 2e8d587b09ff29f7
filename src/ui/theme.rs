//! Dark or light: the system's until the switch is used, then what the cookie says, so that the server renders it right.

use leptos::{ev, prelude::*};

use super::{
    browser::page,
    components::{Glyph, Icon, handler},
};

/// The cookie's name.
const COOKIE: &str = "theme";

/// The theme the request's cookie asks for: `dark`, `light`, or the system's.
#[must_use]
pub fn requested() -> Option<&'static str> {
    let request = use_context::<http::request::Parts>()?;
    let cookies = request.headers.get(http::header::COOKIE)?.to_str().ok()?;
    let value = cookies.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    ["dark", "light"].into_iter().find(|theme| *theme == value)
}

/// Switches between dark and light, and remembers it.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let switch = |_: ev::MouseEvent| {
        let is_dark = match page::root_attribute("data-theme").as_deref() {
            Some(theme) => theme == "dark",
            None => page::matches("(prefers-color-scheme: dark)"),
        };
        let theme = if is_dark { "light" } else { "dark" };
        page::set_root_attribute("data-theme", theme);
        page::remember(COOKIE, theme);
    };
    view! {
        <button type="button" class="button button-quiet button-icon theme-switch" aria-label="Switch theme" title="Switch theme" on:click=handler(switch)>
            <span class="icon-sun"><Icon glyph=Glyph::Sun/></span>
            <span class="icon-moon"><Icon glyph=Glyph::Moon/></span>
        </button>
    }
}
