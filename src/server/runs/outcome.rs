//! The end of a job, and every other turn in its life, reaches the nodes that wait for it, in every execution, and moves their executions
//! on, in one transaction with its events.

use crate::{
    domain::{
        ApiError, AssetRef, ExecutionId, JobId, NodeId, Timestamp,
        event::{EventPayload, NodeEvent},
        execution::{NodeRun, NodeStatus},
        job::{Failure, Job, JobEvent},
    },
    server::{
        Error, Result,
        money::ledger,
        runs::advance,
        store::{
            Tx, events, executions,
            jobs::{self, QueuedJob},
            step_results,
        },
    },
};

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With this clip or picture, or with this clip's poster.
    Made(AssetRef),
    /// Without a result.
    Failed(Failure),
    /// Stopped by the user.
    Cancelled,
    /// A paid request whose outcome is not known; waits for the user.
    Unknown(Failure),
}

/// Cancels a job that nobody waits for any more.
///
/// # Errors
/// The database's.
pub async fn release(tx: &mut Tx, id: JobId) -> Result<()> {
    let Some(found) = jobs::get(tx, id).await? else { return Ok(()) };
    let wanted = found.stand_alone || !executions::waiting_for(tx, id).await?.is_empty();
    if !wanted && !found.job.status.is_finished() {
        end(tx, found, Outcome::Cancelled).await?;
    }
    Ok(())
}

/// Ends a job: its row, the cache, the nodes that wait for it, and what follows from that in their executions.
pub(super) async fn end(tx: &mut Tx, found: QueuedJob, outcome: Outcome) -> Result<Job> {
    let event = match outcome {
        Outcome::Made(_) => JobEvent::Succeed,
        Outcome::Failed(_) => JobEvent::Fail,
        Outcome::Cancelled => JobEvent::Cancel,
        Outcome::Unknown(_) => JobEvent::LoseOutcome,
    };
    let mut job = moved(found.job, event)?;
    job.finished_at = job.status.is_finished().then(Timestamp::now);
    let cost = match outcome {
        Outcome::Unknown(_) => None,
        _ => ledger::end(tx, job.id, matches!(outcome, Outcome::Made(_)), outcome == Outcome::Cancelled)
            .await?
            .and_then(|entry| entry.cost()),
    };
    match &outcome {
        Outcome::Made(media) => {
            job = job.with_asset(Some(*media));
            job.progress = 1.0;
            job.message.clear();
            if let Some(key) = &found.key {
                step_results::keep(tx, key, *media).await?;
            }
        }
        Outcome::Failed(failure) | Outcome::Unknown(failure) => job.error = Some(failure.clone()),
        Outcome::Cancelled => {}
    }
    jobs::update(tx, &job).await?;
    events::record(tx, &EventPayload::Job(job.clone())).await?;
    let waiting = change_nodes(tx, job.id, |execution_id, node| {
        node.status = job.status.into();
        node.progress = job.progress;
        node.message.clone_from(&job.message);
        (node.video_id, node.image_id, node.asset) = (job.video_id, job.image_id, job.asset);
        node.error.clone_from(&job.error);
        // Who shares a job with its requester pays nothing for it.
        node.cost = cost.filter(|_| job.execution_id == Some(execution_id) && job.node_id.as_ref() == Some(&node.node_id));
    })
    .await?;
    for (execution_id, node_id) in waiting {
        advance::advance(tx, execution_id, &node_id).await?;
    }
    Ok(job)
}

/// Stores that a job waits again, and shows it at the nodes that wait for it.
pub(super) async fn show_queued(tx: &mut Tx, job: &Job) -> Result<()> {
    jobs::update(tx, job).await?;
    events::record(tx, &EventPayload::Job(job.clone())).await?;
    let waiting = change_nodes(tx, job.id, |_, node| {
        node.status = NodeStatus::Queued;
        node.progress = 0.0;
        node.message.clone_from(&job.message);
        node.error = None;
    })
    .await?;
    for (execution_id, _) in waiting {
        advance::settle(tx, execution_id).await?;
    }
    Ok(())
}

/// Changes the nodes that wait for a job, and gives them with the executions they belong to.
pub(super) async fn change_nodes(tx: &mut Tx, id: JobId, change: impl Fn(ExecutionId, &mut NodeRun)) -> Result<Vec<(ExecutionId, NodeId)>> {
    let mut touched = Vec::new();
    for mut event in executions::waiting_for(tx, id).await? {
        change(event.execution_id, &mut event.node);
        let NodeEvent { execution_id, node } = event;
        touched.push((execution_id, node.node_id.clone()));
        advance::store_node(tx, execution_id, node).await?;
    }
    Ok(touched)
}

/// The job after `event`.
///
/// # Errors
/// [`Error::Internal`] where that cannot happen to it.
pub(super) fn moved(job: Job, event: JobEvent) -> Result<Job> {
    let status = job.status.next(event).ok_or_else(|| Error::Internal(format!("{event:?} cannot happen to job {} now", job.id)))?;
    // Only what waits can be paused.
    Ok(Job { status, paused: false, ..job })
}

/// The error of an id that no job has.
pub(super) fn not_found() -> Error {
    ApiError::not_found("job").into()
}
