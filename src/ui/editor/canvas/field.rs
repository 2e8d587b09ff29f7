//! A field for one parameter of a node: in the node itself, or in the inspector with what there is to say of its choices.

use leptos::{ev, prelude::*};
use serde_json::Value;

use super::node_state::NodeState;
use crate::{
    domain::{AssetKind, NodeId, provider},
    graph::{
        Command, Node,
        control::{Choice, Control},
        nodes,
        param::{Param, ParamKind},
        setting::chosen_provider,
    },
    ui::{
        browser::page,
        components::{each, handler, memo, part, part_if},
        editor::{document::edit, panels::clip_order::ClipOrder, session::Session, state::Editor},
        escape,
    },
};

/// A value as a field shows it.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A field for one parameter of a node.
#[component]
pub fn ParamField(
    /// The node.
    node: NodeId,
    /// Its signals.
    state: NodeState,
    /// The parameter.
    param: &'static Param,
    /// Whether there is room to say below it why something cannot be chosen.
    #[prop(optional)]
    hinted: bool,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let session = use_context::<Session>();
    let control = memo(move || state.data.with(|node| control(param, node, session)));
    let unused = memo(move || state.data.with(|node| param.unused(node)));
    let hint = move || unused.get().or_else(|| control.with(reasons));
    let value = memo(move || state.data.with(|node| text_of(&param.value(node))));
    let step = format!("{node} {}", param.name);
    let set = {
        let node = node.clone();
        move |value: Value| editor.dispatch(Command::SetParam { node: node.clone(), name: param.name.to_owned(), value })
    };
    let type_in = {
        let node = node.clone();
        move |value: Value| editor.dispatch_as_part(&step, Command::SetParam { node: node.clone(), name: param.name.to_owned(), value })
    };
    let text = {
        let type_in = type_in.clone();
        move |text: String| type_in(text.into())
    };
    let field = part(move || match control.get() {
        Control::Multiline => view! { <Lines node=node.clone() state param value unused whole=hinted on_text=text.clone()/> }.into_any(),
        Control::Choice(choices) => view! { <Select param choices value on_choice=set.clone()/> }.into_any(),
        Control::Asset(kind) => view! { <FileChoice node=node.clone() state kind/> }.into_any(),
        Control::Nodes => view! { <ClipOrder node=node.clone()/> }.into_any(),
        Control::Text => view! { <Line param value on_text=text.clone()/> }.into_any(),
        Control::Integer { .. } | Control::Number { .. } => {
            let type_in = type_in.clone();
            let on_number = move |number: Option<f64>| type_in(number.map_or(Value::Null, Value::from));
            view! { <Number param value unused on_number/> }.into_any()
        }
    });
    view! {
        {field}
        {hinted.then(|| part_if(move || hint().map(|words| view! { <p class="field-hint">{words}</p> })))}
    }
}

/// The control at a node; a model that is retired says so in its label.
fn control(param: &Param, node: &Node, session: Option<Session>) -> Control {
    let mut control = param.control(node);
    if let (ParamKind::Model, Control::Choice(choices), Some(session)) = (param.kind, &mut control, session) {
        let provider = chosen_provider(node);
        for choice in choices {
            let model = provider.zip(choice.value.as_str()).and_then(|(provider, name)| provider::model(provider, name));
            if model.is_some_and(|model| session.is_retired(model)) {
                choice.label.push_str(" (retired)");
            }
        }
    }
    control
}

/// Why some of the choices are disabled, each reason once.
fn reasons(control: &Control) -> Option<String> {
    let Control::Choice(choices) = control else { return None };
    let mut reasons: Vec<&str> = choices.iter().filter_map(|choice| choice.disabled.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    Some(reasons.join(" ")).filter(|words| !words.is_empty())
}

#[component]
fn Lines(
    node: NodeId,
    state: NodeState,
    param: &'static Param,
    value: Memo<String>,
    unused: Memo<Option<String>>,
    whole: bool,
    on_text: impl Fn(String) -> bool + 'static + Clone + Send,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    // A wired prompt takes the place of the node's own.
    let wired = memo(move || param.unwired.is_some_and(|input| state.wired.with(|wired| wired.iter().any(|name| **name == *input))));
    let source = memo(move || wired.get().then(|| editor.source_of(&node, param.unwired?)).flatten().map(Source));
    let value = memo(move || match source.get() {
        Some(Source(source)) => source.data.with(|data| nodes::value(data).unwrap_or_default().to_owned()),
        None => value.get(),
    });
    part(move || {
        if wired.get() && !whole {
            let from = source.get().map(|Source(source)| edit::title(&source.data.with_untracked(|data| data.node_type.clone())));
            view! { <WiredText label=param.label from=from.unwrap_or_default() value/> }.into_any()
        } else {
            view! { <TextBox param value unused wired on_text=on_text.clone()/> }.into_any()
        }
    })
}

/// The node that a text comes from; the same one is no change.
#[derive(Clone, Copy)]
struct Source(NodeState);

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.0.data == other.0.data
    }
}

/// A text that comes from a wire, in the node: where from, and how it begins.
#[component]
fn WiredText(label: &'static str, from: String, value: Memo<String>) -> impl IntoView {
    view! {
        <p class="node-wired" title=value>
            <span class="node-label">{label} " from " <em>{from}</em> ":"</span>
            " "
            {part(move || if value.with(String::is_empty) { "nothing yet".to_owned() } else { value.get() })}
        </p>
    }
}

#[component]
fn TextBox(
    param: &'static Param,
    value: Memo<String>,
    unused: Memo<Option<String>>,
    wired: Memo<bool>,
    on_text: impl Fn(String) -> bool + 'static,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    view! {
        <label class="node-field node-field-text">
            <span class="node-label">{part(move || if wired.get() { format!("{}, from the wire", param.label) } else { param.label.to_owned() })}</span>
            <textarea
                class="node-input"
                aria-label=param.label
                spellcheck="true"
                disabled=Signal::derive(move || wired.get() || unused.with(Option::is_some))
                title=unused
                prop:value=value
                on:input:target=move |event| { on_text(event.target().value()); }
                on:blur=handler(move |_: ev::FocusEvent| editor.document.end_typing())
            >
                {escape::text(value.get_untracked())}
            </textarea>
        </label>
    }
}

#[component]
fn Line(param: &'static Param, value: Memo<String>, on_text: impl Fn(String) -> bool + 'static) -> impl IntoView {
    let editor = expect_context::<Editor>();
    view! {
        <label class="node-field node-field-line">
            <span class="node-label">{param.label}</span>
            <input
                class="node-input"
                autocomplete="off"
                value=value.get_untracked()
                prop:value=value
                on:input:target=move |event| { on_text(event.target().value()); }
                on:blur=handler(move |_: ev::FocusEvent| editor.document.end_typing())
            />
        </label>
    }
}

#[component]
fn Number(
    param: &'static Param,
    value: Memo<String>,
    unused: Memo<Option<String>>,
    on_number: impl Fn(Option<f64>) -> bool + 'static + Clone,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let on_digits = on_number.clone();
    view! {
        <label class="node-field node-field-line">
            <span class="node-label">{param.label}</span>
            <input
                class="node-input"
                inputmode="decimal"
                autocomplete="off"
                placeholder="Automatic"
                disabled=Signal::derive(move || unused.with(Option::is_some))
                title=unused
                value=value.get_untracked()
                prop:value=value
                on:input:target=move |event| {
                    // What is half a number, such as `1.`, waits until the field is left.
                    let text = event.target().value();
                    if let Some(number) = page::number_of(&text).filter(|number| number.to_string() == text) {
                        on_digits(Some(number));
                    }
                }
                on:change:target=move |event| { on_number(page::number_of(&event.target().value())); }
                on:blur=handler(move |_: ev::FocusEvent| editor.document.end_typing())
            />
        </label>
    }
}

#[component]
fn Select(param: &'static Param, choices: Vec<Choice>, value: Memo<String>, on_choice: impl Fn(Value) -> bool + 'static) -> impl IntoView {
    let now = value.get_untracked();
    let option = |choice: &Choice| (text_of(&choice.value), choice.label.clone(), choice.disabled.clone());
    let mut options: Vec<_> = choices.iter().map(option).collect();
    // What is set but not offered is shown as it is, so that looking at it does not change it.
    if !options.iter().any(|(text, ..)| *text == now) {
        options.push((now.clone(), now, None));
    }
    let options = each(options.into_iter().map(|(text, label, reason)| {
        let chosen = text.clone();
        let disabled = reason.is_some();
        view! {
            <option value=text disabled=disabled title=reason selected=Signal::derive(move || value.get() == chosen)>
                {label}
            </option>
        }
    }));
    let choose = move |text: String| {
        choices.iter().find(|choice| text_of(&choice.value) == text).is_some_and(|choice| on_choice(choice.value.clone()))
    };
    view! {
        <label class="node-field node-field-line">
            <span class="node-label">{param.label}</span>
            <select class="node-input" aria-label=param.label prop:value=value on:change:target=move |event| { choose(event.target().value()); }>
                {options}
            </select>
        </label>
    }
}

/// What the user gave an upload node: its name, and the way to another.
#[component]
fn FileChoice(node: NodeId, state: NodeState, kind: AssetKind) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let name = memo(move || state.media.with(|media| media.as_ref().map(|media| media.name().to_owned())));
    view! {
        <div class="node-field node-field-line">
            <span class="node-label node-clip-name">{part(move || name.get().unwrap_or_else(|| format!("No {} yet", kind.spec().noun)))}</span>
            <button type="button" class="node-button" on:click=handler(move |_: ev::MouseEvent| editor.file_request.set(Some(node.clone())))>
                {part(move || if name.get().is_some() { "Replace" } else { "Upload" })}
            </button>
        </div>
    }
}
