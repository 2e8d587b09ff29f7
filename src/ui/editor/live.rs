//! Brings an open builder to life: clips come, edits are kept, the run is followed, files are taken in.

use leptos::{ev, prelude::*};

use super::{Editor, restore::Restore, run, save, session::Session, upload::Uploads};
use crate::{
    domain::workflow::{BuilderSettings, OpenedWorkflow},
    graph::geometry::Point,
    ui::browser::{canvas_dom, clip_store, events::Following, files, only_here::OnlyHere, page},
};

/// Makes what surrounds the editor, and puts it into context. The server makes the same; only effects do anything.
pub fn begin(editor: Editor, opened: Option<&OpenedWorkflow>, settings: BuilderSettings) -> Uploads {
    let session = Session::provide(editor, opened, settings);
    let restore = Restore::provide(session);
    let uploads = Uploads::provide(session, restore);
    save::keep_edits(session);
    let following = OnlyHere::<Following>::new();
    Effect::new(move |_| {
        untrack(|| {
            save::continue_draft(session);
            restore.bring_all();
            following.fill(run::follow(session, restore));
            uploads.wake();
        });
        if page::is_secure() {
            leptos::task::spawn_local(clip_store::persist());
        }
    });
    take_pasted(editor, uploads);
    uploads
}

/// Files that are pasted go to the middle of the canvas.
fn take_pasted(editor: Editor, uploads: Uploads) {
    Effect::new(move |_| {
        let listener = window_event_listener_untyped("paste", move |event| {
            let pasted = files::pasted(&event);
            if !pasted.is_empty() && !canvas_dom::is_typing(&event) {
                event.prevent_default();
                let window = editor.window.get_untracked();
                let middle = Point::new(window.width / 2.0, window.height / 2.0);
                uploads.put(pasted, editor.viewport.get_untracked().to_plane(middle));
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
pub fn drop_files(editor: Editor, uploads: Uploads, event: &ev::DragEvent) {
    let dropped = files::dropped(event);
    if dropped.is_empty() {
        return;
    }
    event.prevent_default();
    let at = event.current_target().map(|stage| files::place(&stage, event)).unwrap_or(Point::new(0.0, 0.0));
    uploads.put(dropped, editor.viewport.get_untracked().to_plane(at));
}
