//! What upkeep believes of the clock: one row.

use sqlx::{Row, SqliteConnection, SqliteExecutor};

use super::{Tx, rows};
use crate::{domain::Timestamp, server::Result};

/// What upkeep believes of the clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// The newest time of day that it has seen.
    pub seen: Timestamp,
    /// For how long the server must still run before anything is deleted for its age, in seconds; 0 or more.
    pub wait_seconds: f64,
}

/// What was believed last; `None` where upkeep has never looked.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn get(executor: impl SqliteExecutor<'_>) -> Result<Option<Belief>> {
    let row = sqlx::query("SELECT seen, wait_seconds FROM upkeep").fetch_optional(executor).await?;
    row.map(|row| Ok(Belief { seen: rows::parsed(&row, "upkeep", "seen")?, wait_seconds: row.try_get("wait_seconds")? })).transpose()
}

/// Stores what is believed now.
///
/// # Errors
/// The database's.
pub async fn set(tx: &mut Tx, belief: &Belief) -> Result<()> {
    sqlx::query(
        "INSERT INTO upkeep (only_row, seen, wait_seconds) VALUES (1, $1, $2) \
         ON CONFLICT (only_row) DO UPDATE SET seen = excluded.seen, wait_seconds = excluded.wait_seconds",
    )
    .bind(belief.seen.to_string())
    .bind(belief.wait_seconds)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The newest time that stands in the database; `None` where nothing was ever kept.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn newest_time(connection: &mut SqliteConnection) -> Result<Option<Timestamp>> {
    let row = sqlx::query(
        "SELECT MAX(at) AS at FROM (SELECT MAX(created_at) AS at FROM events UNION ALL SELECT MAX(created_at) FROM jobs \
         UNION ALL SELECT MAX(updated_at) FROM workflows UNION ALL SELECT MAX(created_at) FROM videos UNION ALL SELECT MAX(created_at) FROM images)",
    );
    rows::parsed_option(&row.fetch_one(connection).await?, "events", "at")
}
