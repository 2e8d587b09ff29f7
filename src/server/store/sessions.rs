//! Sessions of browsers: the hash of each, and until when it counts.

use sqlx::SqliteExecutor;

use super::Tx;
use crate::{
    domain::{Sha256, Timestamp},
    server::Result,
};

/// Stores a session.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut Tx, id_hash: Sha256, now: Timestamp, expires_at: Timestamp) -> Result<()> {
    sqlx::query("INSERT INTO sessions (id_hash, created_at, expires_at) VALUES ($1, $2, $3)")
        .bind(id_hash.to_string())
        .bind(now.to_string())
        .bind(expires_at.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether there is this session, and counts still.
///
/// # Errors
/// The database's.
pub async fn holds(executor: impl SqliteExecutor<'_>, id_hash: Sha256, now: Timestamp) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM sessions WHERE id_hash = $1 AND expires_at > $2").bind(id_hash.to_string()).bind(now.to_string());
    Ok(row.fetch_optional(executor).await?.is_some())
}

/// Removes a session.
///
/// # Errors
/// The database's.
pub async fn delete(tx: &mut Tx, id_hash: Sha256) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE id_hash = $1").bind(id_hash.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// Removes those that count no more.
///
/// # Errors
/// The database's.
pub async fn prune(tx: &mut Tx, now: Timestamp) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now.to_string()).execute(&mut **tx).await?;
    Ok(())
}
