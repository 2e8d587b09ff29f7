//! Workflows as the page asks for them: list, open, create, save, delete, and the slot for unsaved edits.

use leptos::prelude::*;

use super::wire::Call;
use crate::domain::{
    ApiError, WorkflowId,
    page::Page,
    workflow::{
        BrokenWorkflow, BuilderSettings, NewWorkflow, OpenedWorkflow, SavedWorkflow, WorkflowChange, WorkflowStatus, WorkflowSummary,
    },
};

/// A page of the workflows, the last changed first.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor that no earlier page gave.
#[server(protocol = Call, endpoint = "list_workflows")]
pub async fn list_workflows(
    status: Option<WorkflowStatus>,
    q: Option<String>,
    cursor: Option<String>,
) -> Result<Page<WorkflowSummary>, ApiError> {
    use crate::{
        domain::workflow::WorkflowFilter,
        server::{respond, workflows},
    };
    let state = respond::state()?;
    respond::respond(workflows::list_from(&state.studio.db, &WorkflowFilter { status, q }, cursor.as_deref()).await)
}

/// A workflow with everything the builder needs.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound); [`Unreadable`](crate::domain::ErrorKind::Unreadable), and then there is [`broken_workflow`].
#[server(protocol = Call, endpoint = "open_workflow")]
pub async fn open_workflow(id: WorkflowId) -> Result<OpenedWorkflow, ApiError> {
    use crate::server::{respond, workflows};
    let state = respond::state()?;
    respond::respond(workflows::open(&state.studio.db, &state.studio.providers, id).await)
}

/// What there is of a workflow whose definition cannot be read; `None` where it can.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(name = ReadBrokenWorkflow, protocol = Call, endpoint = "broken_workflow")]
pub async fn broken_workflow(id: WorkflowId) -> Result<Option<BrokenWorkflow>, ApiError> {
    use crate::server::{respond, workflows};
    let state = respond::state()?;
    respond::respond(workflows::broken(&state.studio.db, id).await)
}

/// What the builder needs of the settings for a workflow that is not stored yet.
///
/// # Errors
/// Only where the server cannot be reached.
#[server(name = ReadBuilderSettings, protocol = Call, endpoint = "builder_settings")]
pub async fn builder_settings() -> Result<BuilderSettings, ApiError> {
    use crate::server::{respond, workflows};
    Ok(workflows::builder_settings(&respond::state()?.studio.providers))
}

/// Makes a workflow.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) with each thing that is wrong.
#[server(protocol = Call, endpoint = "create_workflow")]
pub async fn create_workflow(workflow: NewWorkflow) -> Result<SavedWorkflow, ApiError> {
    use crate::server::{respond, workflows};
    let state = respond::state()?;
    respond::respond(workflows::create(&state.studio.db, workflow, None).await.map(|stored| stored.workflow))
}

/// Changes a workflow; what `change` leaves out stays.
///
/// # Errors
/// [`PreconditionFailed`](crate::domain::ErrorKind::PreconditionFailed) where `if_match` is an older revision's `ETag`: someone else
/// has saved, and nothing was changed. [`Invalid`](crate::domain::ErrorKind::Invalid) with each thing that is wrong.
#[server(protocol = Call, endpoint = "save_workflow")]
pub async fn save_workflow(id: WorkflowId, change: WorkflowChange, if_match: Option<String>) -> Result<SavedWorkflow, ApiError> {
    use crate::server::{respond, workflows};
    let state = respond::state()?;
    respond::respond(workflows::save(&state.studio.db, id, change, if_match.as_deref()).await)
}

/// Deletes a workflow. Its executions are cancelled, its videos stay.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(protocol = Call, endpoint = "delete_workflow")]
pub async fn delete_workflow(id: WorkflowId) -> Result<(), ApiError> {
    use crate::server::{respond, workflows};
    let state = respond::state()?;
    respond::respond(workflows::delete(&state.studio.db, &state.studio.events, id, None).await)
}

/// Drops the unsaved edits.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(protocol = Call, endpoint = "discard_draft")]
pub async fn discard_draft(id: WorkflowId) -> Result<(), ApiError> {
    use crate::server::{respond, workflows};
    let state = respond::state()?;
    respond::respond(workflows::discard_draft(&state.studio.db, id).await)
}
