//! Saving: by hand with the revision it began from, and by itself into the draft slot as one works. What cannot be sent is tried again.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::workflows::{create_workflow, discard_draft, open_workflow, save_workflow},
    domain::{
        ApiError, ErrorKind, WorkflowId,
        workflow::{NewWorkflow, SavedWorkflow, WorkflowChange, WorkflowStatus},
    },
    graph::{Graph, document::format},
    ui::{
        browser::{page, request, storage},
        editor::session::{Saving, Session, Stored, UNNAMED},
    },
};

/// How long a definition may be written without a pause, in milliseconds: a frame has room for it beside everything else.
const AT_A_TIME: f64 = 4.0;
/// The size of the pieces of which a definition is sent, in bytes.
const PIECE: usize = 64 * 1024;
/// The largest definition that is also kept in this browser, in bytes: browsers keep about 5 MB for a site.
const LARGEST_BASE: usize = 1024 * 1024;

/// Keeps unsaved edits, then opens another address of this site.
pub fn leave(session: Session, address: String) {
    spawn_local(async move {
        settled(session).await;
        // What the server does not take now is in the journal, which the next page reads.
        let _ = keep_now(session).await;
        page::go(&address);
    });
}

/// Puts the present edits where they survive this browser: a new workflow's row at the first, later the draft slot. Tries again until the
/// server has them.
pub fn keep(session: Session) {
    if session.keeping.try_update_value(|keeping| std::mem::replace(keeping, true)) != Some(false) {
        return;
    }
    spawn_local(async move {
        let mut retry = session.reconnect.retry();
        while session.is_lacking_now() {
            // After what is on its way, or an older state could arrive last.
            settled(session).await;
            match keep_now(session).await {
                Ok(()) => break,
                Err(error) if error.kind.is_passing() => retry.later(&error.message).await,
                Err(error) => {
                    session.toasts.fail(format!("Your edits are kept in this browser only. {}", error.message));
                    break;
                }
            }
        }
        let _ = session.keeping.try_set_value(false);
    });
}

/// Puts the present edits into the draft slot, or makes the workflow's row, once.
async fn keep_now(session: Session) -> Result<(), ApiError> {
    let (Some(id), Some(base_etag)) = (session.id.try_get_untracked().flatten(), session.etag.try_get_untracked().flatten()) else {
        return create(session, WorkflowStatus::Draft).await.map(drop);
    };
    if !session.is_lacking_now() {
        return Ok(());
    }
    let revision = session.present().revision;
    let _ = session.saving.try_set(Saving::Busy);
    let definition = in_pieces(session.editor.graph()).await;
    let mut parts = vec![format!("{{\"base_etag\":{},\"definition\":", serde_json::Value::from(base_etag))];
    parts.extend(definition);
    parts.push("}".to_owned());
    let answer = request::send_json("PUT", &draft_address(id), &parts).await;
    let _ = session.saving.try_set(Saving::Idle);
    answer?;
    let _ = session.kept.try_set(revision);
    let definition = &parts[1..parts.len() - 1];
    let is_small = definition.iter().map(String::len).sum::<usize>() <= LARGEST_BASE;
    session.editor.document.journal.kept(revision, is_small.then(|| definition.concat()).as_deref());
    Ok(())
}

/// The definition of a graph in pieces, made while nothing else is to be done.
async fn in_pieces(graph: Graph) -> Vec<String> {
    let mut pieces = vec![String::new()];
    page::idle().await;
    let mut since = page::milliseconds();
    for part in format::write_in_pieces(&graph) {
        match pieces.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push_str(&part),
            _ => pieces.push(part),
        }
        if page::milliseconds() - since > AT_A_TIME {
            page::idle().await;
            since = page::milliseconds();
        }
    }
    pieces
}

/// Sends what the server lacks while the page goes. What does not fit into that, or does not arrive, is in the journal.
pub fn send_leaving(session: Session) {
    if !session.is_lacking_now() {
        return;
    }
    match (session.id.get_untracked(), session.etag.get_untracked()) {
        (Some(id), Some(base_etag)) => {
            let body = serde_json::json!({ "base_etag": base_etag, "definition": session.editor.definition() });
            request::send_leaving("PUT", &draft_address(id), body.to_string());
        }
        _ => {
            let new = new_workflow(session, session.name.get_untracked(), WorkflowStatus::Draft);
            request::send_leaving("POST", "/api/workflows", serde_json::to_string(&new).unwrap_or_default());
        }
    }
}

fn draft_address(id: WorkflowId) -> String {
    format!("/api/workflows/{id}/draft")
}

/// Makes the row of a new workflow, and puts its address into the address bar. Made twice, as where an answer was lost, it is one row: the id is
/// the page's.
async fn create(session: Session, status: WorkflowStatus) -> Result<WorkflowId, ApiError> {
    let present = session.present();
    let workflow = new_workflow(session, present.name.clone(), status);
    let _ = session.saving.try_set(Saving::Busy);
    let answer = create_workflow(workflow).await;
    let _ = session.saving.try_set(Saving::Idle);
    let saved = answer?;
    page::replace_address(&format!("/workflows/{}", saved.id));
    let _ = session.id.try_set(Some(saved.id));
    took(session, &saved, present, status);
    Ok(saved.id)
}

fn new_workflow(session: Session, name: String, status: WorkflowStatus) -> NewWorkflow {
    let description = Some(session.description.get_untracked()).filter(|text| !text.is_empty());
    let id = Some(session.own_id());
    NewWorkflow { id, name: name_or_default(name), description, status: Some(status), definition: session.editor.definition() }
}

/// The workflow's id; its row is made if there is none yet.
///
/// # Errors
/// Where it cannot be made.
pub(in crate::ui::editor) async fn ensure_row(session: Session) -> Result<WorkflowId, ApiError> {
    settled(session).await;
    match session.id.get_untracked() {
        Some(id) => Ok(id),
        None => create(session, WorkflowStatus::Draft).await,
    }
}

/// Waits until what is on its way to the server has arrived, or was lost.
async fn settled(session: Session) {
    while session.saving.try_get_untracked() == Some(Saving::Busy) {
        page::pause(30).await;
    }
}

/// Saves what is on the screen; with `anyway` also over what someone else has saved. Tries again until the server has answered.
pub fn save(session: Session, anyway: bool) {
    session.editor.document.end_typing();
    spawn_local(async move {
        let mut retry = session.reconnect.retry();
        // What a request asked for whose answer was lost.
        let mut unanswered = None;
        loop {
            settled(session).await;
            let (asked, answer) = save_now(session, anyway).await;
            match answer {
                Ok(()) => return session.toasts.say("Saved."),
                Err(error) if error.kind == ErrorKind::PreconditionFailed => {
                    let was_done = match unanswered.take() {
                        Some((change, present)) => was_done(session, change, present).await,
                        None => false,
                    };
                    if !was_done {
                        let _ = session.conflict.try_set(true);
                        return;
                    }
                }
                Err(error) if error.kind.is_passing() => {
                    unanswered = asked.or(unanswered);
                    retry.later(&error.message).await;
                }
                Err(error) => return session.toasts.fail(format!("Not saved; your edits are still here. {}", error.message)),
            }
            // Saved meanwhile by another press of the key.
            if session.status.try_get_untracked() == Some(WorkflowStatus::Saved) && !untrack(|| session.is_unsaved()) {
                return;
            }
        }
    });
}

/// What a request to save asks for, and what of the screen that is.
type Asked = (WorkflowChange, Stored);

async fn save_now(session: Session, anyway: bool) -> (Option<Asked>, Result<(), ApiError>) {
    let Some(id) = session.id.get_untracked() else {
        return (None, create(session, WorkflowStatus::Saved).await.map(drop));
    };
    let present = session.present();
    let change = WorkflowChange {
        name: Some(name_or_default(present.name.clone())),
        description: Some(present.description.clone()),
        status: Some(WorkflowStatus::Saved),
        definition: Some(session.editor.definition()),
    };
    let if_match = session.etag.get_untracked().filter(|_| !anyway);
    let _ = session.saving.try_set(Saving::Busy);
    let answer = save_workflow(id, change.clone(), if_match).await;
    let _ = session.saving.try_set(Saving::Idle);
    let answer = answer.map(|saved| {
        session.conflict.set(false);
        session.offered.set(None);
        took(session, &saved, present.clone(), WorkflowStatus::Saved);
    });
    (Some((change, present)), answer)
}

/// Whether the version that is in the way is the one that this page asked for, when the answer was lost.
async fn was_done(session: Session, change: WorkflowChange, present: Stored) -> bool {
    let Some(id) = session.id.get_untracked() else { return false };
    let Ok(opened) = session.reconnect.until_answered(|| open_workflow(id)).await else { return false };
    let has = WorkflowChange {
        name: Some(opened.name),
        description: Some(opened.description.unwrap_or_default()),
        status: Some(opened.status),
        definition: Some(opened.definition),
    };
    if has == change {
        took(session, &SavedWorkflow { id, etag: opened.etag }, present, WorkflowStatus::Saved);
    }
    has == change
}

/// Saves what is on the screen as another workflow and opens that: both versions stay.
pub fn save_copy(session: Session) {
    spawn_local(async move {
        let name = format!("{} (copy)", session.name.get_untracked());
        let workflow = NewWorkflow { id: Some(WorkflowId::generate()), ..new_workflow(session, name, WorkflowStatus::Saved) };
        // The same id each time: a copy whose answer was lost is not made twice.
        match session.reconnect.until_answered(|| create_workflow(workflow.clone())).await {
            Ok(saved) => {
                session.editor.document.journal.give_up();
                page::go(&format!("/workflows/{}", saved.id));
            }
            Err(error) => session.toasts.fail(format!("Not saved; your edits are still here. {}", error.message)),
        }
    });
}

/// Drops what is on the screen and opens what the server has.
pub fn open_theirs(session: Session) {
    let Some(id) = session.id.get_untracked() else { return };
    spawn_local(async move {
        match session.reconnect.until_answered(|| discard_draft(id)).await {
            Ok(()) => {
                session.editor.document.journal.give_up();
                page::go(&format!("/workflows/{id}"));
            }
            Err(error) => session.toasts.fail(error.message),
        }
    });
}

fn took(session: Session, saved: &SavedWorkflow, stored: Stored, status: WorkflowStatus) {
    let _ = session.etag.try_set(Some(saved.etag.clone()));
    let _ = session.status.try_set(status);
    let _ = session.kept.try_set(stored.revision);
    session.editor.document.journal.stored(stored.revision, saved.id, saved.etag.clone());
    let _ = session.stored.try_set(stored);
    storage::remember_open(saved.id);
}

fn name_or_default(name: String) -> String {
    let trimmed = name.trim();
    if trimmed.is_empty() { UNNAMED.to_owned() } else { trimmed.to_owned() }
}
