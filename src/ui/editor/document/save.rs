//! Saving: by hand with the revision it began from, by itself into the draft slot as one works, and a second copy in this browser.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::workflows::{create_workflow, discard_draft, keep_draft, save_workflow},
    domain::{
        ApiError, ErrorKind, WorkflowId,
        workflow::{DraftSlot, NewDraft, NewWorkflow, SavedWorkflow, WorkflowChange, WorkflowStatus},
    },
    graph::document::format,
    ui::{
        browser::{
            page,
            storage::{self, KeptWorkflow},
        },
        editor::session::{Saving, Session, Stored, UNNAMED},
    },
};

/// Keeps unsaved edits, then opens another address of this site.
pub fn leave(session: Session, address: String) {
    keep(session);
    spawn_local(async move {
        settled(session).await;
        page::go(&address);
    });
}

/// Puts the present edits where they survive the page: a new workflow's row at the first, later the draft slot.
pub fn keep(session: Session) {
    if session.saving.try_get_untracked() == Some(Saving::Busy) {
        // After what is on its way, or an older state could arrive last.
        spawn_local(async move {
            settled(session).await;
            if session.saving.try_get_untracked().is_some() && untrack(|| session.is_unsaved()) {
                keep(session);
            }
        });
        return;
    }
    let definition = session.editor.definition();
    match (session.id.get_untracked(), session.etag.get_untracked()) {
        (Some(id), Some(base_etag)) => {
            storage::keep(&KeptWorkflow { workflow_id: id, definition: definition.clone() });
            session.saving.set(Saving::Busy);
            spawn_local(async move {
                if let Err(error) = keep_draft(id, NewDraft { definition, base_etag }).await {
                    session.toasts.fail(format!("Your edits are kept in this browser only. {}", error.message));
                }
                let _ = session.saving.try_set(Saving::Idle);
            });
        }
        _ => {
            let made = create(session, WorkflowStatus::Draft);
            spawn_local(async move {
                // The error was told.
                let _ = made.await;
            });
        }
    }
}

/// Makes the row of a new workflow, and puts its address into the address bar.
fn create(session: Session, status: WorkflowStatus) -> impl Future<Output = Option<WorkflowId>> {
    // Read now: the page may be gone by the time this is polled, and its edits must not be.
    let present = session.present();
    let workflow = new_workflow(session, present.name.clone(), status);
    session.saving.set(Saving::Busy);
    async move {
        let saved = saved_or_reported(session, create_workflow(workflow)).await;
        session.id.try_get_untracked()?;
        if let Some(saved) = &saved {
            page::replace_address(&format!("/workflows/{}", saved.id));
            session.id.set(Some(saved.id));
            took(session, saved, present, status);
        }
        session.saving.set(Saving::Idle);
        saved.map(|saved| saved.id)
    }
}

fn new_workflow(session: Session, name: String, status: WorkflowStatus) -> NewWorkflow {
    let description = Some(session.description.get_untracked()).filter(|text| !text.is_empty());
    NewWorkflow { id: None, name: name_or_default(name), description, status: Some(status), definition: session.editor.definition() }
}

/// The workflow's id, made if there is none yet. `None` where that failed; the user was told.
pub(in crate::ui::editor) async fn ensure_row(session: Session) -> Option<WorkflowId> {
    settled(session).await;
    match session.id.get_untracked() {
        Some(id) => Some(id),
        None => create(session, WorkflowStatus::Draft).await,
    }
}

/// Waits until what is on its way to the server has arrived: two rows must not be made of one new workflow.
async fn settled(session: Session) {
    while session.saving.try_get_untracked() == Some(Saving::Busy) {
        page::pause(30).await;
    }
}

/// Saves what is on the screen; with `anyway` also over what someone else has saved.
pub fn save(session: Session, anyway: bool) {
    session.editor.document.end_typing();
    spawn_local(async move {
        settled(session).await;
        let Some(id) = session.id.get_untracked() else {
            if create(session, WorkflowStatus::Saved).await.is_some() {
                session.toasts.say("Saved.");
            }
            return;
        };
        let present = session.present();
        let change = WorkflowChange {
            name: Some(name_or_default(present.name.clone())),
            description: Some(present.description.clone()),
            status: Some(WorkflowStatus::Saved),
            definition: Some(session.editor.definition()),
        };
        let if_match = session.etag.get_untracked().filter(|_| !anyway);
        if let Some(saved) = saved_or_reported(session, save_workflow(id, change, if_match)).await {
            session.conflict.set(false);
            session.offered.set(None);
            took(session, &saved, present, WorkflowStatus::Saved);
            session.toasts.say("Saved.");
        }
        let _ = session.saving.try_set(Saving::Idle);
    });
}

/// Saves what is on the screen as another workflow and opens that: both versions stay.
pub fn save_copy(session: Session) {
    spawn_local(async move {
        let name = format!("{} (copy)", session.name.get_untracked());
        let workflow = new_workflow(session, name, WorkflowStatus::Saved);
        if let Some(saved) = saved_or_reported(session, create_workflow(workflow)).await {
            page::go(&format!("/workflows/{}", saved.id));
        }
        let _ = session.saving.try_set(Saving::Idle);
    });
}

/// Drops what is on the screen and opens what the server has.
pub fn open_theirs(session: Session) {
    let Some(id) = session.id.get_untracked() else { return };
    spawn_local(async move {
        storage::forget(id);
        match discard_draft(id).await {
            Ok(()) => page::go(&format!("/workflows/{id}")),
            Err(error) => session.toasts.fail(error.message),
        }
    });
}

/// Brings the unsaved edits of an earlier visit onto the screen, as a step that can be undone.
pub fn bring_back(session: Session, slot: &DraftSlot) {
    session.offered.set(None);
    match format::read(&slot.definition) {
        Ok(graph) => session.editor.replace(graph),
        Err(_) => session.toasts.fail("The unsaved edits cannot be read and were left where they are. The saved version is shown."),
    }
}

/// Forgets the unsaved edits of an earlier visit.
pub fn forget_offer(session: Session) {
    session.offered.set(None);
    let Some(id) = session.id.get_untracked() else { return };
    spawn_local(async move {
        if let Err(error) = discard_draft(id).await {
            session.toasts.fail(error.message);
        }
    });
}

/// A never saved workflow simply goes on where it was left.
pub fn continue_draft(session: Session) {
    if let Some(slot) = session.continued.try_update_value(Option::take).flatten() {
        bring_back(session, &slot);
    }
}

fn took(session: Session, saved: &SavedWorkflow, stored: Stored, status: WorkflowStatus) {
    session.etag.set(Some(saved.etag.clone()));
    session.status.set(status);
    session.stored.set(stored);
    storage::keep(&KeptWorkflow { workflow_id: saved.id, definition: session.editor.definition() });
}

/// Waits for the server; says what went wrong, or asks where someone else was first.
async fn saved_or_reported<T>(session: Session, asked: impl Future<Output = Result<T, ApiError>>) -> Option<T> {
    let _ = session.saving.try_set(Saving::Busy);
    let answer = asked.await;
    match answer {
        Ok(answer) => Some(answer),
        Err(error) if error.kind == ErrorKind::PreconditionFailed => {
            session.conflict.set(true);
            None
        }
        Err(error) => {
            session.toasts.fail(format!("Not saved; your edits are still here. {}", error.message));
            None
        }
    }
}

fn name_or_default(name: String) -> String {
    let trimmed = name.trim();
    if trimmed.is_empty() { UNNAMED.to_owned() } else { trimmed.to_owned() }
}
