//! The steps of executions: what each node does, which nodes wait for which, and where an execution stands by its nodes.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    Tx,
    executions::{self, NODES},
    rows,
};
use crate::{
    domain::{
        AssetRef, ExecutionId, NodeId,
        execution::{NodeRun, NodeStatus},
    },
    server::Result,
};

/// A node that has not begun, with its step.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Where it stands.
    pub node: NodeRun,
    /// What it does, as it was stored; `None` of an execution that an earlier version began.
    pub step: Option<String>,
}

/// Something that a node needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Where it stands.
    pub status: NodeStatus,
    /// What it gave.
    pub asset: Option<AssetRef>,
}

/// A step on its way into the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepToStore<'a> {
    /// Whose step it is.
    pub node_id: &'a NodeId,
    /// What it does, as JSON.
    pub json: String,
    /// What it needs.
    pub needs: Vec<&'a NodeId>,
}

/// Stores what the nodes of an execution do, and what each needs.
///
/// # Errors
/// The database's.
pub async fn store(tx: &mut Tx, id: ExecutionId, steps: &[StepToStore<'_>]) -> Result<()> {
    let id = id.to_string();
    for some in steps.chunks(rows::AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH given (node_id, step) AS (");
        query.push_values(some, |mut row, step| {
            row.push_bind(step.node_id.as_str()).push_bind(&step.json);
        });
        query.push(
            ") UPDATE execution_nodes SET step = given.step FROM given WHERE execution_nodes.node_id = given.node_id AND execution_id = ",
        );
        query.push_bind(&id).build().execute(&mut **tx).await?;
    }
    let needs: Vec<_> = steps.iter().flat_map(|step| step.needs.iter().map(|needed| (*needed, step.node_id))).collect();
    for some in needs.chunks(rows::AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO execution_needs (execution_id, needed_id, node_id) ");
        query.push_values(some, |mut row, (needed, node_id)| {
            row.push_bind(&id).push_bind(needed.as_str()).push_bind(node_id.as_str());
        });
        query.push(" ON CONFLICT DO NOTHING").build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// The nodes of an execution that have not begun, each with its place in the plan.
///
/// # Errors
/// The database's.
pub async fn not_begun(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Vec<(i64, NodeId)>> {
    let rows =
        sqlx::query("SELECT position, node_id FROM execution_nodes WHERE execution_id = $1 AND status = 'queued' AND job_id IS NULL");
    let rows = rows.bind(id.to_string()).fetch_all(connection).await?;
    rows.iter().map(place).collect()
}

/// The nodes of an execution that need this one, each with its place in the plan.
///
/// # Errors
/// The database's.
pub async fn dependents(connection: &mut SqliteConnection, id: ExecutionId, node_id: &NodeId) -> Result<Vec<(i64, NodeId)>> {
    let rows = sqlx::query(
        "SELECT n.position, n.node_id FROM execution_needs d \
         JOIN execution_nodes n ON n.execution_id = d.execution_id AND n.node_id = d.node_id \
         WHERE d.execution_id = $1 AND d.needed_id = $2",
    );
    let rows = rows.bind(id.to_string()).bind(node_id.as_str()).fetch_all(connection).await?;
    rows.iter().map(place).collect()
}

fn place(row: &SqliteRow) -> Result<(i64, NodeId)> {
    Ok((row.try_get("position")?, rows::parsed(row, NODES, "node_id")?))
}

/// The node, if it has not begun.
///
/// # Errors
/// The database's.
pub async fn waiting(connection: &mut SqliteConnection, id: ExecutionId, node_id: &NodeId) -> Result<Option<Waiting>> {
    let row =
        sqlx::query("SELECT * FROM execution_nodes WHERE execution_id = $1 AND node_id = $2 AND status = 'queued' AND job_id IS NULL");
    let row = row.bind(id.to_string()).bind(node_id.as_str()).fetch_optional(connection).await?;
    row.map(|row| Ok(Waiting { node: executions::node(&row)?, step: row.try_get("step")? })).transpose()
}

/// What a node needs, by id.
///
/// # Errors
/// The database's.
pub async fn needed(connection: &mut SqliteConnection, id: ExecutionId, node_id: &NodeId) -> Result<HashMap<NodeId, Needed>> {
    let rows = sqlx::query(
        "SELECT n.* FROM execution_needs d \
         JOIN execution_nodes n ON n.execution_id = d.execution_id AND n.node_id = d.needed_id \
         WHERE d.execution_id = $1 AND d.node_id = $2",
    );
    let rows = rows.bind(id.to_string()).bind(node_id.as_str()).fetch_all(connection).await?;
    let needed = |row| {
        let node = executions::node(row)?;
        let asset = node.asset();
        Ok((node.node_id, Needed { status: node.status, asset }))
    };
    rows.iter().map(needed).collect()
}

/// Whether a node of an execution has no step stored: an earlier version began it.
///
/// # Errors
/// The database's.
pub async fn is_unplanned(connection: &mut SqliteConnection, id: ExecutionId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND step IS NULL LIMIT 1");
    Ok(row.bind(id.to_string()).fetch_optional(connection).await?.is_some())
}

/// Which statuses the nodes of an execution have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// One is being made.
    pub running: bool,
    /// One waits for the user.
    pub unknown: bool,
    /// One waits.
    pub queued: bool,
    /// One waits as a job.
    pub queued_job: bool,
    /// One has failed.
    pub failed: bool,
    /// One was stopped.
    pub cancelled: bool,
}

/// Where an execution stands by its nodes: looked up, not counted.
///
/// # Errors
/// The database's.
pub async fn standing(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Standing> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND status = 'running') AS running, \
         EXISTS (SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND status = 'unknown') AS unknown, \
         EXISTS (SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND status = 'queued') AS queued, \
         EXISTS (SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND status = 'queued' AND job_id IS NOT NULL) AS queued_job, \
         EXISTS (SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND status = 'failed') AS failed, \
         EXISTS (SELECT 1 FROM execution_nodes WHERE execution_id = $1 AND status = 'cancelled') AS cancelled",
    );
    let row = row.bind(id.to_string()).fetch_one(connection).await?;
    Ok(Standing {
        running: row.try_get("running")?,
        unknown: row.try_get("unknown")?,
        queued: row.try_get("queued")?,
        queued_job: row.try_get("queued_job")?,
        failed: row.try_get("failed")?,
        cancelled: row.try_get("cancelled")?,
    })
}
