//! Unsaved edits of an earlier visit: what lies in the draft slot, and what pages that are gone left in their journals. A workflow that was
//! never saved simply goes on with them; else they are offered.

use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

use super::{Session, offer::Offer};
use crate::{
    api::workflows::{discard_draft, open_workflow},
    domain::workflow::{DraftSlot, WorkflowStatus},
    graph::{
        Graph,
        document::{format, patch::Patch},
    },
    ui::{
        browser::{
            journal::{self, LeftJournal},
            page,
        },
        editor::document::journal::{Edit, Head},
    },
};

/// Looks for unsaved edits. Call from an effect.
pub fn look(session: Session) {
    if let Some(slot) = session.slot.get_value() {
        match of_slot(session, &slot) {
            Some(offer) if is_draft(session) && !offer.is_older => bring_back(session, &offer),
            Some(offer) => session.offered.set(Some(offer)),
            None => session.toasts.fail("The unsaved edits cannot be read and were left where they are. The saved version is shown."),
        }
    }
    look_into_journals(session);
}

/// Brings the edits onto the screen, as a step that can be undone.
pub fn bring_back(session: Session, offer: &Offer) {
    session.offered.set(None);
    let journal = session.editor.document.journal;
    if let Some((_, head)) = &offer.left
        && session.id.with_untracked(Option::is_none)
    {
        session.take_id(head.workflow);
        journal.take_id(head.workflow);
    }
    session.editor.replace(offer.graph.clone());
    offer.name.iter().for_each(|name| session.name.set(name.clone()));
    offer.description.iter().for_each(|description| session.description.set(description.clone()));
    journal.name(offer.name.clone(), offer.description.clone());
    if offer.left.is_none() && !offer.is_older {
        // As they are, they lie in the slot.
        session.kept.set(session.present().revision);
    }
    // They are edits of this page now, and in its journal.
    if let Some((left, _)) = offer.left.as_ref().filter(|_| !journal.is_full()) {
        left.forget();
        look_into_journals(session);
    }
}

/// Forgets the edits.
pub fn forget(session: Session, offer: &Offer) {
    session.offered.set(None);
    if let Some((left, _)) = &offer.left {
        left.forget();
    }
    let Some(id) = session.id.get_untracked().filter(|_| session.slot.with_value(Option::is_some)) else {
        return look_into_journals(session);
    };
    spawn_local(async move {
        match session.reconnect.until_answered(|| discard_draft(id)).await {
            Ok(()) => {
                session.slot.set_value(None);
                // What was typed meanwhile was in the slot too, and goes there again.
                let _ = session.kept.try_set(session.stored.with_untracked(|stored| stored.revision));
                look_into_journals(session);
            }
            Err(error) => session.toasts.fail(error.message),
        }
    });
}

fn is_draft(session: Session) -> bool {
    session.id.with_untracked(Option::is_some) && session.status.get_untracked() == WorkflowStatus::Draft
}

fn of_slot(session: Session, slot: &DraftSlot) -> Option<Offer> {
    let is_older = session.etag.with_untracked(|etag| etag.as_ref() != Some(&slot.base_etag));
    let graph = format::read(&slot.definition).ok()?;
    Some(Offer { graph, name: None, description: None, at: slot.updated_at, is_older, left: None })
}

/// Offers the newest of what pages that are gone left of this workflow; at a new one, of workflows that the server never said it has.
fn look_into_journals(session: Session) {
    let Some(own) = session.editor.document.journal.store() else { return };
    spawn_local(async move {
        let mut newest = None::<Offer>;
        for LeftJournal { store, head, .. } in journal::others(&own) {
            let Some(head) = serde_json::from_str::<Head>(&head).ok().filter(|head| belongs(session, head)) else { continue };
            if !store.is_left(page::now().seconds_since(head.at)).await {
                continue;
            }
            // Read now: its page may have written until it went.
            let Some(left) = journal::others(&own).into_iter().find(|one| one.store == store) else { continue };
            match of_journal(session, left).await {
                Some(offer) if newest.as_ref().is_none_or(|other| other.at < offer.at) => newest = Some(offer),
                Some(_) => {}
                // The server has it all.
                None => store.forget(),
            }
        }
        let Some(offer) = newest else { return };
        if session.offered.try_with_untracked(Option::is_some).is_none() {
            return;
        }
        if is_draft(session) && !offer.is_older {
            bring_back(session, &offer);
        } else {
            session.offered.set(Some(offer));
        }
    });
}

fn belongs(session: Session, head: &Head) -> bool {
    match session.id.try_get_untracked().flatten() {
        Some(id) => head.workflow == id,
        None => head.etag.is_none(),
    }
}

/// What a journal holds that the server has not; `None` where it has everything.
async fn of_journal(session: Session, left: LeftJournal) -> Option<Offer> {
    let head: Head = serde_json::from_str(&left.head).ok()?;
    let edits: Vec<Edit> = left.edits.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let read = |definition: &Value| format::read(definition).ok();
    let slot = session.slot.get_value().and_then(|slot| read(&slot.definition));
    let stored = match session.id.get_untracked() {
        Some(_) => Some(session.opened_with.get_value()),
        None => match session.reconnect.until_answered(|| open_workflow(head.workflow)).await {
            Ok(opened) => read(&opened.definition),
            // It is not there, or cannot be compared.
            Err(_) => None,
        },
    };
    let base = match &left.base {
        Some(text) => serde_json::from_str::<Value>(text).ok().as_ref().and_then(read),
        None if head.etag.is_none() => Some(Graph::new()),
        None if head.is_on_draft => slot.clone().or_else(|| stored.clone()),
        None => stored.clone(),
    };
    let graph = with_edits(&base.unwrap_or_default(), &edits);
    let is_there = |known: &Option<Graph>| known.as_ref().is_some_and(|known| known.is_alike(&graph));
    let differs = |given: &Option<String>, known: String| given.clone().filter(|given| *given != known);
    let known = session.stored.get_untracked();
    let (name, description) = (differs(&head.name, known.name), differs(&head.description, known.description));
    if name.is_none() && description.is_none() && (is_there(&stored) || is_there(&slot)) {
        return None;
    }
    let is_older = head.etag.is_some() && session.etag.with_untracked(|etag| *etag != head.etag);
    let at = edits.last().map_or(head.at, |edit| edit.at);
    Some(Offer { graph, name, description, at, is_older, left: Some((left.store, head)) })
}

fn with_edits(base: &Graph, edits: &[Edit]) -> Graph {
    edits.iter().filter_map(|edit| Patch::read(&edit.patch)).fold(base.clone(), |graph, patch| patch.applied_to(&graph))
}
