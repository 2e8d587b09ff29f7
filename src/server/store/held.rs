//! Paid requests that wait for `reelgraph check`: those that a database behind its store found unsent.

use sqlx::SqliteConnection;

use super::{Tx, rows};
use crate::{
    domain::{ExecutionId, JobId},
    server::Result,
};

/// Holds whatever has not been sent now, and all that the executions under way may come to send.
///
/// # Errors
/// The database's.
pub async fn hold(tx: &mut Tx) -> Result<()> {
    sqlx::query(
        "INSERT INTO held (id) SELECT jobs.id FROM jobs JOIN spends ON spends.job_id = jobs.id AND spends.state = 'intended' \
         WHERE jobs.status IN ('queued', 'running', 'unknown') \
         UNION SELECT id FROM executions WHERE status IN ('queued', 'running', 'unknown') ON CONFLICT (id) DO NOTHING",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether a request of this job, made for this execution, is held as long as it has not been sent.
///
/// # Errors
/// The database's.
pub async fn holds(connection: &mut SqliteConnection, job: JobId, execution: Option<ExecutionId>) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM held WHERE id IN ($1, $2)")
        .bind(job.to_string())
        .bind(rows::text(execution.as_ref()))
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Whether anything is held.
///
/// # Errors
/// The database's.
pub async fn holds_any(connection: &mut SqliteConnection) -> Result<bool> {
    Ok(sqlx::query("SELECT 1 FROM held LIMIT 1").fetch_optional(connection).await?.is_some())
}

/// The jobs in the queue whose requests are held.
///
/// # Errors
/// The database's.
pub async fn queued(connection: &mut SqliteConnection) -> Result<Vec<JobId>> {
    let rows = sqlx::query(
        "SELECT jobs.id FROM jobs JOIN spends ON spends.job_id = jobs.id AND spends.state = 'intended' \
         WHERE jobs.status = 'queued' AND EXISTS (SELECT 1 FROM held WHERE held.id IN (jobs.id, jobs.execution_id))",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| rows::parsed(row, "jobs", "id")).collect()
}

/// Holds nothing any more.
///
/// # Errors
/// The database's.
pub async fn release(tx: &mut Tx) -> Result<()> {
    sqlx::query("DELETE FROM held").execute(&mut **tx).await?;
    Ok(())
}
