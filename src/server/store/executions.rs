//! Executions and their nodes.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{Db, Tx, paging::Keyset, rows};
use crate::{
    domain::{
        ExecutionId, JobId, NodeId, Timestamp, WorkflowId,
        event::NodeEvent,
        execution::{Cost, Execution, ExecutionFilter, Mode, NodeRun, NodeStatus},
        job::{Failure, Status},
        page::{Page, PageRequest},
    },
    server::{Error, Result},
};

const TABLE: &str = "executions";
pub(super) const NODES: &str = "execution_nodes";

/// Stores a new execution with its nodes, in their order, and the definition it runs.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut Tx, execution: &Execution, definition: &Value) -> Result<()> {
    sqlx::query(
        "INSERT INTO executions (id, workflow_id, mode, status, definition, created_at, started_at, finished_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(execution.id.to_string())
    .bind(rows::text(execution.workflow_id.as_ref()))
    .bind(execution.mode.name())
    .bind(execution.status.name())
    .bind(definition.to_string())
    .bind(execution.created_at.to_string())
    .bind(rows::text(execution.started_at.as_ref()))
    .bind(rows::text(execution.finished_at.as_ref()))
    .execute(&mut **tx)
    .await?;
    let nodes: Vec<_> = (0_i64..).zip(&execution.nodes).collect();
    for some in nodes.chunks(rows::AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO execution_nodes (execution_id, node_id, node_type, position, status) ");
        query.push_values(some, |mut row, (position, node)| {
            row.push_bind(execution.id.to_string()).push_bind(node.node_id.as_str()).push_bind(&node.node_type);
            row.push_bind(*position).push_bind(node.status.name());
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(())
}

/// The execution with its nodes.
///
/// # Errors
/// The database's.
pub async fn get(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Option<Execution>> {
    let row = sqlx::query("SELECT * FROM executions WHERE id = $1").bind(id.to_string()).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    with_nodes(connection, &row).await.map(Some)
}

/// The definition that the execution runs.
///
/// # Errors
/// The database's.
pub async fn definition(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Value> {
    let row = sqlx::query("SELECT definition FROM executions WHERE id = $1").bind(id.to_string()).fetch_one(connection).await?;
    rows::json(&row, TABLE, "definition")?.ok_or(Error::Row { table: TABLE, column: "definition", value: "null".into() })
}

/// What the workflow ran, newest first, with when; the text as it stands.
///
/// # Errors
/// The database's.
pub async fn definitions_of_workflow(connection: &mut SqliteConnection, id: WorkflowId, limit: u32) -> Result<Vec<(Timestamp, String)>> {
    let rows =
        sqlx::query("SELECT id, created_at, definition FROM executions WHERE workflow_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2");
    let rows = rows.bind(id.to_string()).bind(limit).fetch_all(connection).await?;
    let read = |row: &SqliteRow| Ok((rows::parsed(row, TABLE, "created_at")?, row.try_get("definition")?));
    rows::all_readable(&rows, read)
}

/// Where an execution stands; `None` if it is not there.
///
/// # Errors
/// The database's.
pub async fn status(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Option<Status>> {
    let row = sqlx::query("SELECT status FROM executions WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.map(|row| rows::named(&row, TABLE, "status", Status::from_name)).transpose()
}

/// The workflow of an execution, if it was run as one that is still there.
///
/// # Errors
/// The database's.
pub async fn workflow(connection: &mut SqliteConnection, id: ExecutionId) -> Result<Option<WorkflowId>> {
    let row = sqlx::query("SELECT workflow_id FROM executions WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.map_or(Ok(None), |row| rows::parsed_option(&row, TABLE, "workflow_id"))
}

/// The newest execution of a workflow.
///
/// # Errors
/// The database's.
pub async fn newest_of_workflow(connection: &mut SqliteConnection, id: WorkflowId) -> Result<Option<Execution>> {
    let row = sqlx::query("SELECT * FROM executions WHERE workflow_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1")
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    with_nodes(connection, &row).await.map(Some)
}

/// Executions that are not finished, oldest first; of one workflow, or all.
///
/// # Errors
/// The database's.
pub async fn unfinished(connection: &mut SqliteConnection, workflow_id: Option<WorkflowId>) -> Result<Vec<ExecutionId>> {
    let rows = sqlx::query(
        "SELECT id FROM executions WHERE status IN ('queued', 'running', 'unknown') AND ($1 IS NULL OR workflow_id = $1) \
         ORDER BY created_at, id",
    )
    .bind(rows::text(workflow_id.as_ref()))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| rows::parsed(row, TABLE, "id")).collect()
}

/// A page of executions, by the time they were asked for.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, filter: &ExecutionFilter, page: &PageRequest) -> Result<Page<Execution>> {
    let keyset = Keyset::text("created_at", "id");
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {}, * FROM executions WHERE TRUE", keyset.columns()));
    if let Some(workflow) = filter.workflow_id {
        query.push(" AND workflow_id = ").push_bind(workflow.to_string());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.name());
    }
    keyset.push_after(&mut query, page)?;
    keyset.push_order(&mut query, page);
    let mut snapshot = db.reader().begin().await?;
    let rows = query.build().fetch_all(&mut *snapshot).await?;
    let shown = &rows[..rows.len().min(page.limit as usize)];
    let mut nodes = nodes_of(&mut snapshot, shown).await?;
    let read = |row: &SqliteRow| {
        rows::left_out(row, execution(row, nodes.remove(&row.try_get::<String, _>("id").unwrap_or_default()).unwrap_or_default()))
    };
    keyset.page(&rows, page, shown.iter().map(read).collect::<Result<_>>()?)
}

/// Stores where an execution stands.
///
/// # Errors
/// The database's.
pub async fn update(tx: &mut Tx, execution: &Execution) -> Result<()> {
    sqlx::query("UPDATE executions SET status = $2, started_at = $3, finished_at = $4 WHERE id = $1")
        .bind(execution.id.to_string())
        .bind(execution.status.name())
        .bind(rows::text(execution.started_at.as_ref()))
        .bind(rows::text(execution.finished_at.as_ref()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Stores where a node stands; of one that has ended, since when.
///
/// # Errors
/// The database's.
pub async fn update_node(tx: &mut Tx, execution_id: ExecutionId, node: &NodeRun, finished_at: Option<Timestamp>) -> Result<()> {
    sqlx::query(
        "UPDATE execution_nodes SET status = $3, progress = $4, message = $5, cached = $6, content_key = $7, job_id = $8, asset_kind = $9, \
         error_kind = $10, error_message = $11, cost_usd_micros = $12, cost_estimated = $13, finished_at = $14, asset_id = $15 \
         WHERE execution_id = $1 AND node_id = $2",
    )
    .bind(execution_id.to_string())
    .bind(node.node_id.as_str())
    .bind(node.status.name())
    .bind(node.progress)
    .bind(&node.message)
    .bind(node.cached)
    .bind(rows::text(node.key.as_ref()))
    .bind(rows::text(node.job_id.as_ref()))
    .bind(node.asset().map(|asset| asset.kind.name()))
    .bind(node.error.as_ref().map(|error| error.kind.name()))
    .bind(node.error.as_ref().map(|error| error.message.clone()))
    .bind(node.cost.map(|cost| cost.usd_micros))
    .bind(node.cost.map(|cost| cost.estimated))
    .bind(rows::text(finished_at.as_ref()))
    .bind(node.asset().map(|asset| asset.id.to_string()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The nodes that wait for this job's outcome, in every execution.
///
/// # Errors
/// The database's.
pub async fn waiting_for(connection: &mut SqliteConnection, job_id: JobId) -> Result<Vec<NodeEvent>> {
    let rows = sqlx::query("SELECT * FROM execution_nodes WHERE job_id = $1 AND status IN ('queued', 'running', 'unknown')")
        .bind(job_id.to_string())
        .fetch_all(connection)
        .await?;
    let event = |row| Ok(NodeEvent { execution_id: rows::parsed(row, NODES, "execution_id")?, node: node(row)? });
    rows.iter().map(event).collect()
}

/// Keeps a moving percentage in the rows of the nodes that wait for a job.
///
/// # Errors
/// The database's.
pub async fn update_progress(tx: &mut Tx, job_id: JobId, progress: f64, message: &str) -> Result<()> {
    sqlx::query("UPDATE execution_nodes SET progress = $2, message = $3 WHERE job_id = $1 AND status = 'running'")
        .bind(job_id.to_string())
        .bind(progress)
        .bind(message)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn with_nodes(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Execution> {
    let nodes = nodes_of(connection, std::slice::from_ref(row)).await?.into_values().next();
    execution(row, nodes.unwrap_or_default())
}

/// The rows of the nodes of some executions, by execution, in their order.
async fn nodes_of(connection: &mut SqliteConnection, executions: &[SqliteRow]) -> Result<HashMap<String, Vec<SqliteRow>>> {
    let mut of = HashMap::new();
    for some in executions.chunks(500) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM execution_nodes WHERE execution_id IN (");
        let mut ids = query.separated(", ");
        for row in some {
            // One that cannot be read is told of where its execution is.
            ids.push_bind(row.try_get::<String, _>("id").unwrap_or_default());
        }
        query.push(") ORDER BY execution_id, position");
        for node in query.build().fetch_all(&mut *connection).await? {
            of.entry(node.try_get("execution_id")?).or_insert_with(Vec::new).push(node);
        }
    }
    Ok(of)
}

fn execution(row: &SqliteRow, nodes: Vec<SqliteRow>) -> Result<Execution> {
    let id: ExecutionId = rows::parsed(row, TABLE, "id")?;
    Ok(Execution {
        id,
        workflow_id: rows::parsed_option(row, TABLE, "workflow_id")?,
        mode: rows::named(row, TABLE, "mode", Mode::from_name)?,
        status: rows::named(row, TABLE, "status", Status::from_name)?,
        created_at: rows::parsed(row, TABLE, "created_at")?,
        started_at: rows::parsed_option(row, TABLE, "started_at")?,
        finished_at: rows::parsed_option(row, TABLE, "finished_at")?,
        nodes: nodes.iter().map(node).collect::<Result<_>>()?,
    })
}

pub(super) fn node(row: &SqliteRow) -> Result<NodeRun> {
    let usd_micros: Option<i64> = row.try_get("cost_usd_micros")?;
    let estimated: Option<bool> = row.try_get("cost_estimated")?;
    Ok(NodeRun {
        node_id: rows::parsed::<NodeId>(row, NODES, "node_id")?,
        node_type: row.try_get("node_type")?,
        status: rows::named(row, NODES, "status", NodeStatus::from_name)?,
        progress: row.try_get("progress")?,
        message: row.try_get("message")?,
        cached: row.try_get("cached")?,
        key: rows::parsed_option(row, NODES, "content_key")?,
        job_id: rows::parsed_option(row, NODES, "job_id")?,
        video_id: None,
        image_id: None,
        asset: None,
        error: failure(row, NODES)?,
        cost: usd_micros.map(|usd_micros| Cost { usd_micros, estimated: estimated.unwrap_or(true) }),
    }
    .with_asset(rows::asset_option(row, NODES)?))
}

/// The error that a row of `table` ended with.
pub(super) fn failure(row: &SqliteRow, table: &'static str) -> Result<Option<Failure>> {
    let kind: Option<String> = row.try_get("error_kind")?;
    let Some(name) = kind else { return Ok(None) };
    let kind = serde_json::from_value(Value::String(name.clone())).map_err(|_| Error::Row { table, column: "error_kind", value: name })?;
    let message: Option<String> = row.try_get("error_message")?;
    Ok(Some(Failure { kind, message: message.unwrap_or_default() }))
}
