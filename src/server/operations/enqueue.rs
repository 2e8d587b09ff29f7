//! How work gets into the queue.

use serde_json::Value;

use super::{
    operation::{Operation, Payment, Registered},
    poster::{Poster, PosterInput},
};
use crate::{
    domain::{
        AssetRef, ExecutionId, JobId, NodeId, Sha256, Timestamp,
        event::EventPayload,
        job::{HELD, Job, JobKind, POSTER_PRIORITY, Status},
    },
    graph::Step,
    server::{
        Result,
        store::{
            Tx, events, held,
            jobs::{self, QueuedJob, lane},
            spends::{self, Intent},
        },
    },
};

/// Work for a job: an operation and what it works on.
#[derive(Debug, Clone)]
pub struct Work {
    /// The operation.
    pub operation: &'static dyn Registered,
    /// What it works on, as that operation stores it.
    pub input: Value,
}

impl Work {
    /// What a job has to do for a step into whose sockets `inputs` flow, in order, under a name that the caller chose; `None` for a step that
    /// needs no job, or whose settings name no work.
    #[must_use]
    pub fn of(step: &Step, inputs: &[(&str, AssetRef)], name: Option<String>) -> Option<Self> {
        let operation = super::find(step.operation()?)?;
        Some(Self { operation, input: operation.input(step, inputs, name)? })
    }
}

/// Who asks for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// A node of an execution.
    Node(ExecutionId, NodeId),
    /// A caller of the API, on its own.
    Caller,
}

/// Puts work into the queue, unless the same is there already: then that job serves both. Notify after the commit.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut Tx, work: &Work, key: Sha256, requester: Requester) -> Result<Job> {
    if let Some(same) = jobs::in_flight(tx, &key).await? {
        if requester == Requester::Caller {
            jobs::set_stand_alone(tx, same.job.id).await?;
        }
        return Ok(same.job);
    }
    let payment = work.operation.payment(&work.input)?;
    let mut queued = new_job(work, key, requester, payment.as_ref());
    if payment.is_some() && held::holds(tx, queued.job.id, queued.job.execution_id).await? {
        HELD.clone_into(&mut queued.job.message);
    }
    jobs::insert(tx, &queued).await?;
    if let Some(payment) = payment {
        spends::insert(tx, &intent(payment, &queued.job)).await?;
    }
    events::record(tx, &EventPayload::Job(queued.job.clone())).await?;
    Ok(queued.job)
}

/// What the ledger has of a request before anything is sent.
fn intent(payment: Payment, job: &Job) -> Intent {
    Intent {
        job_id: job.id,
        execution_id: job.execution_id,
        node_id: job.node_id.clone(),
        provider: payment.provider.name().to_owned(),
        model: payment.model,
        prompt: payment.prompt,
        estimated_usd_micros: payment.estimated_usd_micros,
    }
}

/// Puts the poster of a new asset into the queue, behind all that somebody asked for. Notify after the commit.
///
/// # Errors
/// The database's.
pub async fn enqueue_poster(tx: &mut Tx, asset: AssetRef) -> Result<()> {
    let job = Job { priority: POSTER_PRIORITY, ..waiting(JobKind::POSTER) }.with_asset(Some(asset));
    let input = serde_json::to_value(PosterInput { kind: asset.kind, id: asset.id })?;
    // No execution waits for it, so none can end it.
    let lane = lane::LOCAL.to_owned();
    let queued = QueuedJob { job: job.clone(), key: None, version: Poster::VERSION, input, attempts: 0, stand_alone: true, lane };
    jobs::insert(tx, &queued).await?;
    events::record(tx, &EventPayload::Job(job)).await
}

/// Stores a job whose result was there before it was asked for.
///
/// # Errors
/// The database's.
pub async fn record_cached(tx: &mut Tx, work: &Work, key: Sha256, asset: AssetRef) -> Result<Job> {
    let mut queued = new_job(work, key, Requester::Caller, work.operation.payment(&work.input)?.as_ref());
    let now = Some(queued.job.created_at);
    let job = Job { status: Status::Succeeded, progress: 1.0, started_at: now, finished_at: now, ..queued.job }.with_asset(Some(asset));
    queued.job = job.clone();
    jobs::insert(tx, &queued).await?;
    events::record(tx, &EventPayload::Job(queued.job)).await?;
    Ok(job)
}

fn new_job(work: &Work, key: Sha256, requester: Requester, payment: Option<&Payment>) -> QueuedJob {
    let stand_alone = requester == Requester::Caller;
    let (execution_id, node_id) = match requester {
        Requester::Node(execution_id, node_id) => (Some(execution_id), Some(node_id)),
        Requester::Caller => (None, None),
    };
    let job = Job { execution_id, node_id, ..waiting(JobKind::from_name(work.operation.name())) };
    let lane = payment.map_or(lane::LOCAL, |payment| payment.provider.name()).to_owned();
    QueuedJob { job, key: Some(key), version: work.operation.version(), input: work.input.clone(), attempts: 0, stand_alone, lane }
}

/// A new job that waits for its turn.
fn waiting(kind: JobKind) -> Job {
    Job {
        id: JobId::generate(),
        kind,
        status: Status::Queued,
        progress: 0.0,
        message: String::new(),
        execution_id: None,
        node_id: None,
        video_id: None,
        image_id: None,
        asset: None,
        error: None,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        priority: 0,
        paused: false,
    }
}
