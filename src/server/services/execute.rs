//! Executions: start, look, list, cancel. They run on the server; closing the page changes nothing.

use crate::{
    domain::{
        ApiError, ErrorKind, ExecutionId, Timestamp, WorkflowId,
        execution::{Execution, NewExecution, NodeStatus},
        job::Status,
        page::{Page, PageRequest, SortKey},
    },
    server::{
        Error, Result,
        config::Config,
        services::{advance, events::Events, jobs},
        store::{Db, Tx, executions},
    },
};

/// Runs a workflow's stored definition, or the one given.
///
/// # Errors
/// [`ErrorKind::Invalid`] with each node that cannot run, and why; nothing is created then. [`ErrorKind::NotFound`] for the workflow.
pub async fn start(_db: &Db, _told: &Events, _config: &Config, _new: NewExecution) -> Result<ExecutionId> {
    Err(Error::api(ErrorKind::Unavailable, "Workflows are not run yet."))
}

/// An execution with its nodes.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn execution(db: &Db, id: ExecutionId) -> Result<Execution> {
    let mut snapshot = db.reader().begin().await?;
    executions::get(&mut snapshot, id).await?.ok_or_else(not_found)
}

/// A page of executions.
///
/// # Errors
/// [`ErrorKind::Invalid`] for an order that executions do not have.
pub async fn list(db: &Db, workflow_id: Option<WorkflowId>, status: Option<Status>, page: &PageRequest) -> Result<Page<Execution>> {
    if page.sort.key != SortKey::CreatedAt {
        return Err(ApiError::invalid("/sort", "Executions are sorted by created_at.").into());
    }
    executions::list(db, workflow_id, status, page).await
}

/// Stops an execution: what waits never begins, what runs is stopped unless another execution waits for it too, what is done stays. A
/// finished execution stays as it is.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn cancel(db: &Db, told: &Events, id: ExecutionId) -> Result<Execution> {
    let mut tx = db.begin().await?;
    let execution = executions::get(&mut tx, id).await?.ok_or_else(not_found)?;
    if execution.status.is_finished() {
        return Ok(execution);
    }
    let execution = stop(&mut tx, execution).await?;
    tx.commit().await?;
    told.ring();
    Ok(execution)
}

/// Stops every execution of a workflow, as part of the workflow's deletion. Ring the bell after the commit.
///
/// # Errors
/// The database's.
pub async fn cancel_all_of_workflow(tx: &mut Tx, id: WorkflowId) -> Result<()> {
    for id in executions::unfinished(tx, Some(id)).await? {
        if let Some(execution) = executions::get(tx, id).await? {
            stop(tx, execution).await?;
        }
    }
    Ok(())
}

async fn stop(tx: &mut Tx, mut execution: Execution) -> Result<Execution> {
    let mut released = Vec::new();
    for node in execution.nodes.iter_mut().filter(|node| !node.status.is_finished()) {
        node.status = NodeStatus::Cancelled;
        released.extend(node.job_id);
        advance::store_node(tx, execution.id, node.clone()).await?;
    }
    execution.status = Status::Cancelled;
    execution.finished_at = Some(Timestamp::now());
    advance::store_execution(tx, execution.clone()).await?;
    for job_id in released {
        jobs::release(tx, job_id).await?;
    }
    Ok(execution)
}

fn not_found() -> Error {
    ApiError::not_found("execution").into()
}
