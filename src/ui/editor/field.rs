//! A parameter edited in the node itself.

use leptos::{ev, prelude::*};
use serde_json::Value;

use super::{clip_order::ClipOrder, node_state::NodeState, state::Editor};
use crate::{
    domain::NodeId,
    graph::{
        Command,
        param::{Choice, Control, Param},
    },
    ui::components::{handler, part},
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
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let control = Memo::new(move |_| state.data.with(|node| param.control(node)));
    let value = Memo::new(move |_| state.data.with(|node| text_of(&param.value(node))));
    let step = format!("{node} {}", param.name);
    let set = {
        let node = node.clone();
        move |value: Value| editor.dispatch(Command::SetParam { node: node.clone(), name: param.name.to_owned(), value })
    };
    let type_in = {
        let node = node.clone();
        move |text: String| {
            editor.dispatch_as_part(&step, Command::SetParam { node: node.clone(), name: param.name.to_owned(), value: text.into() })
        }
    };
    part(move || match control.get() {
        Control::Multiline => view! { <Lines node=node.clone() state param value on_text=type_in.clone()/> }.into_any(),
        Control::Choice(choices) => view! { <Select param choices value on_choice=set.clone()/> }.into_any(),
        Control::Video => view! { <FileChoice node=node.clone() state none="No clip yet"/> }.into_any(),
        Control::Image => view! { <FileChoice node=node.clone() state none="No image yet"/> }.into_any(),
        Control::Nodes => view! { <ClipOrder node=node.clone()/> }.into_any(),
        Control::Text => view! { <Line param value on_text=type_in.clone()/> }.into_any(),
        Control::Integer { .. } | Control::Number { .. } => {
            let set = set.clone();
            let on_text = move |text: String| set(text.trim().parse::<f64>().map_or(Value::Null, Value::from));
            view! { <Number param value on_text/> }.into_any()
        }
    })
}

#[component]
fn Lines(
    node: NodeId,
    state: NodeState,
    param: &'static Param,
    value: Memo<String>,
    on_text: impl Fn(String) -> bool + 'static,
) -> impl IntoView {
    let editor = expect_context::<Editor>();
    // A wired prompt takes the place of the node's own, and is shown in it.
    let wired = Memo::new(move |_| state.wired.with(|wired| wired.iter().any(|name| **name == *param.name)));
    let value = Memo::new(move |_| {
        let source = wired.get().then(|| editor.source_of(&node, param.name)).flatten();
        source.map_or_else(|| value.get(), |source| source.data.with(|data| data.params.get("text").map(text_of).unwrap_or_default()))
    });
    view! {
        <label class="node-field node-field-text">
            <span class="node-label">{part(move || if wired.get() { format!("{}, from the wire", param.label) } else { param.label.to_owned() })}</span>
            <textarea
                class="node-input"
                aria-label=param.label
                spellcheck="true"
                disabled=wired
                prop:value=value
                on:input:target=move |event| { on_text(event.target().value()); }
                on:blur=handler(move |_: ev::FocusEvent| editor.end_typing())
            >
                {value.get_untracked()}
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
                on:blur=handler(move |_: ev::FocusEvent| editor.end_typing())
            />
        </label>
    }
}

#[component]
fn Number(param: &'static Param, value: Memo<String>, on_text: impl Fn(String) -> bool + 'static) -> impl IntoView {
    view! {
        <label class="node-field node-field-line">
            <span class="node-label">{param.label}</span>
            <input
                class="node-input"
                inputmode="decimal"
                autocomplete="off"
                placeholder="Automatic"
                value=value.get_untracked()
                prop:value=value
                on:change:target=move |event| { on_text(event.target().value()); }
            />
        </label>
    }
}

#[component]
fn Select(param: &'static Param, choices: Vec<Choice>, value: Memo<String>, on_choice: impl Fn(Value) -> bool + 'static) -> impl IntoView {
    let now = value.get_untracked();
    let mut options: Vec<(String, String)> = choices.iter().map(|choice| (text_of(&choice.value), choice.label.clone())).collect();
    // What is set but not offered is shown as it is, so that looking at it does not change it.
    if !options.iter().any(|(text, _)| *text == now) {
        options.push((now.clone(), now));
    }
    let options = options
        .into_iter()
        .map(|(text, label)| {
            let chosen = text.clone();
            view! { <option value=text selected=Signal::derive(move || value.get() == chosen)>{label}</option> }
        })
        .collect_view();
    let choose = move |text: String| {
        choices.iter().find(|choice| text_of(&choice.value) == text).is_some_and(|choice| on_choice(choice.value.clone()))
    };
    view! {
        <label class="node-field node-field-line">
            <span class="node-label">{param.label}</span>
            <select class="node-input" prop:value=value on:change:target=move |event| { choose(event.target().value()); }>
                {options}
            </select>
        </label>
    }
}

/// The clip or the picture of an upload node: its name, and the way to another.
#[component]
fn FileChoice(node: NodeId, state: NodeState, none: &'static str) -> impl IntoView {
    let editor = expect_context::<Editor>();
    let name = Memo::new(move |_| {
        let of_clip = state.clip.with(|clip| clip.as_ref().map(|clip| clip.name().to_owned()));
        of_clip.or_else(|| state.picture.with(|picture| picture.as_ref().map(|picture| picture.name.clone())))
    });
    view! {
        <div class="node-field node-field-line">
            <span class="node-label node-clip-name">{part(move || name.get().unwrap_or_else(|| none.to_owned()))}</span>
            <button type="button" class="node-button" on:click=handler(move |_: ev::MouseEvent| editor.file_request.set(Some(node.clone())))>
                {part(move || if name.get().is_some() { "Replace" } else { "Upload" })}
            </button>
        </div>
    }
}
