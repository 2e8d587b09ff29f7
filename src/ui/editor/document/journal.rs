//! The journal of unsaved edits: each is written into this browser's storage as it is made, alone, whatever the size of the document. What the
//! server has is taken out; what a page leaves behind is offered by the next (`session/left_behind.rs`).

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    domain::{Timestamp, WorkflowId},
    graph::document::patch::Patch,
    ui::browser::{journal::JournalStore, page},
};

/// What the edits of a journal belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The revision that the workflow had when they were made; `None` for a workflow of which the server has not said that it has it.
    pub etag: Option<String>,
    /// Whether the edits begin with what lies in the draft slot, where the journal holds no document of its own.
    pub is_on_draft: bool,
    /// Its name, where it is not the stored one.
    pub name: Option<String>,
    /// Its description, where it is not the stored one.
    pub description: Option<String>,
    /// When this was written.
    pub at: Timestamp,
}

/// An edit as it stands in a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// When it was made.
    pub at: Timestamp,
    /// What it did: a [`Patch`] as JSON.
    pub patch: Value,
}

/// The journal that this page writes. Cheap to copy; asleep on the server and until an effect wakes it.
#[derive(Clone, Copy)]
pub struct Journal(StoredValue<Option<Written>>);

struct Written {
    store: JournalStore,
    head: Head,
    /// Whether anything was written since it was empty.
    is_begun: bool,
    /// The newest edit and its number.
    newest: Option<(u64, Patch)>,
    /// The numbers of the edits that are in it.
    numbers: Vec<u64>,
    /// Whether the browser had no room for an edit that is still unsaved.
    is_full: bool,
}

impl Journal {
    /// One that is asleep.
    #[must_use]
    pub fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// Begins to write. Call from an effect.
    pub fn wake(self, workflow: WorkflowId, etag: Option<String>) {
        let head = Head { workflow, etag, is_on_draft: false, name: None, description: None, at: page::now() };
        let store = JournalStore::new();
        self.0.set_value(Some(Written { store, head, is_begun: false, newest: None, numbers: Vec::new(), is_full: false }));
    }

    /// Where it is written.
    #[must_use]
    pub fn store(self) -> Option<JournalStore> {
        self.0.try_with_value(|written| written.as_ref().map(|written| written.store.clone())).flatten()
    }

    /// Whether it is written at all.
    #[must_use]
    pub fn is_awake(self) -> bool {
        self.0.try_with_value(Option::is_some).unwrap_or_default()
    }

    /// Whether the browser had no room for something that the server does not have either.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.0.try_with_value(|written| written.as_ref().is_some_and(|written| written.is_full)).unwrap_or_default()
    }

    /// Writes an edit; `number` is the document's revision after it.
    pub fn add(self, number: u64, patch: Patch) {
        self.update(|written| written.add(number, patch));
    }

    /// Writes name and description where they are not the stored ones.
    pub fn name(self, name: Option<String>, description: Option<String>) {
        self.update(|written| {
            if (&written.head.name, &written.head.description) != (&name, &description) {
                (written.head.name, written.head.description) = (name, description);
                written.write_head();
                written.end_if_empty();
            }
        });
    }

    /// The server keeps the edits up to that number in the draft slot; `base` is the document with them, where there is room for it here.
    pub fn kept(self, number: u64, base: Option<&str>) {
        self.update(|written| {
            if !written.is_begun {
                return;
            }
            let has_base = base.is_some_and(|base| written.store.write_base(base).is_ok());
            // Without it they stay, as another page may overwrite the slot; but not where they take the room of those to come.
            if has_base || written.is_full {
                written.forget_up_to(number);
                (written.head.is_on_draft, written.is_full) = (!has_base, false);
                written.write_head();
            }
        });
    }

    /// The server has the edits up to that number in the workflow itself, under that revision.
    pub fn stored(self, number: u64, workflow: WorkflowId, etag: String) {
        self.update(|written| {
            (written.head.workflow, written.head.etag, written.head.is_on_draft) = (workflow, Some(etag), false);
            written.forget_up_to(number);
            written.is_full = false;
            if written.is_begun {
                written.store.forget_base();
                written.write_head();
            }
            written.end_if_empty();
        });
    }

    /// Goes on under another workflow's id.
    pub fn take_id(self, workflow: WorkflowId) {
        self.update(|written| {
            written.head.workflow = workflow;
            if written.is_begun {
                written.write_head();
            }
        });
    }

    /// Takes everything out: the user has given the edits up, or they are elsewhere.
    pub fn give_up(self) {
        self.update(|written| {
            written.store.forget();
            (written.is_begun, written.newest) = (false, None);
            written.numbers.clear();
        });
    }

    fn update(self, change: impl FnOnce(&mut Written)) {
        let _ = self.0.try_update_value(|written| written.as_mut().map(change));
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

impl Written {
    fn add(&mut self, number: u64, patch: Patch) {
        if !self.is_begun {
            self.write_head();
        }
        let edit = Edit { at: page::now(), patch: patch.write() };
        let text = serde_json::to_string(&edit).unwrap_or_default();
        if self.store.write_edit(number, &text).is_err() {
            self.is_full = true;
            return;
        }
        if let Some((before, covered)) = self.newest.take()
            && patch.covers(&covered)
        {
            self.store.forget_edit(before);
            self.numbers.pop_if(|last| *last == before);
        }
        self.numbers.push(number);
        self.newest = Some((number, patch));
    }

    fn write_head(&mut self) {
        if !self.is_begun {
            self.store.hold();
            self.is_begun = true;
        }
        self.head.at = page::now();
        let text = serde_json::to_string(&self.head).unwrap_or_default();
        self.is_full |= self.store.write_head(&text).is_err();
    }

    fn forget_up_to(&mut self, number: u64) {
        let store = &self.store;
        self.numbers.extract_if(.., |one| *one <= number).for_each(|one| store.forget_edit(one));
        if self.newest.as_ref().is_some_and(|(newest, _)| *newest <= number) {
            self.newest = None;
        }
    }

    /// Takes everything out where the server has it all.
    fn end_if_empty(&mut self) {
        if self.is_begun && self.numbers.is_empty() && self.head.name.is_none() && self.head.description.is_none() {
            self.store.forget();
            self.is_begun = false;
        }
    }
}
