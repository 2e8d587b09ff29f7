//! The jobs table, which is the queue. A worker holds a job by its lease token; whatever it writes back names the token.

use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use super::{Db, Tx, executions::failure, paging::Keyset, rows};
use crate::{
    domain::{
        JobId, Sha256, Timestamp,
        job::{Job, JobFilter, JobKind, Status},
        page::{Page, PageRequest},
    },
    server::Result,
};

const TABLE: &str = "jobs";

/// A job with what the queue knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedJob {
    /// The job as the API shows it.
    pub job: Job,
    /// The content key of its result, where it has one.
    pub key: Option<Sha256>,
    /// The version of its operation that stored the input.
    pub version: u32,
    /// What it works on, in its operation's own form.
    pub input: Value,
    /// How often a worker has taken it.
    pub attempts: i64,
    /// Asked for on its own as well, so that no execution's cancellation ends it.
    pub stand_alone: bool,
    /// Who works on it, one of [`lane`].
    pub lane: String,
}

/// Who works on a job: the workers of this machine, or those that wait for a provider.
pub mod lane {
    /// Work for ffmpeg.
    pub const LOCAL: &str = "local";
    /// Work for a provider, under its name.
    pub const PAID: [&str; 3] = ["openai", "google", "xai"];
    /// Every lane.
    pub const ALL: [&str; 4] = [LOCAL, PAID[0], PAID[1], PAID[2]];
}

/// A worker's hold on a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job_id: JobId,
    /// The token; another worker's is different.
    pub token: String,
}

/// A worker's last sign of life. Only whether it changes is looked at: the clock that it was written by may be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// The job that it works on.
    pub job_id: JobId,
    /// Its token.
    pub token: Option<String>,
    /// When it gave the sign.
    pub heartbeat_at: Option<String>,
}

/// Stores a new job.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut Tx, queued: &QueuedJob) -> Result<()> {
    let job = &queued.job;
    sqlx::query(
        "INSERT INTO jobs (id, kind, status, progress, message, execution_id, node_id, content_key, stand_alone, input, created_at, \
         asset_kind, started_at, finished_at, priority, paused, lane, asset_id, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    )
    .bind(job.id.to_string())
    .bind(job.kind.name())
    .bind(job.status.name())
    .bind(job.progress)
    .bind(&job.message)
    .bind(rows::text(job.execution_id.as_ref()))
    .bind(rows::text(job.node_id.as_ref()))
    .bind(rows::text(queued.key.as_ref()))
    .bind(queued.stand_alone)
    .bind(queued.input.to_string())
    .bind(job.created_at.to_string())
    .bind(job.asset.map(|asset| asset.kind.name()))
    .bind(rows::text(job.started_at.as_ref()))
    .bind(rows::text(job.finished_at.as_ref()))
    .bind(job.priority)
    .bind(job.paused)
    .bind(&queued.lane)
    .bind(job.asset.map(|asset| asset.id.to_string()))
    .bind(queued.version)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The job with this id.
///
/// # Errors
/// The database's.
pub async fn get(connection: &mut SqliteConnection, id: JobId) -> Result<Option<QueuedJob>> {
    let row = sqlx::query("SELECT * FROM jobs WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(queued_job).transpose()
}

/// The job that is making the result of this key now, or will.
///
/// # Errors
/// The database's.
pub async fn in_flight(connection: &mut SqliteConnection, key: &Sha256) -> Result<Option<QueuedJob>> {
    let row = sqlx::query("SELECT * FROM jobs WHERE content_key = $1 AND status IN ('queued', 'running', 'unknown')")
        .bind(key.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(queued_job).transpose()
}

/// Marks a job as asked for on its own.
///
/// # Errors
/// The database's.
pub async fn set_stand_alone(tx: &mut Tx, id: JobId) -> Result<()> {
    sqlx::query("UPDATE jobs SET stand_alone = 1 WHERE id = $1").bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// A page of jobs, by the time they were asked for. Of an execution those too that it shares with another.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor of another list; the database's.
pub async fn list(db: &Db, filter: &JobFilter, page: &PageRequest) -> Result<Page<Job>> {
    let keyset = Keyset::text("created_at", "id");
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {}, * FROM jobs WHERE TRUE", keyset.columns()));
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.name());
    }
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(kind.name().to_owned());
    }
    if let Some(execution) = filter.execution_id {
        let execution = execution.to_string();
        query.push(" AND id IN (SELECT id FROM jobs WHERE execution_id = ").push_bind(execution.clone());
        query.push(" UNION SELECT job_id FROM execution_nodes WHERE execution_id = ").push_bind(execution).push(")");
    }
    keyset.push_after(&mut query, page)?;
    keyset.push_order(&mut query, page);
    let rows = query.build().fetch_all(db.reader()).await?;
    keyset.cut(&rows, page, |row| Ok(queued_job(row)?.job))
}

/// Leaves out a job whose request is held: see [`super::held`].
macro_rules! is_not_held {
    ($jobs:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM held JOIN spends ON spends.job_id = ",
            $jobs,
            ".id AND spends.state = 'intended' WHERE held.id IN (",
            $jobs,
            ".id, ",
            $jobs,
            ".execution_id))"
        )
    };
}

/// Which job of a lane is next: the highest priority, then the execution whose last turn is longest ago, then the oldest. A poster is nobody's
/// turn; one that was asked for after `posters_until` waits.
///
/// # Errors
/// The database's.
pub async fn next(connection: &mut SqliteConnection, lane: &str, posters_until: Option<Timestamp>) -> Result<Option<JobId>> {
    let row = sqlx::query(concat!(
        "SELECT id FROM jobs AS candidate WHERE lane = $2 AND status = 'queued' AND paused = 0 AND (run_after IS NULL OR run_after <= $1) AND ",
        "($3 IS NULL OR kind <> 'poster' OR created_at <= $3) AND ",
        is_not_held!("candidate"),
        " ORDER BY priority DESC, \
         COALESCE((SELECT MAX(started_at) FROM jobs AS turn WHERE turn.execution_id IS NOT DISTINCT FROM candidate.execution_id \
         AND turn.kind <> 'poster'), ''), \
         created_at, id LIMIT 1"
    ))
    .bind(Timestamp::now().to_string())
    .bind(lane)
    .bind(rows::text(posters_until.as_ref()))
    .fetch_optional(connection)
    .await?;
    row.map(|row| rows::parsed(&row, TABLE, "id")).transpose()
}

/// Whether a job of a lane is done, or waits for nothing but its turn.
///
/// # Errors
/// The database's.
pub async fn is_busy(executor: impl SqliteExecutor<'_>, lane: &str) -> Result<bool> {
    let row = sqlx::query(
        "SELECT 1 FROM jobs WHERE lane = $1 AND status IN ('queued', 'running') \
         AND (status = 'running' OR paused = 0 AND (run_after IS NULL OR run_after <= $2)) LIMIT 1",
    );
    Ok(row.bind(lane).bind(Timestamp::now().to_string()).fetch_optional(executor).await?.is_some())
}

/// When the next job of a lane may be taken that may not be taken yet.
///
/// # Errors
/// The database's.
pub async fn next_due(connection: &mut SqliteConnection, lane: &str) -> Result<Option<Timestamp>> {
    let row = sqlx::query(concat!(
        "SELECT MIN(run_after) AS due FROM jobs WHERE lane = $1 AND status = 'queued' AND paused = 0 AND ",
        is_not_held!("jobs")
    ))
    .bind(lane)
    .fetch_one(connection)
    .await?;
    rows::parsed_option(&row, TABLE, "due")
}

/// Lets nothing of a lane begin before `moment`: its provider asked for that.
///
/// # Errors
/// The database's.
pub async fn put_off_lane(tx: &mut Tx, lane: &str, moment: Timestamp) -> Result<()> {
    sqlx::query("UPDATE jobs SET run_after = $2 WHERE lane = $1 AND status = 'queued' AND (run_after IS NULL OR run_after < $2)")
        .bind(lane)
        .bind(moment.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Lets a job begin at `moment`, or at once.
///
/// # Errors
/// The database's.
pub async fn set_run_after(tx: &mut Tx, id: JobId, moment: Option<Timestamp>) -> Result<()> {
    sqlx::query("UPDATE jobs SET run_after = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(moment.map(|moment| moment.to_string()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Lets every job begin that waits for a moment: the clock by which that was set is another now.
///
/// # Errors
/// The database's.
pub async fn begin_all(tx: &mut Tx) -> Result<()> {
    sqlx::query("UPDATE jobs SET run_after = NULL WHERE status = 'queued' AND run_after IS NOT NULL").execute(&mut **tx).await?;
    Ok(())
}

/// Gives a queued job to a worker, and the worker the lease.
///
/// # Errors
/// The database's.
pub async fn take(tx: &mut Tx, id: JobId, token: String) -> Result<Lease> {
    sqlx::query(
        "UPDATE jobs SET status = 'running', lease_token = $2, heartbeat_at = $3, started_at = COALESCE(started_at, $3), \
         attempts = attempts + 1, progress = 0, message = '' WHERE id = $1 AND status = 'queued'",
    )
    .bind(id.to_string())
    .bind(&token)
    .bind(Timestamp::now().to_string())
    .execute(&mut **tx)
    .await?;
    Ok(Lease { job_id: id, token })
}

/// Whether the worker still holds the job.
///
/// # Errors
/// The database's.
pub async fn holds(connection: &mut SqliteConnection, lease: &Lease) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM jobs WHERE id = $1 AND lease_token = $2 AND status = 'running'")
        .bind(lease.job_id.to_string())
        .bind(&lease.token)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Renews the lease and stores how far the work is. `false`: the job is no longer this worker's.
///
/// # Errors
/// The database's.
pub async fn renew(tx: &mut Tx, lease: &Lease, progress: f64, message: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE jobs SET heartbeat_at = $3, progress = $4, message = $5 WHERE id = $1 AND lease_token = $2 AND status = 'running'",
    )
    .bind(lease.job_id.to_string())
    .bind(&lease.token)
    .bind(Timestamp::now().to_string())
    .bind(progress)
    .bind(message)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores how a job stands after a change of status; the lease ends with it.
///
/// # Errors
/// The database's.
pub async fn update(tx: &mut Tx, job: &Job) -> Result<()> {
    sqlx::query(
        "UPDATE jobs SET status = $2, progress = $3, message = $4, asset_kind = $5, error_kind = $6, error_message = $7, \
         finished_at = $8, paused = $9, asset_id = $10, lease_token = NULL, heartbeat_at = NULL WHERE id = $1",
    )
    .bind(job.id.to_string())
    .bind(job.status.name())
    .bind(job.progress)
    .bind(&job.message)
    .bind(job.asset.map(|asset| asset.kind.name()))
    .bind(job.error.as_ref().map(|error| error.kind.name()))
    .bind(job.error.as_ref().map(|error| error.message.clone()))
    .bind(rows::text(job.finished_at.as_ref()))
    .bind(job.paused)
    .bind(job.asset.map(|asset| asset.id.to_string()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes back the attempt of a job whose worker was told to stop: the job did nothing wrong.
///
/// # Errors
/// The database's.
pub async fn forgive_attempt(tx: &mut Tx, id: JobId) -> Result<()> {
    sqlx::query("UPDATE jobs SET attempts = attempts - 1 WHERE id = $1 AND attempts > 0").bind(id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// The last sign of life of each running job's worker.
///
/// # Errors
/// The database's.
pub async fn signs(connection: &mut SqliteConnection) -> Result<Vec<Sign>> {
    let rows = sqlx::query("SELECT id, lease_token, heartbeat_at FROM jobs WHERE status = 'running'").fetch_all(connection).await?;
    let sign = |row: &SqliteRow| {
        Ok(Sign { job_id: rows::parsed(row, TABLE, "id")?, token: row.try_get("lease_token")?, heartbeat_at: row.try_get("heartbeat_at")? })
    };
    rows.iter().map(sign).collect()
}

/// Whether a worker's sign is still its last, and the job still runs.
///
/// # Errors
/// The database's.
pub async fn is_last(connection: &mut SqliteConnection, sign: &Sign) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM jobs WHERE id = $1 AND status = 'running' AND lease_token IS $2 AND heartbeat_at IS $3")
        .bind(sign.job_id.to_string())
        .bind(&sign.token)
        .bind(&sign.heartbeat_at)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

pub(super) fn queued_job(row: &SqliteRow) -> Result<QueuedJob> {
    let job = Job {
        id: rows::parsed(row, TABLE, "id")?,
        kind: JobKind::from_name(row.try_get("kind")?),
        status: rows::named(row, TABLE, "status", Status::from_name)?,
        progress: row.try_get("progress")?,
        message: row.try_get("message")?,
        execution_id: rows::parsed_option(row, TABLE, "execution_id")?,
        node_id: rows::parsed_option(row, TABLE, "node_id")?,
        video_id: None,
        image_id: None,
        asset: None,
        error: failure(row, TABLE)?,
        created_at: rows::parsed(row, TABLE, "created_at")?,
        started_at: rows::parsed_option(row, TABLE, "started_at")?,
        finished_at: rows::parsed_option(row, TABLE, "finished_at")?,
        priority: row.try_get("priority")?,
        paused: row.try_get("paused")?,
    };
    Ok(QueuedJob {
        job: job.with_asset(rows::asset_option(row, TABLE)?),
        key: rows::parsed_option(row, TABLE, "content_key")?,
        version: row.try_get("version")?,
        // One that is no JSON fails its own job, as no operation can read it, and holds up no other.
        input: rows::left_out(row, rows::json(row, TABLE, "input"))?.flatten().unwrap_or(Value::Null),
        attempts: row.try_get("attempts")?,
        stand_alone: row.try_get("stand_alone")?,
        lane: row.try_get("lane")?,
    })
}
