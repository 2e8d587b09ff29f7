//! The file fields behind the nodes' buttons, and the place of the list of uploads.

use leptos::{html, prelude::*};

use crate::{
    domain::{AssetKind, NodeId},
    ui::{
        browser::files,
        components::effect,
        editor::{
            on_demand::{LazyPanel, LazyTools, Task, when_wanted},
            session::{
                Session,
                upload::{Uploads, taken_kind},
            },
        },
    },
};

/// The file field behind the buttons of the nodes that take files of a kind.
#[component]
fn FileField(kind: AssetKind) -> impl IntoView {
    let (session, tools) = (expect_context::<Session>(), expect_context::<LazyTools>());
    let field = NodeRef::<html::Input>::new();
    let wanted_by = StoredValue::new(None::<NodeId>);
    let request = session.editor.file_request;
    effect(move || {
        if let (Some(node), Some(field)) = (request.get(), field.get_untracked())
            && taken_kind(session, &node) == Some(kind)
        {
            request.set(None);
            wanted_by.set_value(Some(node));
            field.click();
        }
    });
    let chosen = move |_| {
        let files = field.get_untracked().map(|field| files::chosen(&field)).unwrap_or_default();
        if let (Some(file), Some(node)) = (files.into_iter().next(), wanted_by.get_value()) {
            tools.run(Task::Send(file, node));
        }
    };
    let label = format!("{} file", kind.spec().title);
    view! { <input node_ref=field type="file" class="visually-hidden" accept=kind.accept() tabindex="-1" aria-label=label on:change=chosen/> }
}

/// The file fields behind the nodes' buttons, and the uploads once there are any.
#[component]
pub fn FileFields() -> impl IntoView {
    let uploads = expect_context::<Uploads>();
    view! {
        {AssetKind::ALL.map(|kind| view! { <FileField kind/> })}
        {when_wanted(LazyPanel::Uploads, move || uploads.is_any())}
    }
}
