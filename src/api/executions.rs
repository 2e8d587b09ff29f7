//! Executions as the page asks for them: start, look, cancel.

use leptos::prelude::*;
use serde_json::{Map, Value};

use super::wire::Call;
use crate::domain::{
    ApiError, ExecutionId, VideoId,
    execution::{Execution, NewExecution},
    spend::Estimate,
    stitch::StitchPreview,
};

/// Runs a workflow, or the definition given.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) with each node that cannot run, and why; nothing was created then.
#[server(protocol = Call, endpoint = "start_execution")]
pub async fn start_execution(execution: NewExecution) -> Result<ExecutionId, ApiError> {
    use crate::server::{respond, runs::execute};
    let state = respond::state()?;
    respond::respond(execute::start(&state.studio, execution).await)
}

/// What a run would cost: nothing for what is there already. `None` where it cannot run as it is.
///
/// # Errors
/// The database's.
#[server(protocol = Call, endpoint = "estimate_execution")]
pub async fn estimate_execution(execution: NewExecution) -> Result<Option<Estimate>, ApiError> {
    use crate::server::{respond, runs::estimate};
    let state = respond::state()?;
    respond::respond(estimate::quote(&state.studio, &execution).await)
}

/// What a stitcher with these params would do to each of these clips. Nothing is made.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid), [`Damaged`](crate::domain::ErrorKind::Damaged); in words where the clips cannot be joined.
#[server(protocol = Call, endpoint = "preview_stitch")]
pub async fn preview_stitch(video_ids: Vec<VideoId>, params: Map<String, Value>) -> Result<StitchPreview, ApiError> {
    use crate::server::{respond, runs::stitching};
    let state = respond::state()?;
    respond::respond(stitching::preview(&state.studio, video_ids, params).await)
}

/// An execution with its nodes, as it stands now.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(name = ReadExecution, protocol = Call, endpoint = "execution")]
pub async fn execution(id: ExecutionId) -> Result<Execution, ApiError> {
    use crate::server::{respond, runs::execute};
    let state = respond::state()?;
    respond::respond(execute::execution(&state.studio.db, id).await)
}

/// Stops an execution. What is already done stays; a finished one stays as it is.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(protocol = Call, endpoint = "cancel_execution")]
pub async fn cancel_execution(id: ExecutionId) -> Result<Execution, ApiError> {
    use crate::server::{respond, runs::execute};
    let state = respond::state()?;
    respond::respond(execute::cancel(&state.studio.db, &state.studio.events, id).await)
}
