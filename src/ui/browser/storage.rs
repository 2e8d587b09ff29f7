//! What the page remembers in this browser beside its journal: which workflow was open last, in localStorage.

use crate::domain::WorkflowId;

/// The workflow that was open last.
const LAST: &str = "reelgraph.workflow";

/// Remembers the workflow as the one that was open last.
pub fn remember_open(id: WorkflowId) {
    if let Some(storage) = leptos::prelude::window().local_storage().ok().flatten() {
        // Full or forbidden: the server knows it too.
        let _ = storage.set_item(LAST, &id.to_string());
    }
}
