//! Brings an open builder to life: clips come, edits are kept, the run is followed, files are taken in.

use std::time::Duration;

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};

use super::{Session, restore::Restore, upload::Uploads};
use crate::{
    domain::workflow::{BuilderSettings, OpenedWorkflow},
    graph::canvas::geometry::Point,
    ui::{
        browser::{
            browser_only::BrowserOnly,
            canvas_dom, clip_store,
            events::{self, Following},
            files, page,
        },
        components::effect,
        editor::{
            Editor,
            document::save,
            on_demand::{LazyTools, Task},
        },
    },
};

/// How long the hands must rest before unsaved edits are kept.
const REST: Duration = Duration::from_millis(800);

/// Makes what surrounds the editor, and puts it into context. The server makes the same; only effects do anything.
pub fn begin(editor: Editor, opened: Option<&OpenedWorkflow>, settings: BuilderSettings) -> LazyTools {
    let session = Session::provide(editor, opened, settings);
    let restore = Restore::provide(session);
    let uploads = Uploads::provide(session, restore);
    let tools = LazyTools::provide(session, restore, uploads);
    keep_edits(session, tools);
    let following = BrowserOnly::<Following>::new();
    effect(move || {
        untrack(|| {
            save::continue_draft(session);
            tools.bring_media();
            following.fill(events::follow(session.event_id, move |event| tools.receive(event)));
            uploads.wake();
        });
        if page::is_secure() {
            leptos::task::spawn_local(clip_store::persist());
        }
    });
    take_pasted(editor, tools);
    tools
}

/// Keeps unsaved edits as they are made, for as long as the page is open.
fn keep_edits(session: Session, tools: LazyTools) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let rest = move || {
        if let Some(handle) = pending.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    Effect::new(move |first: Option<()>| {
        let is_unsaved = session.is_unsaved();
        rest();
        if first.is_some() && is_unsaved {
            let handle = set_timeout_with_handle(move || tools.run(Task::Keep), REST).ok();
            pending.set_value(handle);
        }
    });
    on_cleanup(rest);
}

/// Files that are pasted go to the middle of the canvas.
fn take_pasted(editor: Editor, tools: LazyTools) {
    effect(move || {
        let listener = window_event_listener_untyped("paste", move |event| {
            let pasted = files::pasted(&event);
            if !pasted.is_empty() && !canvas_dom::is_typing(&event) {
                event.prevent_default();
                let window = editor.view.window.get_untracked();
                let middle = Point::new(window.width / 2.0, window.height / 2.0);
                tools.run(Task::Put(pasted, editor.view.viewport.get_untracked().to_plane(middle)));
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Lets files be dropped here.
pub fn drag_over(event: &ev::DragEvent) {
    if files::carries_files(event) {
        event.prevent_default();
    }
}

/// Takes the files that were dropped, where they fell.
pub fn drop_files(editor: Editor, tools: LazyTools, event: &ev::DragEvent) {
    let dropped = files::dropped(event);
    if dropped.is_empty() {
        return;
    }
    event.prevent_default();
    let at = event.current_target().map(|stage| files::place(&stage, event)).unwrap_or(Point::new(0.0, 0.0));
    tools.run(Task::Put(dropped, editor.view.viewport.get_untracked().to_plane(at)));
}

/// Keeps unsaved edits before a link is followed: the page goes, and what is on its way with it.
pub fn follow_link(session: Session, tools: LazyTools, event: &ev::MouseEvent) {
    if let Some(address) = canvas_dom::followed_link(event).filter(|_| untrack(|| session.is_unsaved())) {
        event.prevent_default();
        tools.run(Task::Leave(address));
    }
}
