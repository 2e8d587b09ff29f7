//! The jobs table as a user sees and orders it: what waits and in which order, rows with their names, posters counted apart.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{
    Tx,
    jobs::{QueuedJob, queued_job},
    paging::Keyset,
    rows,
};
use crate::{
    domain::{
        ExecutionId, JobId, Timestamp,
        error::WorkflowRef,
        job::{Job, PosterJobs, Status},
        page::{Page, PageRequest},
    },
    server::Result,
};

const TABLE: &str = "jobs";

/// Jobs with the workflow that each was begun from.
const WITH_WORKFLOW: &str = "jobs.*, workflows.id AS of_workflow, workflows.name AS of_workflow_name FROM jobs";
const ITS_WORKFLOW: &str =
    " LEFT JOIN executions ON executions.id = jobs.execution_id LEFT JOIN workflows ON workflows.id = executions.workflow_id WHERE ";

/// What orders a job that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The job.
    pub id: JobId,
    /// Queued, running or unknown.
    pub status: Status,
    /// The highest runs first.
    pub priority: i32,
    /// Whether it waits until it is resumed.
    pub paused: bool,
    /// The execution whose turn it takes.
    pub execution_id: Option<ExecutionId>,
    /// When that execution last had a turn.
    pub last_turn: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// The jobs that have not ended, posters left out; the oldest first.
///
/// # Errors
/// The database's.
pub async fn places(connection: &mut SqliteConnection) -> Result<Vec<Place>> {
    let rows = sqlx::query(
        "SELECT id, status, priority, paused, execution_id, created_at, (SELECT MAX(started_at) FROM jobs AS turn \
         WHERE turn.execution_id IS NOT DISTINCT FROM jobs.execution_id AND turn.kind <> 'poster') AS last_turn \
         FROM jobs WHERE status IN ('queued', 'running', 'unknown') AND kind <> 'poster' ORDER BY created_at, id",
    )
    .fetch_all(connection)
    .await?;
    let place = |row: &SqliteRow| {
        Ok(Place {
            id: rows::parsed(row, TABLE, "id")?,
            status: rows::named(row, TABLE, "status", Status::from_name)?,
            priority: row.try_get("priority")?,
            paused: row.try_get("paused")?,
            execution_id: rows::parsed_option(row, TABLE, "execution_id")?,
            last_turn: rows::parsed_option(row, TABLE, "last_turn")?,
            created_at: rows::parsed(row, TABLE, "created_at")?,
        })
    };
    rows::all_readable(&rows, place)
}

/// Stores the priority of a job and whether it is paused.
///
/// # Errors
/// The database's.
pub async fn arrange(tx: &mut Tx, job: &Job) -> Result<()> {
    sqlx::query("UPDATE jobs SET priority = $2, paused = $3 WHERE id = $1")
        .bind(job.id.to_string())
        .bind(job.priority)
        .bind(job.paused)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// These jobs with their workflows, in the order of `ids`.
///
/// # Errors
/// The database's.
pub async fn by_ids(connection: &mut SqliteConnection, ids: &[JobId]) -> Result<Vec<(QueuedJob, Option<WorkflowRef>)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {WITH_WORKFLOW}{ITS_WORKFLOW}"));
    query.push("jobs.id IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.to_string());
    }
    query.push(")");
    let rows = query.build().fetch_all(connection).await?;
    let mut found = HashMap::new();
    for row in &rows {
        found.extend(rows::readable(row, with_workflow)?.map(|found| (found.0.job.id, found)));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// A page of the jobs that have ended, or of those in `status`; posters left out, the last asked for first.
///
/// # Errors
/// The database's.
pub async fn ended(
    connection: &mut SqliteConnection,
    status: Option<Status>,
    page: &PageRequest,
) -> Result<Page<(QueuedJob, Option<WorkflowRef>)>> {
    let keyset = Keyset::text("jobs.created_at", "jobs.id");
    let mut query = QueryBuilder::<Sqlite>::new(format!(
        // The planner would go by status, and sort all that it finds.
        "SELECT {}, {WITH_WORKFLOW} INDEXED BY jobs_ended{ITS_WORKFLOW}",
        keyset.columns()
    ));
    query.push("jobs.kind <> 'poster' AND jobs.status IN ('succeeded', 'failed', 'cancelled')");
    if let Some(status) = status {
        query.push(" AND jobs.status = ").push_bind(status.name());
    }
    keyset.push_after(&mut query, page)?;
    keyset.push_order(&mut query, page);
    let rows = query.build().fetch_all(connection).await?;
    keyset.cut(&rows, page, with_workflow)
}

fn with_workflow(row: &SqliteRow) -> Result<(QueuedJob, Option<WorkflowRef>)> {
    let workflow = match rows::parsed_option(row, "workflows", "of_workflow")? {
        Some(id) => Some(WorkflowRef { id, name: row.try_get("of_workflow_name")? }),
        None => None,
    };
    Ok((queued_job(row)?, workflow))
}

/// How it stands with the posters.
///
/// # Errors
/// The database's.
pub async fn posters(connection: &mut SqliteConnection) -> Result<PosterJobs> {
    let row = sqlx::query(
        "SELECT COUNT(*) FILTER (WHERE status <> 'failed') AS under_way, COUNT(*) FILTER (WHERE status = 'failed') AS failed \
         FROM jobs WHERE kind = 'poster' AND status IN ('queued', 'running', 'failed')",
    )
    .fetch_one(connection)
    .await?;
    Ok(PosterJobs { under_way: row.try_get("under_way")?, failed: row.try_get("failed")? })
}

/// Whether a poster job ended before `moment`.
///
/// # Errors
/// The database's.
pub async fn has_old_posters(connection: &mut SqliteConnection, moment: Timestamp) -> Result<bool> {
    let row = sqlx::query(
        "SELECT 1 FROM jobs WHERE kind = 'poster' AND status IN ('succeeded', 'failed', 'cancelled') AND finished_at < $1 LIMIT 1",
    )
    .bind(moment.to_string())
    .fetch_optional(connection)
    .await?;
    Ok(row.is_some())
}

/// Removes the poster jobs that ended before `moment`; gives their number.
///
/// # Errors
/// The database's.
pub async fn prune_posters(tx: &mut Tx, moment: Timestamp) -> Result<u64> {
    let done =
        sqlx::query("DELETE FROM jobs WHERE kind = 'poster' AND status IN ('succeeded', 'failed', 'cancelled') AND finished_at < $1")
            .bind(moment.to_string())
            .execute(&mut **tx)
            .await?;
    Ok(done.rows_affected())
}
