//! The steps of executions: what each node does, which nodes wait for which, and where an execution stands by its nodes.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    Tx,
    executions::{self, NODES},
    kinds::file_hash_of,
    rows,
};
use crate::{
    domain::{
        AssetRef, ExecutionId, NodeId, Sha256,
        execution::{NodeRun, NodeStatus},
    },
    server::Result,
};

const NEEDS: &str = "execution_needs";

/// A node that has not begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its place in the plan: after all that it needs.
    pub position: i64,
    /// Where it stands.
    pub node: NodeRun,
    /// What it does, as it was stored; `None` of an execution that an earlier version began.
    pub step: Option<String>,
    /// What it needs.
    pub needs: Vec<NodeId>,
}

/// A node that others need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Where it stands.
    pub status: NodeStatus,
    /// What it gave.
    pub asset: Option<AssetRef>,
    /// The hash of that file, while it is stored and not in the trash.
    pub hash: Option<Sha256>,
}

/// Nodes of an execution that have not begun.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NotBegun {
    /// The nodes.
    pub waiting: Vec<Waiting>,
    /// All that they need, by id.
    pub needed: HashMap<NodeId, Needed>,
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

/// Every node of an execution that has not begun.
///
/// # Errors
/// The database's.
pub async fn not_begun(connection: &mut SqliteConnection, id: ExecutionId) -> Result<NotBegun> {
    let rows = sqlx::query("SELECT * FROM execution_nodes WHERE execution_id = $1 AND status = 'queued' AND job_id IS NULL");
    let rows = rows.bind(id.to_string()).fetch_all(&mut *connection).await?;
    with_needs(connection, id, &rows).await
}

/// Those nodes that need this one, which has ended or waits, and need not wait any longer: all that they need has succeeded, or this one never will.
///
/// # Errors
/// The database's.
pub async fn freed_by(connection: &mut SqliteConnection, id: ExecutionId, node_id: &NodeId) -> Result<NotBegun> {
    // Whether all is there is asked until the first that is not, so that a node that needs many does not read them all at the end of each.
    let rows = sqlx::query(
        "SELECT n.* FROM execution_needs d JOIN execution_nodes n ON n.execution_id = d.execution_id AND n.node_id = d.node_id \
         WHERE d.execution_id = $1 AND d.needed_id = $2 AND (EXISTS (SELECT 1 FROM execution_nodes e WHERE e.execution_id = $1 \
         AND e.node_id = $2 AND e.status IN ('failed', 'cancelled', 'skipped')) OR NOT EXISTS (SELECT 1 FROM execution_needs o \
         JOIN execution_nodes m ON m.execution_id = o.execution_id AND m.node_id = o.needed_id \
         WHERE o.execution_id = $1 AND o.node_id = d.node_id AND m.status <> 'succeeded'))",
    );
    let rows = rows.bind(id.to_string()).bind(node_id.as_str()).fetch_all(&mut *connection).await?;
    let mut freed = with_needs(connection, id, &rows).await?;
    freed.waiting.retain(|waiting| waiting.node.status == NodeStatus::Queued && waiting.node.job_id.is_none());
    Ok(freed)
}

/// The nodes of these rows with what they need.
async fn with_needs(connection: &mut SqliteConnection, id: ExecutionId, rows: &[SqliteRow]) -> Result<NotBegun> {
    let waiting = |row: &SqliteRow| {
        Ok(Waiting { position: row.try_get("position")?, node: executions::node(row)?, step: row.try_get("step")?, needs: Vec::new() })
    };
    let mut found = NotBegun { waiting: rows.iter().map(waiting).collect::<Result<_>>()?, needed: HashMap::new() };
    let mut needs: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    for some in found.waiting.chunks(rows::AT_ONCE) {
        let hash = file_hash_of("n.asset_kind", "n.asset_id");
        let mut query = QueryBuilder::<Sqlite>::new(format!(
            "SELECT d.node_id, d.needed_id, n.status, n.asset_kind, n.asset_id, {hash} AS file_hash FROM execution_needs d \
             JOIN execution_nodes n ON n.execution_id = d.execution_id AND n.node_id = d.needed_id WHERE d.execution_id = "
        ));
        query.push_bind(id.to_string()).push(" AND d.node_id IN (");
        let mut ids = query.separated(", ");
        for waiting in some {
            ids.push_bind(waiting.node.node_id.as_str());
        }
        for row in &query.push(")").build().fetch_all(&mut *connection).await? {
            let needed_id: NodeId = rows::parsed(row, NEEDS, "needed_id")?;
            needs.entry(rows::parsed(row, NEEDS, "node_id")?).or_default().push(needed_id.clone());
            let needed = Needed {
                status: rows::named(row, NODES, "status", NodeStatus::from_name)?,
                asset: rows::asset_option(row, NODES)?,
                hash: rows::parsed_option(row, NODES, "file_hash")?,
            };
            found.needed.insert(needed_id, needed);
        }
    }
    for waiting in &mut found.waiting {
        waiting.needs = needs.remove(&waiting.node.node_id).unwrap_or_default();
    }
    Ok(found)
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
