//! Executions: start, look, list, cancel. They run on the server; closing the page changes nothing.

use crate::{
    domain::{
        ApiError, ExecutionId, Timestamp, WorkflowId,
        event::EventPayload,
        execution::{Execution, ExecutionFilter, NewExecution, NodeRun, NodeStatus},
        job::Status,
        page::{Page, PageRequest},
    },
    graph::Step,
    server::{
        Error, Result,
        events::Events,
        library::uses,
        money::ledger,
        runs::{
            advance, known, outcome,
            prepare::{self, Prepared},
        },
        store::{Db, Tx, events, executions, workflows},
        studio::Studio,
    },
};

/// Runs a workflow's stored definition, or the one given.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) with everything that is in the way, by node; nothing is created then. [`NotFound`](crate::domain::ErrorKind::NotFound) for the workflow.
/// [`CapReached`](crate::domain::ErrorKind::CapReached) where it would cost more than may be spent.
pub async fn start(studio: &Studio, new: NewExecution) -> Result<ExecutionId> {
    let Studio { db, ffmpeg, providers, events, caps, .. } = studio;
    let definition = prepare::definition(db, &new).await?;
    let mut snapshot = db.reader().begin().await?;
    let Prepared { plan, known } = prepare::prepare(&mut snapshot, providers, &definition, new.nodes.as_deref(), new.mode).await?;
    let price = known::price(&plan, &known);
    drop(snapshot);
    ledger::check_run(db, caps, (price.unpriced() == 0).then_some(price.usd_micros)).await?;
    if plan.steps.iter().any(Step::makes) {
        ffmpeg.available()?;
    }
    let execution = Execution {
        id: ExecutionId::generate(),
        workflow_id: new.workflow_id,
        mode: new.mode,
        status: Status::Queued,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        nodes: plan.steps.iter().map(queued).collect(),
    };
    let mut tx = db.begin().await?;
    executions::insert(&mut tx, &execution, &definition).await?;
    events::record(&mut tx, &EventPayload::Execution(execution.clone())).await?;
    if let Some(workflow_id) = execution.workflow_id {
        workflows::executed(&mut tx, workflow_id, execution.created_at).await?;
        uses::list_saved(&mut tx, workflow_id).await?;
    }
    advance::begin(&mut tx, execution.id, &plan).await?;
    tx.commit().await?;
    events.notify();
    Ok(execution.id)
}

fn queued(step: &Step) -> NodeRun {
    NodeRun {
        node_id: step.node_id.clone(),
        node_type: step.node_type.name().to_owned(),
        status: NodeStatus::Queued,
        progress: 0.0,
        message: String::new(),
        cached: false,
        key: None,
        job_id: None,
        video_id: None,
        image_id: None,
        asset: None,
        error: None,
        cost: None,
    }
}

/// An execution with its nodes.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
pub async fn execution(db: &Db, id: ExecutionId) -> Result<Execution> {
    let mut snapshot = db.reader().begin().await?;
    executions::get(&mut snapshot, id).await?.ok_or_else(not_found)
}

/// A page of executions, by the time they were asked for.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, filter: &ExecutionFilter, page: &PageRequest) -> Result<Page<Execution>> {
    executions::list(db, filter, page).await
}

/// Stops an execution: what waits never begins, what runs is stopped unless another execution waits for it too, what is done stays. A
/// finished execution stays as it is.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
pub async fn cancel(db: &Db, events: &Events, id: ExecutionId) -> Result<Execution> {
    let mut tx = db.begin().await?;
    let execution = executions::get(&mut tx, id).await?.ok_or_else(not_found)?;
    if execution.status.is_finished() {
        return Ok(execution);
    }
    let execution = stop(&mut tx, execution).await?;
    tx.commit().await?;
    events.notify();
    Ok(execution)
}

/// Stops every execution of a workflow, as part of the workflow's deletion. Notify after the commit.
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
        outcome::release(tx, job_id).await?;
    }
    Ok(execution)
}

fn not_found() -> Error {
    ApiError::not_found("execution").into()
}
