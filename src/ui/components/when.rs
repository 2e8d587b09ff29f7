//! A moment: the date from the server, and how long ago once the browser's clock may speak.

use leptos::prelude::*;

use super::{effect, part};
use crate::{
    domain::Timestamp,
    ui::{browser::page, words},
};

/// `at` as a date, and after hydration as an age.
#[component]
pub fn When(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    // The server's clock and zone are not the browser's: an age in the HTML would differ from the first render here.
    let (age, set_age) = signal(None::<String>);
    effect(move || set_age.set(Some(words::ago(page::now().seconds_since(at)))));
    view! {
        <time datetime=at.to_string() title=words::moment(at)>
            {part(move || age.get().unwrap_or_else(|| words::date(at)))}
        </time>
    }
}
