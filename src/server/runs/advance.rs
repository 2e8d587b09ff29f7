//! How an execution moves on: what is ready begins, what cannot succeed is skipped, and when nothing is left it ends.

use std::collections::HashMap;

use crate::{
    domain::{
        ApiError, AssetRef, ErrorKind, ExecutionId, NodeId, Sha256, Timestamp,
        event::{Happening, NodeEvent},
        execution::{Cost, Execution, NodeRun, NodeStatus},
        job::{Failure, Status},
    },
    graph::{
        content_key,
        plan::{Action, Plan, Step},
    },
    server::{
        Error, Result,
        events::Events,
        library::{ingest::presentable_name, uses::associate_saved},
        operations::enqueue::{self, Requester, Work},
        runs::prepare,
        store::{Db, Tx, events, executions, step_results, videos},
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
    let definition = executions::definition(tx, id).await?;
    let targets: Vec<_> = execution.nodes.iter().map(|node| node.node_id.clone()).collect();
    let execution = match prepare::plan_again(&definition, &targets, execution.mode) {
        Ok(plan) => advance_by(tx, execution, &plan).await?,
        Err(error) => give_up(tx, execution, error).await?,
    };
    if let Some(workflow_id) = execution.workflow_id {
        associate_saved(tx, workflow_id).await?;
    }
    settle(tx, execution).await
}

/// Moves every execution on that is not finished, as after a start. Gives their number.
///
/// # Errors
/// The database's.
pub async fn resume_all(db: &Db, events: &Events) -> Result<usize> {
    let mut reader = db.reader().acquire().await?;
    let unfinished = executions::unfinished(&mut reader, None).await?;
    drop(reader);
    for id in &unfinished {
        let mut tx = db.begin().await?;
        advance(&mut tx, *id).await?;
        tx.commit().await?;
    }
    events.ring();
    Ok(unfinished.len())
}

/// Begins and skips what can be, in the order of the plan: what begins may be done at once and free what follows.
async fn advance_by(tx: &mut Tx, mut execution: Execution, plan: &Plan) -> Result<Execution> {
    let places: HashMap<NodeId, usize> = execution.nodes.iter().enumerate().map(|(place, node)| (node.node_id.clone(), place)).collect();
    for step in &plan.steps {
        let Some(&place) = places.get(&step.node_id) else { continue };
        let needed = step.needs().into_iter().filter_map(|id| Some(&execution.nodes[*places.get(id)?]));
        let node = match readiness(&execution.nodes[place], needed) {
            Readiness::Begun | Readiness::Waits => continue,
            Readiness::Blocked(by) => skipped(&execution.nodes[place], &by),
            Readiness::Ready => {
                let media_of = |id: &NodeId| execution.nodes[*places.get(id)?].media();
                begin(tx, execution.id, &execution.nodes[place], step, &media_of).await?
            }
        };
        store_node(tx, execution.id, node.clone()).await?;
        execution.nodes[place] = node;
    }
    Ok(execution)
}

enum Readiness {
    /// Begun or ended already.
    Begun,
    /// Something it needs is not there yet.
    Waits,
    /// This, which it needs, will never be there.
    Blocked(NodeId),
    Ready,
}

fn readiness<'a>(node: &NodeRun, needed: impl Iterator<Item = &'a NodeRun> + Clone) -> Readiness {
    if node.status != NodeStatus::Queued || node.job_id.is_some() {
        return Readiness::Begun;
    }
    let lost = |node: &&NodeRun| matches!(node.status, NodeStatus::Failed | NodeStatus::Cancelled | NodeStatus::Skipped);
    if let Some(by) = needed.clone().find(lost) {
        return Readiness::Blocked(by.node_id.clone());
    }
    let mut needed = needed;
    if needed.all(|node| node.status == NodeStatus::Succeeded) { Readiness::Ready } else { Readiness::Waits }
}

fn skipped(node: &NodeRun, by: &NodeId) -> NodeRun {
    NodeRun { status: NodeStatus::Skipped, message: format!("“{by}”, which this needs, did not succeed."), ..node.clone() }
}

/// Begins a step whose inputs are there: at once for what needs no work, from the cache, or as a job.
async fn begin(
    tx: &mut Tx,
    execution_id: ExecutionId,
    node: &NodeRun,
    step: &Step,
    media_of: &(dyn Fn(&NodeId) -> Option<AssetRef> + Sync),
) -> Result<NodeRun> {
    let node = node.clone();
    match &step.action {
        Action::Value { .. } => return Ok(succeeded(node, None)),
        Action::Given(media) => return given(tx, node, *media).await,
        Action::Name { name } => {
            let clip = step.media_inputs().flat_map(|input| &input.from).find_map(media_of);
            if let (Some(name), Some(clip)) = (name, clip.and_then(AssetRef::video)) {
                videos::rename(&mut **tx, clip, &presentable_name(name)).await?;
            }
            return Ok(succeeded(node, clip));
        }
        Action::Make { .. } => {}
    }
    let Some((media, hashes)) = inputs(tx, step, media_of).await? else { return Ok(lost_input(node)) };
    let key = content_key(step, &hashes);
    if let Some(known) = step_results::find(tx, &key).await? {
        let cost = step.is_paid().then_some(Cost { usd_micros: 0, estimated: false });
        return Ok(NodeRun { cached: true, key: Some(key), cost, ..succeeded(node, Some(known)) });
    }
    let Some(work) = Work::of(step, &media, None) else { return Ok(cannot_be_asked(node)) };
    let job = enqueue::enqueue(tx, &work, key, Requester::Node(execution_id, node.node_id.clone())).await?;
    Ok(NodeRun { status: job.status.into(), progress: job.progress, message: job.message, key: Some(key), job_id: Some(job.id), ..node })
}

type Inputs = (Vec<(&'static str, AssetRef)>, Vec<(&'static str, Vec<Sha256>)>);

/// The clips and pictures that flow into a step, by socket, and the hashes of each socket's; `None` where one was deleted.
async fn inputs(tx: &mut Tx, step: &Step, media_of: &(dyn Fn(&NodeId) -> Option<AssetRef> + Sync)) -> Result<Option<Inputs>> {
    let (mut all, mut hashes) = (Vec::new(), Vec::new());
    for input in step.media_inputs() {
        let mut of_socket = Vec::with_capacity(input.from.len());
        for id in &input.from {
            let Some(media) = media_of(id) else { return Ok(None) };
            let Some(hash) = step_results::file_hash(tx, media).await? else { return Ok(None) };
            all.push((input.socket, media));
            of_socket.push(hash);
        }
        hashes.push((input.socket, of_socket));
    }
    Ok(Some((all, hashes)))
}

/// A step that gives what the user gave, as long as it is stored.
async fn given(tx: &mut Tx, node: NodeRun, media: AssetRef) -> Result<NodeRun> {
    let there = step_results::file_hash(tx, media).await?.is_some();
    Ok(if there { succeeded(node, Some(media)) } else { lost_input(node) })
}

fn succeeded(node: NodeRun, media: Option<AssetRef>) -> NodeRun {
    let (video_id, image_id) = (media.and_then(AssetRef::video), media.and_then(AssetRef::image));
    NodeRun { status: NodeStatus::Succeeded, progress: 1.0, video_id, image_id, ..node }
}

fn lost_input(node: NodeRun) -> NodeRun {
    let message = "A clip that this needs was deleted from the library. Run it again, or choose another clip.".into();
    NodeRun { status: NodeStatus::Failed, error: Some(Failure { kind: ErrorKind::Gone, message }), ..node }
}

/// A step whose settings were found right and still name no work must not wait for ever.
fn cannot_be_asked(node: NodeRun) -> NodeRun {
    let message = "What this node asks for cannot be made with its settings. Change them, and run it again.".into();
    NodeRun { status: NodeStatus::Failed, error: Some(Failure { kind: ErrorKind::Invalid, message }), ..node }
}

/// This version refuses what an earlier one began: nothing more of it can begin.
async fn give_up(tx: &mut Tx, mut execution: Execution, error: ApiError) -> Result<Execution> {
    let failure = Failure::from(error);
    for node in execution.nodes.iter_mut().filter(|node| node.status == NodeStatus::Queued && node.job_id.is_none()) {
        node.status = NodeStatus::Failed;
        node.error = Some(failure.clone());
        store_node(tx, execution.id, node.clone()).await?;
    }
    Ok(execution)
}

/// Stores where a node stands, with its event.
///
/// # Errors
/// The database's.
pub async fn store_node(tx: &mut Tx, execution_id: ExecutionId, node: NodeRun) -> Result<()> {
    executions::update_node(tx, execution_id, &node).await?;
    events::record(tx, &Happening::Node(NodeEvent { execution_id, node })).await
}

/// Ends an execution whose nodes have all ended, or marks it as running, or as waiting for the user.
///
/// # Errors
/// The database's.
pub async fn settle(tx: &mut Tx, mut execution: Execution) -> Result<()> {
    let status = status_of(&execution.nodes);
    // Between two steps all nodes may be queued for a moment; an execution that has begun stays so.
    if status == execution.status || status == Status::Queued {
        return Ok(());
    }
    let now = Timestamp::now();
    execution.status = status;
    execution.started_at = execution.started_at.or(Some(now));
    execution.finished_at = status.is_finished().then_some(now);
    store_execution(tx, execution).await
}

/// Where an execution with these nodes stands.
fn status_of(nodes: &[NodeRun]) -> Status {
    let any = |status| nodes.iter().any(|node| node.status == status);
    let under_way = nodes.iter().any(|node| node.status == NodeStatus::Queued && node.job_id.is_some());
    match () {
        () if any(NodeStatus::Running) => Status::Running,
        // What is still queued without a job waits for the step whose outcome is not known.
        () if any(NodeStatus::Unknown) && !under_way => Status::Unknown,
        () if any(NodeStatus::Queued) || any(NodeStatus::Unknown) => Status::Queued,
        () if any(NodeStatus::Failed) => Status::Failed,
        () if any(NodeStatus::Cancelled) => Status::Cancelled,
        () => Status::Succeeded,
    }
}

/// Stores where an execution stands, with its event.
///
/// # Errors
/// The database's.
pub async fn store_execution(tx: &mut Tx, execution: Execution) -> Result<()> {
    executions::update(tx, &execution).await?;
    events::record(tx, &Happening::Execution(execution)).await
}

/// The execution with its nodes, which is there as long as anything of it runs.
///
/// # Errors
/// The database's.
pub async fn load(tx: &mut Tx, id: ExecutionId) -> Result<Execution> {
    executions::get(tx, id).await?.ok_or_else(|| Error::Internal(format!("execution {id} is gone while it runs")))
}
