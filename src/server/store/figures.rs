//! Totals for the operator: how many jobs and videos there are, and how large; what each lane has to do; what the cache of steps spared.

use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use super::{Db, jobs::lane, rows};
use crate::{
    domain::{
        Timestamp,
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

/// What a lane has to do, in one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneFigure {
    /// Its name.
    pub lane: String,
    /// The status: waiting, or under way.
    pub status: Status,
    /// How many jobs.
    pub number: i64,
    /// Since when the oldest of them is there.
    pub oldest: Timestamp,
}

/// What each lane has to do; lanes and statuses without a job are left out.
///
/// # Errors
/// The database's.
pub async fn lanes(db: &Db) -> Result<Vec<LaneFigure>> {
    let mut query =
        QueryBuilder::<Sqlite>::new("SELECT lane, status, COUNT(*) AS number, MIN(created_at) AS oldest FROM jobs WHERE lane IN (");
    let mut names = query.separated(", ");
    for name in lane::ALL {
        names.push_bind(name);
    }
    query.push(") AND status IN ('queued', 'running') GROUP BY lane, status");
    let figure = |row: &SqliteRow| {
        let status = rows::named(row, "jobs", "status", Status::from_name)?;
        Ok(LaneFigure { lane: row.try_get("lane")?, status, number: row.try_get("number")?, oldest: rows::parsed(row, "jobs", "oldest")? })
    };
    query.build().fetch_all(db.reader()).await?.iter().map(figure).collect()
}

/// How many steps of all runs succeeded that make something: those that were made, and those whose result was there.
///
/// # Errors
/// The database's.
pub async fn steps(db: &Db) -> Result<(i64, i64)> {
    let rows = sqlx::query(
        "SELECT cached, COUNT(*) AS number FROM execution_nodes WHERE status = 'succeeded' AND content_key IS NOT NULL GROUP BY cached",
    );
    let (mut made, mut cached) = (0, 0);
    for row in rows.fetch_all(db.reader()).await? {
        let number: i64 = row.try_get("number")?;
        *(if row.try_get("cached")? { &mut cached } else { &mut made }) += number;
    }
    Ok((made, cached))
}
