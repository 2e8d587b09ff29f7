//! Totals for the operator: how many jobs and videos there are, and how large.

use sqlx::{Row, sqlite::SqliteRow};

use super::{Db, rows};
use crate::{
    domain::{
        job::{JobKind, Status},
        origin::SourceType,
    },
    server::Result,
};

/// How many jobs there are of each kind and status.
///
/// # Errors
/// The database's.
pub async fn jobs(db: &Db) -> Result<Vec<(JobKind, Status, i64)>> {
    let rows = sqlx::query("SELECT kind, status, COUNT(*) AS number FROM jobs GROUP BY kind, status").fetch_all(db.reader()).await?;
    let count = |row: &SqliteRow| {
        Ok((JobKind::from_name(row.try_get("kind")?), rows::named(row, "jobs", "status", Status::from_name)?, row.try_get("number")?))
    };
    rows.iter().map(count).collect()
}

/// How many videos there are of each source, and how many bytes they have together.
///
/// # Errors
/// The database's.
pub async fn videos(db: &Db) -> Result<Vec<(SourceType, i64, i64)>> {
    let rows = sqlx::query(
        "SELECT source_type, COUNT(*) AS number, SUM(size_bytes) AS bytes FROM videos WHERE deleted_at IS NULL GROUP BY source_type",
    )
    .fetch_all(db.reader())
    .await?;
    let total = |row| {
        let source = rows::named(row, "videos", "source_type", SourceType::from_name)?;
        Ok((source, row.try_get("number")?, row.try_get("bytes")?))
    };
    rows.iter().map(total).collect()
}
