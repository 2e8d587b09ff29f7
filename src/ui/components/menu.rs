//! A menu of further actions behind one button.

use leptos::{ev, html, prelude::*};

use super::{Glyph, Icon, handler, on_key};

/// A button that opens a list of actions. Escape, a choice or leaving it closes it.
#[component]
pub fn Menu(
    /// What the actions are about, in words.
    #[prop(into)]
    label: String,
    /// Its `.menu-item`s.
    children: Children,
) -> impl IntoView {
    let menu = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    let keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        }
    };
    let focusout = move |event: ev::FocusEvent| {
        let goes_to = event.related_target();
        let stays = menu.get_untracked().is_some_and(|menu| crate::ui::browser::page::contains(&menu, goes_to));
        if !stays {
            close();
        }
    };
    view! {
        <details class="menu" node_ref=menu on:keydown=on_key(keydown) on:focusout=focusout>
            <summary class="button button-quiet button-icon" aria-label=label.clone() title=label>
                <Icon glyph=Glyph::More/>
            </summary>
            <div class="menu-items" on:click=handler(move |_: ev::MouseEvent| close())>
                {children()}
            </div>
        </details>
    }
}
