//! The bar above the canvas: what is open, whether it is saved, and what can be done with it.

use leptos::{ev, prelude::*};

use super::{
    price::{self, Price},
    tools::HistoryTools,
};
use crate::{
    domain::{execution::Mode, workflow::WorkflowStatus},
    ui::{
        components::{Glyph, Icon, IconButton, handler, part},
        editor::{
            on_demand::{LazyPanel, LazyTools, Task, when_wanted},
            session::{Saving, Session},
        },
        theme::ThemeSwitch,
    },
};

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let session = expect_context::<Session>();
    let tools = expect_context::<LazyTools>();
    let describing = RwSignal::new(false);
    let opening = RwSignal::new(false);
    view! {
        <header class="topbar">
            <div class="topbar-what">
                <a class="button button-quiet button-icon" href="/" aria-label="Workflows" title="Workflows"><Icon glyph=Glyph::Back/></a>
                <input
                    class="input topbar-name"
                    aria-label="Workflow name"
                    maxlength="200"
                    autocomplete="off"
                    value=session.name.get_untracked()
                    prop:value=session.name
                    on:input:target=move |event| session.name.set(event.target().value())
                />
                <IconButton glyph=Glyph::Info label="Description" on_press=move || describing.set(true)/>
                <SaveState/>
            </div>
            <div class="topbar-tools">
                <HistoryTools/>
                <span class="topbar-gap"></span>
                <button type="button" class="button button-quiet" aria-label="Open" on:click=handler(move |_: ev::MouseEvent| opening.set(true))>
                    <Icon glyph=Glyph::Open/><span class="topbar-word">"Open"</span>
                </button>
                <button type="button" class="button button-quiet" aria-label="Save" on:click=handler(move |_: ev::MouseEvent| tools.run(Task::Save))>
                    <Icon glyph=Glyph::Save/><span class="topbar-word">"Save"</span>
                </button>
                <ThemeSwitch/>
                <span class="topbar-gap"></span>
                <ModeSwitch/>
                <RunButton/>
            </div>
        </header>
        {when_wanted(LazyPanel::Description(describing), move || describing.get())}
        {when_wanted(LazyPanel::Open(opening), move || opening.get())}
    }
}

#[component]
fn SaveState() -> impl IntoView {
    let session = expect_context::<Session>();
    let words = part(move || match session.saving.get() {
        Saving::Busy => "Saving",
        Saving::Idle if session.is_unsaved() => "Unsaved",
        Saving::Idle if session.status.get() == WorkflowStatus::Draft => "Draft",
        Saving::Idle => "Saved",
    });
    view! { <span class="save-state" role="status" data-saved=Signal::derive(move || (!session.is_unsaved()).then_some(""))>{words}</span> }
}

#[component]
fn ModeSwitch() -> impl IntoView {
    let session = expect_context::<Session>();
    let tools = expect_context::<LazyTools>();
    let choose = move |mode: Mode| {
        session.mode.set(mode);
        if mode == Mode::Final {
            tools.run(Task::TellMissing);
        }
    };
    let segment = move |mode: Mode, name: &'static str, hint: &'static str, describing: Option<&'static str>, beside: AnyView| {
        view! {
            <button
                type="button"
                class="segment"
                aria-label=name
                aria-describedby=describing
                title=hint
                aria-pressed=Signal::derive(move || (session.mode.get() == mode).to_string())
                on:click=handler(move |_: ev::MouseEvent| choose(mode))
            >
                {name}
                {beside}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label="Mode">
            {segment(Mode::Draft, "Rehearsal", "Rehearse every shot on this machine, free of charge", None, ().into_any())}
            {segment(Mode::Final, "Final", "Generate with the providers, which charge for it", Some(price::ID), view! { <Price/> }.into_any())}
        </div>
    }
}

#[component]
fn RunButton() -> impl IntoView {
    let session = expect_context::<Session>();
    let tools = expect_context::<LazyTools>();
    part(move || {
        if session.is_running() {
            view! {
                <button type="button" class="button topbar-run" on:click=handler(move |_: ev::MouseEvent| tools.run(Task::Stop))>
                    <Icon glyph=Glyph::Stop/>"Stop"
                </button>
            }
            .into_any()
        } else {
            view! {
                <button type="button" class="button button-primary topbar-run" on:click=handler(move |_: ev::MouseEvent| tools.run(Task::Start(None)))>
                    <Icon glyph=Glyph::Play/>"Run"
                </button>
            }
            .into_any()
        }
    })
}
