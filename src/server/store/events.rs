//! The numbered events: written in the transaction of the change they tell of, read in their order.

use sqlx::{Row, SqliteConnection};

use super::{Db, Tx};
use crate::{
    domain::{Timestamp, event::EventPayload},
    server::Result,
};

/// An event as it is stored: ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number.
    pub id: i64,
    /// `node`, `execution` or `job`.
    pub name: String,
    /// The thing as its GET shows it, as JSON.
    pub data: String,
}

/// Which events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The oldest number that can be replayed; 0 where nothing ever happened.
    pub first: i64,
    /// The newest number; 0 where nothing ever happened.
    pub last: i64,
}

/// Writes down what happened, as part of the change itself. One writer at a time: the order of the numbers is the order of the commits.
///
/// # Errors
/// The database's.
pub async fn record(tx: &mut Tx, payload: &EventPayload) -> Result<()> {
    let (name, data) = match payload {
        EventPayload::Node(node) => ("node", serde_json::to_string(node)?),
        EventPayload::Execution(execution) => ("execution", serde_json::to_string(execution)?),
        EventPayload::Job(job) => ("job", serde_json::to_string(job)?),
    };
    sqlx::query("INSERT INTO events (name, data, created_at) VALUES ($1, $2, $3)")
        .bind(name)
        .bind(data)
        .bind(Timestamp::now().to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// At most `limit` events with numbers above `after`, in their order.
///
/// # Errors
/// The database's.
pub async fn after(db: &Db, after: i64, limit: i64) -> Result<Vec<StoredEvent>> {
    let rows = sqlx::query("SELECT id, name, data FROM events WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after)
        .bind(limit)
        .fetch_all(db.reader())
        .await?;
    rows.iter().map(|row| Ok(StoredEvent { id: row.try_get("id")?, name: row.try_get("name")?, data: row.try_get("data")? })).collect()
}

/// Which events are kept now.
///
/// # Errors
/// The database's.
pub async fn kept(connection: &mut SqliteConnection) -> Result<Kept> {
    // Each by itself: asked for together, every event is read.
    let row = sqlx::query("SELECT COALESCE((SELECT MIN(id) FROM events), 0) AS first, COALESCE((SELECT MAX(id) FROM events), 0) AS last")
        .fetch_one(connection)
        .await?;
    Ok(Kept { first: row.try_get("first")?, last: row.try_get("last")? })
}

/// Forgets events from before `moment`. The newest stays whatever its age: it carries the numbering.
///
/// # Errors
/// The database's.
pub async fn prune(tx: &mut Tx, moment: Timestamp) -> Result<u64> {
    let done = sqlx::query("DELETE FROM events WHERE created_at < $1 AND id < (SELECT MAX(id) FROM events)")
        .bind(moment.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}
