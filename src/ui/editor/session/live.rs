//! Brings an open builder to life: clips come, edits are kept, the run is followed, files are taken in.

use std::time::Duration;

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};

use super::{Session, left_behind, restore::Restore, upload::Uploads};
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
/// How long the oldest edit that the server lacks waits while the hands do not rest.
const LONGEST: Duration = Duration::from_secs(30);

/// Makes what surrounds the editor, and puts it into context. The server makes the same; only effects do anything.
pub fn begin(editor: Editor, opened: Option<&OpenedWorkflow>, settings: BuilderSettings) -> LazyTools {
    let session = Session::provide(editor, opened, settings);
    let restore = Restore::provide(session);
    let uploads = Uploads::provide(session, restore);
    let tools = LazyTools::provide(session, restore, uploads);
    keep_edits(session, tools);
    keep_names(session);
    let following = BrowserOnly::<Following>::new();
    effect(move || {
        untrack(|| {
            editor.document.journal.wake(session.own_id(), session.etag.get_untracked());
            left_behind::look(session);
            tools.bring_media();
            following.fill(events::follow(session.event_id, tools));
            uploads.wake();
        });
        if page::is_secure() {
            leptos::task::spawn_local(clip_store::persist());
        }
    });
    take_pasted(editor, tools);
    tools
}

/// Brings unsaved edits to the server while the hands rest, and at the latest after a while; what it lacks when the page goes is sent then.
fn keep_edits(session: Session, tools: LazyTools) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let oldest = StoredValue::new(None::<f64>);
    let rest = move || {
        if let Some(handle) = pending.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    effect(move || {
        let is_lacking = session.is_lacking();
        rest();
        if !is_lacking {
            return oldest.set_value(None);
        }
        let now = page::milliseconds();
        let since = oldest.try_update_value(|oldest| *oldest.get_or_insert(now)).unwrap_or(now);
        let left = LONGEST.saturating_sub(Duration::from_secs_f64((now - since).max(0.0) / 1000.0));
        // An edit for which this browser had no room is on its way at once.
        let pause = if session.editor.document.journal.is_full() { Duration::ZERO } else { REST.min(left) };
        pending.set_value(set_timeout_with_handle(move || tools.run(Task::Keep), pause).ok());
    });
    on_cleanup(rest);
    effect(move || {
        let leaving = window_event_listener_untyped("pagehide", move |_| save::send_leaving(session));
        // A phone may end a page that is hidden without another word.
        let hidden = window_event_listener_untyped("visibilitychange", move |_| {
            if page::is_hidden() && session.is_lacking_now() {
                tools.run(Task::Keep);
            }
        });
        on_cleanup(move || {
            leaving.remove();
            hidden.remove();
        });
    });
}

/// Keeps name and description in the journal while they are not the stored ones.
fn keep_names(session: Session) {
    effect(move || {
        let (name, description) = (session.name.get(), session.description.get());
        let (name, description) = session.stored.with(|stored| {
            let unless = |given: String, stored: &String| Some(given).filter(|given| given != stored);
            (unless(name, &stored.name), unless(description, &stored.description))
        });
        session.editor.document.journal.name(name, description);
    });
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
