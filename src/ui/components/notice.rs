//! What a page says where its content should be: an error, an empty place, the shape of what comes.

use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::domain::ApiError;

/// An error in place: what happened, what was kept, what to do.
#[component]
pub fn ErrorNotice(
    /// What happened and what to do.
    error: ApiError,
    /// What was kept, in a sentence.
    #[prop(into)]
    kept: String,
    /// What can be done here: buttons and links.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="notice" role="alert">
            <Icon glyph=Glyph::Alert/>
            <p class="notice-title">{error.kind.title()}</p>
            <p>{error.message} " " {kept}</p>
            <div class="notice-actions">{children()}</div>
        </div>
    }
}

/// An empty place: what goes there, and the button that puts it there.
#[component]
pub fn EmptyState(
    /// What is empty.
    #[prop(into)]
    title: String,
    /// What goes there.
    #[prop(into)]
    text: String,
    /// The buttons that put it there.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon glyph=Glyph::Film/>
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="empty-actions">{children()}</div>
        </div>
    }
}

/// The shape of something that is on its way, `width` CSS units wide.
#[component]
pub fn Skeleton(
    /// Such as `12ch`.
    width: &'static str,
    /// Such as `1em`.
    #[prop(default = "1em")]
    height: &'static str,
) -> impl IntoView {
    view! { <span class="skeleton" aria-hidden="true" style=format!("display: block; width: {width}; height: {height}")></span> }
}
