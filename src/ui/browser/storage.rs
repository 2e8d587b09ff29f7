//! What the page keeps in this browser beside the server: the workflow's id and definition, in localStorage.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::WorkflowId;

/// The workflow that was open last.
const LAST: &str = "reelgraph.workflow";

/// A workflow as this browser last saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptWorkflow {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its graph.
    pub definition: Value,
}

/// Keeps the workflow: by its id, and as the last one.
pub fn keep(workflow: &KeptWorkflow) {
    let Ok(text) = serde_json::to_string(workflow) else { return };
    if let Some(storage) = storage() {
        // Full or forbidden: the server has the same, this is the second copy.
        let _ = storage.set_item(&key(workflow.workflow_id), &text);
        let _ = storage.set_item(LAST, &text);
    }
}

/// The workflow as this browser last kept it.
#[must_use]
pub fn kept(id: WorkflowId) -> Option<KeptWorkflow> {
    let text = storage()?.get_item(&key(id)).ok().flatten()?;
    serde_json::from_str(&text).ok()
}

/// Forgets the workflow.
pub fn forget(id: WorkflowId) {
    if let Some(storage) = storage() {
        // What is not there needs no forgetting.
        let _ = storage.remove_item(&key(id));
    }
}

fn storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}

fn key(id: WorkflowId) -> String {
    format!("{LAST}.{id}")
}
