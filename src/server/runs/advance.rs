//! How an execution moves on: what is ready begins, what cannot succeed is skipped, and when nothing is left it ends. What a step's end costs
//! grows with what depends on it, not with the run.

use std::collections::{BTreeSet, HashMap};

use crate::{
    domain::{
        ApiError, AssetRef, ErrorKind, ExecutionId, NodeId, Sha256, Timestamp,
        event::{EventPayload, NodeEvent},
        execution::{Cost, Execution, NodeRun, NodeStatus},
        job::{Failure, Status},
    },
    graph::{
        content_key,
        plan::Plan,
        step::{Action, Step},
    },
    server::{
        Error, Result,
        events::Events,
        library::{ingest::presentable_name, uses},
        operations::enqueue::{self, Requester, Work},
        runs::prepare,
        store::{
            Db, Tx, assets, events, executions, step_results,
            steps::{self, Needed, Standing, StepToStore},
            workflows,
        },
    },
};

/// Stores what each node of a new execution does, and begins what can begin.
///
/// # Errors
/// The database's.
pub async fn begin(tx: &mut Tx, id: ExecutionId, plan: &Plan) -> Result<()> {
    store_steps(tx, id, plan).await?;
    let all = steps::not_begun(tx, id).await?;
    begin_ready(tx, id, all).await
}

/// Moves an execution on after one of its nodes has ended, or waits for the user.
///
/// # Errors
/// The database's.
pub async fn advance(tx: &mut Tx, id: ExecutionId, ended: &NodeId) -> Result<()> {
    let freed = steps::dependents(tx, id, ended).await?;
    begin_ready(tx, id, freed).await
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
        if steps::is_unplanned(&mut tx, *id).await? {
            plan_again(&mut tx, *id).await?;
        }
        if let Some(workflow) = executions::workflow(&mut tx, *id).await? {
            uses::list_saved(&mut tx, workflow).await?;
        }
        let all = steps::not_begun(&mut tx, *id).await?;
        begin_ready(&mut tx, *id, all).await?;
        tx.commit().await?;
    }
    events.notify();
    Ok(unfinished.len())
}

async fn store_steps(tx: &mut Tx, id: ExecutionId, plan: &Plan) -> Result<()> {
    let mut to_store = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        to_store.push(StepToStore { node_id: &step.node_id, json: step.to_json()?, needs: step.needs() });
    }
    steps::store(tx, id, &to_store).await
}

/// Plans an execution that an earlier version began, which stored no steps. Where this version refuses it, nothing more of it can begin.
async fn plan_again(tx: &mut Tx, id: ExecutionId) -> Result<()> {
    let execution = load(tx, id).await?;
    let definition = executions::definition(tx, id).await?;
    let targets: Vec<_> = execution.nodes.iter().map(|node| node.node_id.clone()).collect();
    match prepare::plan_again(&definition, &targets, execution.mode) {
        Ok(plan) => store_steps(tx, id, &plan).await,
        Err(error) => give_up(tx, execution, error).await,
    }
}

/// Begins and skips what can be of these nodes and of what depends on them, in the order of the plan: what begins may be done at once and free
/// what follows.
async fn begin_ready(tx: &mut Tx, id: ExecutionId, nodes: Vec<(i64, NodeId)>) -> Result<()> {
    let mut open: BTreeSet<(i64, NodeId)> = nodes.into_iter().collect();
    while let Some((_, node_id)) = open.pop_first() {
        let Some(waiting) = steps::waiting(tx, id, &node_id).await? else { continue };
        let needed = steps::needed(tx, id, &node_id).await?;
        let node = match readiness(&needed) {
            Readiness::Waits => continue,
            Readiness::Blocked(by) => skipped(waiting.node, &by),
            Readiness::Ready => match waiting.step.and_then(|step| Step::from_json(node_id.clone(), &step)) {
                Some(step) => begin_step(tx, id, waiting.node, &step, &needed).await?,
                None => cannot_be_done(waiting.node),
            },
        };
        if node.status.is_finished() {
            open.extend(steps::dependents(tx, id, &node_id).await?);
        }
        store_node(tx, id, node).await?;
    }
    settle(tx, id).await
}

enum Readiness {
    /// Something it needs is not there yet.
    Waits,
    /// This, which it needs, will never be there.
    Blocked(NodeId),
    Ready,
}

fn readiness(needed: &HashMap<NodeId, Needed>) -> Readiness {
    let lost = |status| matches!(status, NodeStatus::Failed | NodeStatus::Cancelled | NodeStatus::Skipped);
    if let Some(by) = needed.iter().filter(|(_, needed)| lost(needed.status)).map(|(id, _)| id).min() {
        return Readiness::Blocked(by.clone());
    }
    if needed.values().all(|needed| needed.status == NodeStatus::Succeeded) { Readiness::Ready } else { Readiness::Waits }
}

fn skipped(node: NodeRun, by: &NodeId) -> NodeRun {
    NodeRun { status: NodeStatus::Skipped, message: format!("“{by}”, which this needs, did not succeed."), ..node }
}

/// Begins a step whose inputs are there: at once for what needs no work, from the cache, or as a job.
async fn begin_step(tx: &mut Tx, id: ExecutionId, node: NodeRun, step: &Step, needed: &HashMap<NodeId, Needed>) -> Result<NodeRun> {
    match &step.action {
        Action::Value { .. } => return Ok(succeeded(node, None)),
        Action::Given(asset) => return given(tx, node, *asset).await,
        Action::Name { name } => {
            let clip = step.media_inputs().flat_map(|input| &input.from).find_map(|from| needed.get(from)?.asset);
            if let (Some(name), Some(clip)) = (name, clip) {
                assets::rename(&mut **tx, clip, &presentable_name(name)).await?;
            }
            return Ok(succeeded(node, clip));
        }
        Action::Make { .. } => {}
    }
    let Some((given, hashes)) = inputs(tx, step, needed).await? else { return Ok(lost_input(node)) };
    let key = content_key(step, &hashes);
    if let Some((known, _)) = step_results::find(tx, &key).await? {
        let cost = step.is_paid().then_some(Cost { usd_micros: 0, estimated: false });
        return Ok(NodeRun { cached: true, key: Some(key), cost, ..succeeded(node, Some(known)) });
    }
    let Some(work) = Work::of(step, &given, None) else { return Ok(cannot_be_asked(node)) };
    let job = enqueue::enqueue(tx, &work, key, Requester::Node(id, node.node_id.clone())).await?;
    Ok(NodeRun { status: job.status.into(), progress: job.progress, message: job.message, key: Some(key), job_id: Some(job.id), ..node })
}

type Inputs = (Vec<(&'static str, AssetRef)>, Vec<(&'static str, Vec<Sha256>)>);

/// The assets that flow into a step, by socket, and the hashes of each socket's; `None` where one was deleted.
async fn inputs(tx: &mut Tx, step: &Step, needed: &HashMap<NodeId, Needed>) -> Result<Option<Inputs>> {
    let (mut all, mut hashes) = (Vec::new(), Vec::new());
    for input in step.media_inputs() {
        let mut of_socket = Vec::with_capacity(input.from.len());
        for from in &input.from {
            let Some(asset) = needed.get(from).and_then(|needed| needed.asset) else { return Ok(None) };
            let Some(hash) = assets::file_hash(&mut **tx, asset).await? else { return Ok(None) };
            all.push((input.socket, asset));
            of_socket.push(hash);
        }
        hashes.push((input.socket, of_socket));
    }
    Ok(Some((all, hashes)))
}

/// A step that gives what the user gave, as long as it is stored.
async fn given(tx: &mut Tx, node: NodeRun, asset: AssetRef) -> Result<NodeRun> {
    let there = assets::file_hash(&mut **tx, asset).await?.is_some();
    Ok(if there { succeeded(node, Some(asset)) } else { lost_input(node) })
}

fn succeeded(node: NodeRun, asset: Option<AssetRef>) -> NodeRun {
    NodeRun { status: NodeStatus::Succeeded, progress: 1.0, ..node }.with_asset(asset)
}

fn failed(node: NodeRun, kind: ErrorKind, message: &str) -> NodeRun {
    NodeRun { status: NodeStatus::Failed, error: Some(Failure { kind, message: message.to_owned() }), ..node }
}

fn lost_input(node: NodeRun) -> NodeRun {
    failed(node, ErrorKind::Gone, "A clip that this needs was deleted from the library. Run it again, or choose another clip.")
}

/// A step whose settings were found right and still name no work must not wait for ever.
fn cannot_be_asked(node: NodeRun) -> NodeRun {
    failed(node, ErrorKind::Invalid, "What this node asks for cannot be made with its settings. Change them, and run it again.")
}

fn cannot_be_done(node: NodeRun) -> NodeRun {
    failed(node, ErrorKind::Invalid, "A newer Reelgraph planned this, and this version cannot do it. Start that version, or run it again.")
}

/// This version refuses what an earlier one began: nothing more of it can begin.
async fn give_up(tx: &mut Tx, execution: Execution, error: ApiError) -> Result<()> {
    let failure = Failure::from(error);
    for node in execution.nodes.into_iter().filter(|node| node.status == NodeStatus::Queued && node.job_id.is_none()) {
        store_node(tx, execution.id, NodeRun { status: NodeStatus::Failed, error: Some(failure.clone()), ..node }).await?;
    }
    Ok(())
}

/// Stores where a node stands, with its event. What it made is tied to its node in the workflow.
///
/// # Errors
/// The database's.
pub async fn store_node(tx: &mut Tx, execution_id: ExecutionId, node: NodeRun) -> Result<()> {
    let finished_at = node.status.is_finished().then(Timestamp::now);
    executions::update_node(tx, execution_id, &node, finished_at).await?;
    if let (NodeStatus::Succeeded, Some(finished_at), Some(_)) = (node.status, finished_at, node.asset()) {
        uses::associate_step(tx, execution_id, &node, finished_at).await?;
    }
    events::record(tx, &EventPayload::Node(NodeEvent { execution_id, node })).await
}

/// Ends an execution whose nodes have all ended, or marks it as running, or as waiting for the user.
///
/// # Errors
/// The database's.
pub async fn settle(tx: &mut Tx, id: ExecutionId) -> Result<()> {
    let status = status_of(steps::standing(tx, id).await?);
    // Between two steps all nodes may be queued for a moment; an execution that has begun stays so.
    if status == Status::Queued || executions::status(tx, id).await?.is_none_or(|now| now == status || now.is_finished()) {
        return Ok(());
    }
    let mut execution = load(tx, id).await?;
    let now = Timestamp::now();
    execution.status = status;
    execution.started_at = execution.started_at.or(Some(now));
    execution.finished_at = status.is_finished().then_some(now);
    // Once a run, not once a step: the workflow's row is as large as its definition.
    if let Some(workflow) = execution.workflow_id.filter(|_| status.is_finished()) {
        workflows::executed(tx, workflow, now).await?;
    }
    store_execution(tx, execution).await
}

/// Where an execution with such nodes stands.
fn status_of(standing: Standing) -> Status {
    match standing {
        Standing { running: true, .. } => Status::Running,
        // What is still queued without a job waits for the step whose outcome is not known.
        Standing { unknown: true, queued_job: false, .. } => Status::Unknown,
        Standing { queued: true, .. } | Standing { unknown: true, .. } => Status::Queued,
        Standing { failed: true, .. } => Status::Failed,
        Standing { cancelled: true, .. } => Status::Cancelled,
        _ => Status::Succeeded,
    }
}

/// Stores where an execution stands, with its event.
///
/// # Errors
/// The database's.
pub async fn store_execution(tx: &mut Tx, execution: Execution) -> Result<()> {
    executions::update(tx, &execution).await?;
    events::record(tx, &EventPayload::Execution(execution)).await
}

/// The execution with its nodes, which is there as long as anything of it runs.
async fn load(tx: &mut Tx, id: ExecutionId) -> Result<Execution> {
    executions::get(tx, id).await?.ok_or_else(|| Error::Internal(format!("execution {id} is gone while it runs")))
}
