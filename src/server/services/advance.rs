//! How an execution moves on: what is ready begins, what cannot succeed is skipped, and when nothing is left it ends.

use crate::{
    domain::{
        ExecutionId, Timestamp,
        event::{Happening, NodeEvent},
        execution::{Execution, NodeRun, NodeStatus},
        job::Status,
    },
    server::{
        Error, Result,
        store::{Tx, events, executions},
    },
};

/// Moves an execution on as far as it goes now, with an event for each change.
///
/// # Errors
/// The database's.
pub async fn advance(tx: &mut Tx, id: ExecutionId) -> Result<()> {
    let execution = load(tx, id).await?;
    if execution.status.is_finished() {
        return Ok(());
    }
    settle(tx, execution).await
}

/// Stores where a node stands, with its event.
///
/// # Errors
/// The database's.
pub async fn store_node(tx: &mut Tx, execution_id: ExecutionId, node: NodeRun) -> Result<()> {
    executions::update_node(tx, execution_id, &node).await?;
    events::record(tx, &Happening::Node(NodeEvent { execution_id, node })).await
}

/// Marks an execution as running once something of it is.
///
/// # Errors
/// The database's.
pub async fn note_start(tx: &mut Tx, id: ExecutionId) -> Result<()> {
    let execution = load(tx, id).await?;
    if execution.status == Status::Queued && execution.nodes.iter().any(|node| node.status == NodeStatus::Running) {
        store_execution(tx, Execution { status: Status::Running, started_at: Some(Timestamp::now()), ..execution }).await?;
    }
    Ok(())
}

/// Ends an execution whose nodes have all ended, or marks it as waiting for the user.
async fn settle(tx: &mut Tx, mut execution: Execution) -> Result<()> {
    let Some(status) = outcome(&execution.nodes) else { return Ok(()) };
    if status == execution.status {
        return Ok(());
    }
    let now = Timestamp::now();
    execution.status = status;
    execution.started_at = execution.started_at.or(Some(now));
    execution.finished_at = status.is_finished().then_some(now);
    store_execution(tx, execution).await
}

/// How an execution ends with these nodes; `None` while something can still happen by itself.
fn outcome(nodes: &[NodeRun]) -> Option<Status> {
    let any = |status| nodes.iter().any(|node| node.status == status);
    let waits_for_user = any(NodeStatus::Unknown);
    if any(NodeStatus::Running) || (any(NodeStatus::Queued) && !waits_for_user) {
        return None;
    }
    // Beside an unknown outcome only its dependents are still queued when no job is under way.
    if waits_for_user {
        return nodes.iter().all(|node| node.status != NodeStatus::Queued || node.job_id.is_none()).then_some(Status::Unknown);
    }
    Some(match () {
        () if any(NodeStatus::Failed) => Status::Failed,
        () if any(NodeStatus::Cancelled) => Status::Cancelled,
        () => Status::Succeeded,
    })
}

/// Stores where an execution stands, with its event.
///
/// # Errors
/// The database's.
pub async fn store_execution(tx: &mut Tx, execution: Execution) -> Result<()> {
    executions::update(tx, &execution).await?;
    events::record(tx, &Happening::Execution(execution)).await
}

async fn load(tx: &mut Tx, id: ExecutionId) -> Result<Execution> {
    executions::get(tx, id).await?.ok_or_else(|| Error::Internal(format!("execution {id} is gone while it runs")))
}
