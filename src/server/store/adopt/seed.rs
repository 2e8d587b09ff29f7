//! The seed's tables as they were found: every column may be missing, null or of another type.

use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};
use time::{Date, OffsetDateTime, PrimitiveDateTime, macros::format_description};

use crate::{domain::Timestamp, server::Result};

/// A row of `videos`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeedVideo {
    pub id: Option<String>,
    pub name: Option<String>,
    pub file_path: Option<String>,
    pub file_hash: Option<String>,
    pub size_bytes: Option<i64>,
    pub duration_seconds: Option<f64>,
    pub resolution: Option<String>,
    pub aspect_ratio: Option<String>,
    pub codec: Option<String>,
    pub fps: Option<f64>,
    pub source_type: Option<String>,
    pub created_at: Option<Timestamp>,
    pub metadata: Option<String>,
}

/// A row of `workflows`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeedWorkflow {
    pub id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub status: Option<String>,
    pub definition: Option<String>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub last_executed_at: Option<Timestamp>,
}

/// A row of `workflow_videos`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeedAssociation {
    pub workflow_id: Option<String>,
    pub video_id: Option<String>,
    pub node_id: Option<String>,
    pub node_type: Option<String>,
    pub role: Option<String>,
    pub execution_id: Option<String>,
    pub created_at: Option<Timestamp>,
}

/// A row of `video_generation`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeedGeneration {
    pub video_id: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub prompt: Option<String>,
    pub generation_params: Option<String>,
    pub job_id: Option<String>,
    pub status: Option<String>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
}

/// Everything the seed's program kept, each table in the order of its making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seed {
    pub videos: Vec<SeedVideo>,
    pub workflows: Vec<SeedWorkflow>,
    pub associations: Vec<SeedAssociation>,
    pub generations: Vec<SeedGeneration>,
}

/// Reads the four tables; one that is not there is empty.
pub async fn read(db: &mut SqliteConnection) -> Result<Seed> {
    Ok(Seed {
        videos: table(db, "videos", |row| SeedVideo {
            id: text(row, "id"),
            name: text(row, "name"),
            file_path: text(row, "file_path"),
            file_hash: text(row, "file_hash"),
            size_bytes: text(row, "size_bytes").and_then(|size| size.parse().ok()),
            duration_seconds: number(row, "duration_seconds"),
            resolution: text(row, "resolution"),
            aspect_ratio: text(row, "aspect_ratio"),
            codec: text(row, "codec"),
            fps: number(row, "fps"),
            source_type: text(row, "source_type"),
            created_at: moment(row, "created_at"),
            metadata: text(row, "metadata"),
        })
        .await?,
        workflows: table(db, "workflows", |row| SeedWorkflow {
            id: text(row, "id"),
            name: text(row, "name"),
            description: text(row, "description"),
            status: text(row, "status"),
            definition: text(row, "definition"),
            created_at: moment(row, "created_at"),
            updated_at: moment(row, "updated_at"),
            last_executed_at: moment(row, "last_executed_at"),
        })
        .await?,
        associations: table(db, "workflow_videos", |row| SeedAssociation {
            workflow_id: text(row, "workflow_id"),
            video_id: text(row, "video_id"),
            node_id: text(row, "node_id"),
            node_type: text(row, "node_type"),
            role: text(row, "role"),
            execution_id: text(row, "execution_id"),
            created_at: moment(row, "created_at"),
        })
        .await?,
        generations: table(db, "video_generation", |row| SeedGeneration {
            video_id: text(row, "video_id"),
            provider: text(row, "provider"),
            model: text(row, "model"),
            prompt: text(row, "prompt"),
            generation_params: text(row, "generation_params"),
            job_id: text(row, "job_id"),
            status: text(row, "status"),
            started_at: moment(row, "started_at"),
            completed_at: moment(row, "completed_at"),
        })
        .await?,
    })
}

async fn table<T>(db: &mut SqliteConnection, name: &str, read: impl Fn(&SqliteRow) -> T) -> Result<Vec<T>> {
    let known = sqlx::query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1").bind(name).fetch_optional(&mut *db).await?;
    if known.is_none() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {name} ORDER BY rowid"))).fetch_all(db).await?;
    Ok(rows.iter().map(read).collect())
}

/// Any value as text. A missing column, a null and what is no text at all are the same here: nothing that could be kept.
fn text(row: &SqliteRow, column: &str) -> Option<String> {
    row.try_get_unchecked::<Option<String>, _>(column).ok().flatten()
}

fn number(row: &SqliteRow, column: &str) -> Option<f64> {
    text(row, column)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn moment(row: &SqliteRow, column: &str) -> Option<Timestamp> {
    read_moment(&text(row, column)?)
}

/// Reads a time as programs write it: RFC 3339; Python's and SQLite's forms, which are UTC where they name no zone; a date; or seconds or
/// milliseconds since 1970.
fn read_moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(number) = text.parse().ok().filter(|number: &f64| number.abs() < 1e15) {
        let seconds = if number.abs() > 1e11 { number / 1000.0 } else { number };
        return OffsetDateTime::from_unix_timestamp_nanos((seconds * 1e6) as i128 * 1000).ok().map(Timestamp::from);
    }
    let rfc = text.replacen(' ', "T", 1);
    if let Ok(moment) = rfc.parse() {
        return Some(moment);
    }
    let whole = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let fraction = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond]");
    let local = PrimitiveDateTime::parse(&rfc, whole).or_else(|_| PrimitiveDateTime::parse(&rfc, fraction)).ok();
    let date = || Date::parse(text, format_description!("[year]-[month]-[day]")).ok().map(Date::midnight);
    local.or_else(date).map(|moment| moment.assume_utc().into())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time_becomes_ours() {
        for (read, ours) in [
            ("2025-01-02 03:04:05", "2025-01-02T03:04:05.000000Z"),
            ("2025-01-02 03:04:05.25", "2025-01-02T03:04:05.250000Z"),
            ("2025-01-02T03:04:05.123456", "2025-01-02T03:04:05.123456Z"),
            ("2025-01-02T03:04:05", "2025-01-02T03:04:05.000000Z"),
            ("2025-01-02T05:04:05+02:00", "2025-01-02T03:04:05.000000Z"),
            ("2025-01-02 03:04:05+00:00", "2025-01-02T03:04:05.000000Z"),
            ("2025-01-02", "2025-01-02T00:00:00.000000Z"),
            ("1735787045", "2025-01-02T03:04:05.000000Z"),
            ("1735787045.5", "2025-01-02T03:04:05.500000Z"),
            ("1735787045000", "2025-01-02T03:04:05.000000Z"),
        ] {
            assert_eq!(read_moment(read).unwrap().to_string(), ours, "{read}");
        }
        for other in ["", "yesterday", "2025-13-40", "NaN", "1e300"] {
            assert_eq!(read_moment(other), None, "{other}");
        }
    }
}
