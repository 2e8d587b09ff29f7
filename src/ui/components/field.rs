//! Labelled fields. The label names the field for eyes, screen readers and tests alike.

use leptos::prelude::*;

use crate::ui::escape;

/// A field of one line, or of several.
#[component]
pub fn TextField(
    /// Its name, in words.
    #[prop(into)]
    label: String,
    /// A document-wide unique id that ties the label to the field.
    #[prop(into)]
    id: String,
    /// What it holds.
    #[prop(into)]
    value: Signal<String>,
    /// Called with the new text as it is typed.
    on_input: impl Fn(String) + 'static,
    /// Several lines.
    #[prop(optional)]
    multiline: bool,
    /// What to type there.
    #[prop(optional, into)]
    placeholder: String,
    /// `numeric`, `decimal`, `search` or `text`.
    #[prop(default = "text")]
    inputmode: &'static str,
) -> impl IntoView {
    let field = if multiline {
        view! {
            <textarea
                class="input"
                id=id.clone()
                placeholder=placeholder
                prop:value=value
                on:input:target=move |event| on_input(event.target().value())
            >
                {escape::text(value.get_untracked())}
            </textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                class="input"
                id=id.clone()
                placeholder=placeholder
                inputmode=inputmode
                autocomplete="off"
                value=value.get_untracked()
                prop:value=value
                on:input:target=move |event| on_input(event.target().value())
            />
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {field}
        </div>
    }
}

/// A choice among few.
#[component]
pub fn SelectField(
    /// Its name, in words.
    #[prop(into)]
    label: String,
    /// A document-wide unique id that ties the label to the field.
    #[prop(into)]
    id: String,
    /// What is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// Value and words of each choice.
    #[prop(into)]
    choices: Vec<(String, String)>,
    /// Called with the new value.
    on_choose: impl Fn(String) + 'static,
) -> impl IntoView {
    let options = choices
        .into_iter()
        .map(|(choice, words)| {
            let chosen = choice.clone();
            view! { <option value=choice selected=Signal::derive(move || value.get() == chosen)>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select class="input" id=id prop:value=value on:change:target=move |event| on_choose(event.target().value())>
                {options}
            </select>
        </div>
    }
}
