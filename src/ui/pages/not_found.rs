//! What stands at an address where nothing is.

use leptos::prelude::*;
use leptos_meta::Title;

use super::frame::Frame;
use crate::ui::components::EmptyState;

/// The page at an address where nothing is.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <Frame><NothingHere/></Frame> }
}

/// Says that there is nothing, and leads back.
#[component]
pub fn NothingHere() -> impl IntoView {
    view! {
        <Title text="No such page"/>
        <EmptyState title="There is no such page" text="The address may be mistyped, or the workflow was deleted. Its clips are still in the library.">
            <a class="button button-primary" href="/">"Workflows"</a>
        </EmptyState>
    }
}
