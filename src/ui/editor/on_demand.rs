//! The parts of the builder whose code comes when they are first wanted. What draws the graph and moves it comes with the page; the
//! rest lies in files of its own, which `scripts/bindgen.rs` cuts out at the functions marked here.

use std::collections::VecDeque;

use leptos::{
    prelude::*,
    reactive::computed::ScopedFuture,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};

use super::{
    document::save,
    panels::{
        dialogs::{ConflictDialog, DescriptionDialog, DraftOffer, LackingDialog, OpenDialog},
        inspector::Inspector,
        palette::Palette,
        shortcuts::ShortcutsDialog,
    },
    session::{
        Session,
        restore::Restore,
        run,
        upload::{UploadList, Uploads},
    },
};
use crate::{
    domain::NodeId,
    graph::canvas::geometry::Point,
    ui::{
        browser::{
            events::{Follower, Question, RawEvent},
            files::PickedFile,
        },
        components::{Reconnect, effect, part},
    },
};

/// Something for one of them to do.
pub enum Task {
    /// Run everything, or these nodes and what they need.
    Start(Option<Vec<NodeId>>),
    /// Stop the run.
    Stop,
    /// Say what final mode lacks.
    TellMissing,
    /// Show what the received events tell.
    Show,
    /// Ask how the workflow's newest run stands.
    Ask(Question),
    /// Save by hand.
    Save,
    /// Keep unsaved edits.
    Keep,
    /// Keep unsaved edits, then open another address.
    Leave(String),
    /// Put files onto the canvas, the first with its upper left corner there.
    Put(Vec<PickedFile>, Point),
    /// Give a file to a node.
    Send(PickedFile, NodeId),
}

/// A panel or dialog whose code is loaded when it is first shown.
#[derive(Clone, Copy)]
pub enum LazyPanel {
    /// What is known of the selection.
    Inspector,
    /// What can be added.
    Palette,
    /// The dialog that edits the description, with whether it is shown.
    Description(RwSignal<bool>),
    /// The dialog that lists the saved workflows, with whether it is shown.
    Open(RwSignal<bool>),
    /// The list of the keys, with whether it is shown.
    Shortcuts(RwSignal<bool>),
    /// The question after someone else saved.
    Conflict,
    /// What final mode lacks.
    Lacking,
    /// The offer of unsaved edits.
    Offer,
    /// The uploads that are going on.
    Uploads,
}

/// The tools whose code is loaded when one of them is first used. Cheap to copy; found by context below the builder.
#[derive(Clone, Copy)]
pub struct LazyTools {
    session: Session,
    restore: Restore,
    uploads: Uploads,
    received: StoredValue<VecDeque<RawEvent>>,
}

impl LazyTools {
    /// The tools of an open builder; put into context.
    pub fn provide(session: Session, restore: Restore, uploads: Uploads) -> Self {
        let tools = Self { session, restore, uploads, received: StoredValue::new(VecDeque::new()) };
        provide_context(tools);
        tools
    }

    /// Does something as soon as its code is there, which it is after the first time.
    pub fn run(self, task: Task) {
        spawn_local(async move {
            self.session.reconnect.until_loaded(load).await;
            // Its code is there now.
            let _ = perform(self, task).await;
        });
    }

    /// Brings the clips and pictures of the nodes, if there are any. Call from an effect.
    pub fn bring_media(self) {
        self.restore.wake();
        if self.restore.has_media() {
            spawn_local(async move {
                self.session.reconnect.until_loaded(|| bring_media(self.restore)).await;
            });
        }
    }
}

impl Follower for LazyTools {
    /// Shows what an event tells, after those that were received before it.
    fn hear(&self, event: RawEvent) {
        // Jobs are shown by their nodes.
        if !event.is_of_job() {
            self.received.update_value(|received| received.push_back(event));
            self.run(Task::Show);
        }
    }

    fn is_busy(&self) -> bool {
        untrack(|| self.session.is_running())
    }

    fn ask(&self, question: Question) {
        self.run(Task::Ask(question));
    }
}

/// Draws `what` from the moment it is first wanted and its code has come.
pub fn when_wanted(what: LazyPanel, wanted: impl Fn() -> bool + 'static) -> impl IntoView {
    let was_wanted = RwSignal::new(false);
    // In an effect: the server does not draw it, and the first drawing here is the server's.
    effect(move || {
        if wanted() && !was_wanted.get_untracked() {
            was_wanted.set(true);
        }
    });
    part(move || if was_wanted.get() { coming(what) } else { ().into_any() })
}

/// Draws a part once its code has come.
fn coming(what: LazyPanel) -> AnyView {
    let reconnect = expect_context::<Reconnect>();
    let has_come = RwSignal::new(false);
    let view = StoredValue::new_local(None);
    // Below the builder, whose contexts it finds; what it reads while it is drawn does not draw it again.
    spawn_local(ScopedFuture::new_untracked(async move {
        let drawn = reconnect.until_loaded(|| draw(what)).await;
        // The builder may be gone by now.
        let _ = view.try_update_value(|view| *view = Some(drawn));
        let _ = has_come.try_set(true);
    }));
    part(move || {
        has_come.track();
        view.try_update_value(Option::take).flatten().unwrap_or_else(|| ().into_any())
    })
    .into_any()
}

#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn draw(what: LazyPanel) -> Result<AnyView, SplitLoaderError> {
    Ok(match what {
        LazyPanel::Inspector => view! { <Inspector/> }.into_any(),
        LazyPanel::Palette => view! { <Palette/> }.into_any(),
        LazyPanel::Description(open) => view! { <DescriptionDialog open/> }.into_any(),
        LazyPanel::Open(open) => view! { <OpenDialog open/> }.into_any(),
        LazyPanel::Shortcuts(open) => view! { <ShortcutsDialog open/> }.into_any(),
        LazyPanel::Conflict => view! { <ConflictDialog/> }.into_any(),
        LazyPanel::Lacking => view! { <LackingDialog/> }.into_any(),
        LazyPanel::Offer => view! { <DraftOffer/> }.into_any(),
        LazyPanel::Uploads => view! { <UploadList/> }.into_any(),
    })
}

#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn load() -> Result<(), SplitLoaderError> {
    Ok(())
}

#[wasm_split(tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn perform(tools: LazyTools, task: Task) -> Result<(), SplitLoaderError> {
    let LazyTools { session, restore, uploads, received } = tools;
    match task {
        Task::Start(nodes) => run::start(session, restore, nodes),
        Task::Stop => run::stop(session, restore),
        Task::TellMissing => {
            run::tell_missing(session);
        }
        Task::Show => {
            while let Some(event) = received.try_update_value(VecDeque::pop_front).flatten() {
                run::show_event(session, restore, &event);
            }
        }
        Task::Ask(question) => run::ask_anew(session, restore, question),
        Task::Save => save::save(session, false),
        Task::Keep => save::keep(session),
        Task::Leave(address) => save::leave(session, address),
        Task::Put(files, at) => uploads.put(files, at),
        Task::Send(file, node) => uploads.send(file, node),
    }
    Ok(())
}

#[wasm_split(media, wasm_split_path = ::leptos::wasm_split, fallible)]
fn bring_media(restore: Restore) -> Result<(), SplitLoaderError> {
    restore.bring_all();
    Ok(())
}
