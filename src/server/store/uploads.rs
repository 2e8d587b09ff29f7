//! Uploads that go on where they broke off: how far each is, whose turn it is, and what became of it.

use sqlx::{Row, SqliteExecutor};

use super::{Tx, rows};
use crate::{domain::Timestamp, server::Result};

/// An upload as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadRow {
    /// Its id, a UUID.
    pub id: String,
    /// What the protocol keeps of it, JSON.
    pub state: String,
    /// What became of it, JSON; `None` where nothing has yet.
    pub outcome: Option<String>,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// Stores a new upload; `false` where there is one of this id.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut Tx, new: &UploadRow) -> Result<bool> {
    let query = sqlx::query("INSERT INTO uploads (id, state, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING");
    let bound = query.bind(&new.id).bind(&new.state).bind(new.expires_at.to_string());
    Ok(bound.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Stores how far an upload is; `false` where there is none of this id.
///
/// # Errors
/// The database's.
pub async fn update(tx: &mut Tx, now: &UploadRow) -> Result<bool> {
    let query = sqlx::query("UPDATE uploads SET state = $2, expires_at = $3 WHERE id = $1");
    let bound = query.bind(&now.id).bind(&now.state).bind(now.expires_at.to_string());
    Ok(bound.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Stores what became of an upload.
///
/// # Errors
/// The database's.
pub async fn set_outcome(tx: &mut Tx, id: &str, outcome: &str, expires_at: Timestamp) -> Result<()> {
    let query = sqlx::query("UPDATE uploads SET outcome = $2, expires_at = $3 WHERE id = $1");
    query.bind(id).bind(outcome).bind(expires_at.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// An upload.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn get(executor: impl SqliteExecutor<'_>, id: &str) -> Result<Option<UploadRow>> {
    let query = sqlx::query("SELECT id, state, outcome, expires_at FROM uploads WHERE id = $1");
    let row = query.bind(id).fetch_optional(executor).await?;
    row.map(|row| {
        Ok(UploadRow {
            id: row.try_get("id")?,
            state: row.try_get("state")?,
            outcome: row.try_get("outcome")?,
            expires_at: rows::parsed(&row, "uploads", "expires_at")?,
        })
    })
    .transpose()
}

/// Forgets an upload.
///
/// # Errors
/// The database's.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM uploads WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// Uploads whose time is over, the oldest first.
///
/// # Errors
/// The database's.
pub async fn expired(executor: impl SqliteExecutor<'_>, now: Timestamp, most: u32) -> Result<Vec<String>> {
    let query = sqlx::query_scalar("SELECT id FROM uploads WHERE expires_at < $1 ORDER BY expires_at LIMIT $2");
    Ok(query.bind(now.to_string()).bind(most).fetch_all(executor).await?)
}

/// Gives an upload to `who` until `until`; `false` where somebody else is at it `now`, or there is none.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut Tx, id: &str, who: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
    let query = sqlx::query(
        "UPDATE uploads SET locked_by = $2, locked_until = $4 WHERE id = $1 AND (locked_by IS NULL OR locked_by = $2 OR locked_until < $3)",
    );
    let bound = query.bind(id).bind(who).bind(now.to_string()).bind(until.to_string());
    Ok(bound.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Ends the turn of `who` that counts until `until`, and no later one.
///
/// # Errors
/// The database's.
pub async fn unlock(tx: &mut Tx, id: &str, who: &str, until: Timestamp) -> Result<()> {
    let query =
        sqlx::query("UPDATE uploads SET locked_by = NULL, locked_until = NULL WHERE id = $1 AND locked_by = $2 AND locked_until = $3");
    query.bind(id).bind(who).bind(until.to_string()).execute(&mut **tx).await?;
    Ok(())
}
