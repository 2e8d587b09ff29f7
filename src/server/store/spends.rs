//! The ledger of paid requests.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{Db, Tx, paging::Keyset, rows};
use crate::{
    domain::{
        AssetRef, ExecutionId, JobId, NodeId, Timestamp,
        error::WorkflowRef,
        execution::Cost,
        job::Status,
        page::{Page, PageRequest},
        spend::{Spend, SpendState, SpendSum},
    },
    server::Result,
};

const TABLE: &str = "spends";

/// What a row that may cost something counts for: what the provider told, else the estimate.
macro_rules! amount {
    () => {
        "COALESCE(usd_micros, CASE WHEN state IN ('sent', 'accepted', 'kept', 'lost', 'abandoned') THEN estimated_usd_micros END, 0)"
    };
}

/// A request that is about to be paid for.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// The job it is made for.
    pub job_id: JobId,
    /// The execution, if one asked.
    pub execution_id: Option<ExecutionId>,
    /// The node, if one asked.
    pub node_id: Option<NodeId>,
    /// Who will be paid.
    pub provider: String,
    /// The model.
    pub model: String,
    /// What is asked for.
    pub prompt: String,
    /// Its price by the table, in millionths of a US dollar.
    pub estimated_usd_micros: Option<i64>,
}

/// How far a request got.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The job.
    pub job_id: JobId,
    /// The execution, if one asked.
    pub execution_id: Option<ExecutionId>,
    /// Who is paid.
    pub provider: String,
    /// How far it got.
    pub state: SpendState,
    /// The provider's own name for the job.
    pub provider_job_id: Option<String>,
    /// Its price by the table, in millionths of a US dollar.
    pub estimated_usd_micros: Option<i64>,
    /// Its price as the provider told.
    pub usd_micros: Option<i64>,
    /// How often the provider took nothing.
    pub refusals: i64,
    /// When the request left.
    pub sent_at: Option<Timestamp>,
}

impl Entry {
    /// What it costs: nothing, an estimate, or what the provider told. `None` where nobody knows.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        cost(self.state, self.usd_micros, self.estimated_usd_micros)
    }
}

fn cost(state: SpendState, told: Option<i64>, estimated: Option<i64>) -> Option<Cost> {
    match (told, state.may_cost()) {
        (Some(usd_micros), _) => Some(Cost { usd_micros, estimated: false }),
        (None, true) => estimated.map(|usd_micros| Cost { usd_micros, estimated: true }),
        (None, false) => Some(Cost { usd_micros: 0, estimated: state == SpendState::Failed }),
    }
}

/// Writes a request down before it can leave.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut Tx, intent: &Intent) -> Result<()> {
    sqlx::query(
        "INSERT INTO spends (job_id, execution_id, node_id, provider, model, prompt, state, estimated_usd_micros, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'intended', $7, $8)",
    )
    .bind(intent.job_id.to_string())
    .bind(rows::text(intent.execution_id.as_ref()))
    .bind(rows::text(intent.node_id.as_ref()))
    .bind(&intent.provider)
    .bind(&intent.model)
    .bind(&intent.prompt)
    .bind(intent.estimated_usd_micros)
    .bind(Timestamp::now().to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How far the request of a job got; `None` for a job that pays nobody.
///
/// # Errors
/// The database's.
pub async fn get(connection: &mut SqliteConnection, job_id: JobId) -> Result<Option<Entry>> {
    let row = sqlx::query("SELECT * FROM spends WHERE job_id = $1").bind(job_id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(entry).transpose()
}

/// Stores how far a request got. Times of steps that were taken stay.
///
/// # Errors
/// The database's.
pub async fn set_state(tx: &mut Tx, job_id: JobId, state: SpendState) -> Result<()> {
    let now = Timestamp::now().to_string();
    let is_end = !matches!(state, SpendState::Intended | SpendState::Sent | SpendState::Accepted);
    sqlx::query(
        "UPDATE spends SET state = $2, sent_at = CASE $2 WHEN 'sent' THEN $3 WHEN 'intended' THEN NULL ELSE sent_at END, \
         accepted_at = CASE WHEN $2 = 'accepted' THEN COALESCE(accepted_at, $3) ELSE accepted_at END, \
         refusals = refusals + ($2 = 'intended'), ended_at = CASE WHEN $4 THEN $3 END WHERE job_id = $1",
    )
    .bind(job_id.to_string())
    .bind(state.name())
    .bind(now)
    .bind(is_end)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores the provider's own name for the job, once it is known.
///
/// # Errors
/// The database's.
pub async fn set_provider_job(tx: &mut Tx, job_id: JobId, provider_job_id: &str) -> Result<()> {
    sqlx::query("UPDATE spends SET provider_job_id = $2, accepted_at = COALESCE(accepted_at, $3) WHERE job_id = $1")
        .bind(job_id.to_string())
        .bind(provider_job_id)
        .bind(Timestamp::now().to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether a request has this job of a provider.
///
/// # Errors
/// The database's.
pub async fn is_taken(connection: &mut SqliteConnection, provider_job_id: &str) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM spends WHERE provider_job_id = $1").bind(provider_job_id).fetch_optional(connection).await?;
    Ok(row.is_some())
}

/// Stores what the provider charges, in millionths of a US dollar.
///
/// # Errors
/// The database's.
pub async fn set_price(tx: &mut Tx, job_id: JobId, usd_micros: i64) -> Result<()> {
    sqlx::query("UPDATE spends SET usd_micros = $2 WHERE job_id = $1").bind(job_id.to_string()).bind(usd_micros).execute(&mut **tx).await?;
    Ok(())
}

/// Keeps a provider's answer for support.
///
/// # Errors
/// The database's.
pub async fn set_answer(tx: &mut Tx, job_id: JobId, raw: &str) -> Result<()> {
    sqlx::query("UPDATE spends SET raw_answer = $2 WHERE job_id = $1").bind(job_id.to_string()).bind(raw).execute(&mut **tx).await?;
    Ok(())
}

/// Jobs that a provider has and nobody wants any more, of whom the provider has not been told.
///
/// # Errors
/// The database's.
pub async fn unwanted(connection: &mut SqliteConnection) -> Result<Vec<Entry>> {
    let rows = sqlx::query("SELECT * FROM spends WHERE state = 'abandoned' AND told = 0 AND provider_job_id IS NOT NULL LIMIT 50")
        .fetch_all(connection)
        .await?;
    rows.iter().map(entry).collect()
}

/// Notes that the provider was asked to withdraw the job, or had nothing to withdraw.
///
/// # Errors
/// The database's.
pub async fn set_withdrawn(tx: &mut Tx, job_id: JobId) -> Result<()> {
    sqlx::query("UPDATE spends SET told = 1 WHERE job_id = $1").bind(job_id.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// What the requests of an execution have cost so far, in millionths of a US dollar, estimates included.
///
/// # Errors
/// The database's.
pub async fn of_execution(connection: &mut SqliteConnection, id: ExecutionId) -> Result<i64> {
    let row = sqlx::query(concat!("SELECT COALESCE(SUM(", amount!(), "), 0) AS total FROM spends WHERE execution_id = $1"))
        .bind(id.to_string())
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("total")?)
}

/// What the requests that left since `moment` have cost, in millionths of a US dollar, estimates included.
///
/// # Errors
/// The database's.
pub async fn since(connection: &mut SqliteConnection, moment: Timestamp) -> Result<i64> {
    let row = sqlx::query(concat!("SELECT COALESCE(SUM(", amount!(), "), 0) AS total FROM spends WHERE sent_at >= $1"))
        .bind(moment.to_string())
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("total")?)
}

/// What was spent on each of the last `days` days on which something was, newest first.
///
/// # Errors
/// The database's.
pub async fn by_day(connection: &mut SqliteConnection, days: i64) -> Result<Vec<SpendSum>> {
    let rows = sqlx::query(concat!(
        "SELECT SUBSTR(sent_at, 1, 10) AS name, COUNT(*) AS requests, SUM(",
        amount!(),
        ") AS total FROM spends WHERE sent_at IS NOT NULL GROUP BY SUBSTR(sent_at, 1, 10) ORDER BY name DESC LIMIT $1"
    ))
    .bind(days)
    .fetch_all(connection)
    .await?;
    rows.iter().map(sum).collect()
}

/// What was spent at each provider, the dearest first.
///
/// # Errors
/// The database's.
pub async fn by_provider(connection: &mut SqliteConnection) -> Result<Vec<SpendSum>> {
    let rows = sqlx::query(concat!(
        "SELECT provider AS name, COUNT(*) AS requests, SUM(",
        amount!(),
        ") AS total FROM spends WHERE sent_at IS NOT NULL GROUP BY provider ORDER BY total DESC, name"
    ))
    .fetch_all(connection)
    .await?;
    rows.iter().map(sum).collect()
}

/// A page of requests, newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, page: &PageRequest) -> Result<Page<Spend>> {
    let keyset = Keyset::text("spends.created_at", "spends.job_id");
    let mut query = QueryBuilder::<Sqlite>::new(format!(
        "SELECT {}, spends.*, jobs.status AS job_status, jobs.asset_kind AS asset_kind, jobs.asset_id AS asset_id, \
         jobs.error_message AS error_message, workflows.id AS workflow_id, workflows.name AS workflow_name FROM spends \
         LEFT JOIN jobs ON jobs.id = spends.job_id LEFT JOIN executions ON executions.id = spends.execution_id \
         LEFT JOIN workflows ON workflows.id = executions.workflow_id WHERE TRUE",
        keyset.columns()
    ));
    keyset.push_after(&mut query, page)?;
    keyset.push_order(&mut query, page);
    let rows = query.build().fetch_all(db.reader()).await?;
    keyset.cut(&rows, page, spend)
}

fn sum(row: &SqliteRow) -> Result<SpendSum> {
    Ok(SpendSum { name: row.try_get("name")?, requests: row.try_get("requests")?, usd_micros: row.try_get("total")? })
}

fn entry(row: &SqliteRow) -> Result<Entry> {
    Ok(Entry {
        job_id: rows::parsed(row, TABLE, "job_id")?,
        execution_id: rows::parsed_option(row, TABLE, "execution_id")?,
        provider: row.try_get("provider")?,
        state: rows::named(row, TABLE, "state", SpendState::from_name)?,
        provider_job_id: row.try_get("provider_job_id")?,
        estimated_usd_micros: row.try_get("estimated_usd_micros")?,
        usd_micros: row.try_get("usd_micros")?,
        refusals: row.try_get("refusals")?,
        sent_at: rows::parsed_option(row, TABLE, "sent_at")?,
    })
}

fn spend(row: &SqliteRow) -> Result<Spend> {
    let Entry { job_id, execution_id, provider, state, provider_job_id, estimated_usd_micros, usd_micros, sent_at, .. } = entry(row)?;
    let status: Option<String> = row.try_get("job_status")?;
    let workflow_name: Option<String> = row.try_get("workflow_name")?;
    let workflow_id = rows::parsed_option(row, TABLE, "workflow_id")?;
    Ok(Spend {
        job_id,
        job_status: status.as_deref().and_then(Status::from_name),
        reason: row.try_get("error_message")?,
        execution_id,
        node_id: rows::parsed_option(row, TABLE, "node_id")?,
        workflow: workflow_id.zip(workflow_name).map(|(id, name)| WorkflowRef { id, name }),
        video_id: rows::asset_option(row, "jobs")?.and_then(AssetRef::video),
        provider,
        model: row.try_get("model")?,
        prompt: row.try_get("prompt")?,
        state,
        provider_job_id,
        cost: cost(state, usd_micros, estimated_usd_micros),
        answer: row.try_get("raw_answer")?,
        created_at: rows::parsed(row, TABLE, "created_at")?,
        sent_at,
        ended_at: rows::parsed_option(row, TABLE, "ended_at")?,
    })
}
