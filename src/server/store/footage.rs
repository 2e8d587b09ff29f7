//! What is known of a clip's footage, kept beside its row: what a probe told, as a text of the probe's own form, and the digest of its streams.
//! Lists do not read the first.

use sqlx::{Row, SqliteExecutor};

use super::rows::text;
use crate::{
    domain::{Sha256, Timestamp, VideoId},
    server::Result,
};

/// What a probe told of a clip; `None` where nothing is kept, or there is no such clip.
///
/// # Errors
/// The database's.
pub async fn report(executor: impl SqliteExecutor<'_>, id: VideoId) -> Result<Option<String>> {
    let row = sqlx::query("SELECT report FROM videos WHERE id = $1").bind(id.to_string()).fetch_optional(executor).await?;
    Ok(row.map(|row| row.try_get("report")).transpose()?.flatten())
}

/// Keeps what a probe told of a clip.
///
/// # Errors
/// The database's.
pub async fn set_report(executor: impl SqliteExecutor<'_>, id: VideoId, report: &str) -> Result<()> {
    sqlx::query("UPDATE videos SET report = $1 WHERE id = $2").bind(report).bind(id.to_string()).execute(executor).await?;
    Ok(())
}

/// The newest clip whose streams were not read yet and whose file is not known to be damaged; in the trash or not. Its id as it stands there,
/// be it one or not.
///
/// # Errors
/// The database's.
pub async fn unread(executor: impl SqliteExecutor<'_>) -> Result<Option<String>> {
    let row = sqlx::query("SELECT MAX(id) AS id FROM videos WHERE streams_read_at IS NULL AND damaged_at IS NULL");
    Ok(row.fetch_one(executor).await?.try_get("id")?)
}

/// Keeps that a clip's streams were read, and their digest where they have one.
///
/// # Errors
/// The database's.
pub async fn set_stream_hash(executor: impl SqliteExecutor<'_>, id: &str, hash: Option<Sha256>, read_at: Timestamp) -> Result<()> {
    let query = sqlx::query("UPDATE videos SET stream_hash = $1, streams_read_at = $2 WHERE id = $3");
    query.bind(text(hash.as_ref())).bind(read_at.to_string()).bind(id).execute(executor).await?;
    Ok(())
}
