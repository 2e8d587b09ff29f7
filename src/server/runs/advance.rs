//! How an execution moves on: what is ready begins, what cannot succeed is skipped, and when nothing is left it ends. What a step's end costs
//! grows with what depends on it, not with the run.

use std::collections::{BTreeMap, HashMap};

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
            steps::{self, Needed, NotBegun, Standing, StepToStore, Waiting},
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
    begin_all(tx, id).await
}

/// Moves an execution on after one of its nodes has ended, or waits for the user.
///
/// # Errors
/// The database's.
pub async fn advance(tx: &mut Tx, id: ExecutionId, ended: &NodeId) -> Result<()> {
    let mut open = Open::default();
    open.add(steps::freed_by(tx, id, ended).await?);
    while let Some(waiting) = open.next() {
        // What begins may be done at once and free what follows.
        if let Some(done) = open.begin(tx, id, waiting).await? {
            open.add(steps::freed_by(tx, id, &done).await?);
        }
    }
    settle(tx, id).await
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
        match resume(db, *id).await {
            // It must not keep the others from going on, nor the server from starting.
            Err(cause) if cause.is_damaged_row() => {
                tracing::error!(%cause, execution = %id, "an unfinished run cannot be read, and does not go on");
            }
            resumed => resumed?,
        }
    }
    events.notify();
    Ok(unfinished.len())
}

async fn resume(db: &Db, id: ExecutionId) -> Result<()> {
    let mut tx = db.begin().await?;
    if steps::is_unplanned(&mut tx, id).await? {
        plan_again(&mut tx, id).await?;
    }
    if let Some(workflow) = executions::workflow(&mut tx, id).await? {
        uses::list_saved(&mut tx, workflow).await?;
    }
    begin_all(&mut tx, id).await?;
    Ok(tx.commit().await?)
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

/// Begins and skips what can be of all that has not begun, in the order of the plan.
async fn begin_all(tx: &mut Tx, id: ExecutionId) -> Result<()> {
    let mut open = Open::default();
    open.add(steps::not_begun(tx, id).await?);
    while let Some(waiting) = open.next() {
        open.begin(tx, id, waiting).await?;
    }
    settle(tx, id).await
}

/// Nodes that may be able to begin.
#[derive(Default)]
struct Open {
    /// By their places in the plan: each after what it needs.
    waiting: BTreeMap<i64, Waiting>,
    /// All that they need, as it stands now.
    needed: HashMap<NodeId, Needed>,
}

impl Open {
    fn add(&mut self, NotBegun { waiting, needed }: NotBegun) {
        self.waiting.extend(waiting.into_iter().map(|waiting| (waiting.position, waiting)));
        self.needed.extend(needed);
    }

    fn next(&mut self) -> Option<Waiting> {
        self.waiting.pop_first().map(|(_, waiting)| waiting)
    }

    /// Begins or skips a node, if it need not wait. Gives it where that has already ended it.
    async fn begin(&mut self, tx: &mut Tx, id: ExecutionId, Waiting { node, step, needs, .. }: Waiting) -> Result<Option<NodeId>> {
        let node_id = node.node_id.clone();
        let Begun { node, hash } = match readiness(&needs, &self.needed) {
            Readiness::Waits => return Ok(None),
            Readiness::Blocked(by) => skipped(node, by).into(),
            Readiness::Ready => match step.and_then(|step| Step::from_json(node_id.clone(), &step)) {
                Some(step) => begin_step(tx, id, node, &step, &self.needed).await?,
                None => cannot_be_done(node).into(),
            },
        };
        let (status, asset) = (node.status, node.asset());
        self.needed.insert(node_id.clone(), Needed { status, asset, hash });
        store_node(tx, id, node).await?;
        Ok(status.is_finished().then_some(node_id))
    }
}

enum Readiness<'a> {
    /// Something it needs is not there yet.
    Waits,
    /// This, which it needs, will never be there.
    Blocked(&'a NodeId),
    Ready,
}

fn readiness<'a>(needs: &'a [NodeId], needed: &HashMap<NodeId, Needed>) -> Readiness<'a> {
    let status = |id: &NodeId| needed.get(id).map(|needed| needed.status);
    let is_lost = |id: &&NodeId| matches!(status(id), Some(NodeStatus::Failed | NodeStatus::Cancelled | NodeStatus::Skipped));
    if let Some(by) = needs.iter().filter(is_lost).min() {
        return Readiness::Blocked(by);
    }
    if needs.iter().all(|id| status(id) == Some(NodeStatus::Succeeded)) { Readiness::Ready } else { Readiness::Waits }
}

/// A node that has begun, perhaps ended at once.
struct Begun {
    node: NodeRun,
    /// The hash of what it gave.
    hash: Option<Sha256>,
}

impl From<NodeRun> for Begun {
    fn from(node: NodeRun) -> Self {
        Self { node, hash: None }
    }
}

fn skipped(node: NodeRun, by: &NodeId) -> NodeRun {
    NodeRun { status: NodeStatus::Skipped, message: format!("“{by}”, which this needs, did not succeed."), ..node }
}

/// Begins a step whose inputs are there: at once for what needs no work, from the cache, or as a job.
async fn begin_step(tx: &mut Tx, id: ExecutionId, node: NodeRun, step: &Step, needed: &HashMap<NodeId, Needed>) -> Result<Begun> {
    match &step.action {
        Action::Value { .. } => return Ok(succeeded(node, None).into()),
        Action::Given(asset) => {
            // What the user gave, as long as it is stored.
            let hash = assets::file_hash(&mut **tx, *asset).await?;
            let node = if hash.is_some() { succeeded(node, Some(*asset)) } else { lost_input(node) };
            return Ok(Begun { node, hash });
        }
        Action::Name { name } => {
            let clip =
                step.media_inputs().flat_map(|input| &input.from).filter_map(|from| needed.get(from)).find(|one| one.asset.is_some());
            let asset = clip.and_then(|clip| clip.asset);
            if let (Some(name), Some(asset)) = (name, asset) {
                assets::rename(tx, asset, &presentable_name(name)).await?;
            }
            return Ok(Begun { node: succeeded(node, asset), hash: clip.and_then(|clip| clip.hash) });
        }
        Action::Make { .. } => {}
    }
    let Some((given, hashes)) = inputs(step, needed) else { return Ok(lost_input(node).into()) };
    let key = content_key(step, &hashes);
    if let Some((known, hash)) = step_results::find(tx, &key).await? {
        let cost = step.is_paid().then_some(Cost { usd_micros: 0, estimated: false });
        let node = NodeRun { cached: true, key: Some(key), cost, ..succeeded(node, Some(known)) };
        return Ok(Begun { node, hash: Some(hash) });
    }
    let Some(work) = Work::of(step, &given, None) else { return Ok(cannot_be_asked(node).into()) };
    let job = enqueue::enqueue(tx, &work, key, Requester::Node(id, node.node_id.clone())).await?;
    let (status, job_id) = (job.status.into(), Some(job.id));
    Ok(NodeRun { status, progress: job.progress, message: job.message, key: Some(key), job_id, ..node }.into())
}

type Inputs = (Vec<(&'static str, AssetRef)>, Vec<(&'static str, Vec<Sha256>)>);

/// The assets that flow into a step, by socket, and the hashes of each socket's; `None` where one was deleted.
fn inputs(step: &Step, needed: &HashMap<NodeId, Needed>) -> Option<Inputs> {
    let (mut all, mut hashes) = (Vec::new(), Vec::new());
    for input in step.media_inputs() {
        let mut of_socket = Vec::with_capacity(input.from.len());
        for from in &input.from {
            let Needed { asset, hash, .. } = needed.get(from)?;
            all.push((input.socket, (*asset)?));
            of_socket.push((*hash)?);
        }
        hashes.push((input.socket, of_socket));
    }
    Some((all, hashes))
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
