//! What a probe told of a clip, kept beside its row as a text of the probe's own form. Lists do not read it.

use sqlx::{Row, SqliteExecutor};

use crate::{domain::VideoId, server::Result};

/// What is kept of a clip; `None` where nothing is, or there is no such clip.
///
/// # Errors
/// The database's.
pub async fn get(executor: impl SqliteExecutor<'_>, id: VideoId) -> Result<Option<String>> {
    let row = sqlx::query("SELECT report FROM videos WHERE id = $1").bind(id.to_string()).fetch_optional(executor).await?;
    Ok(row.map(|row| row.try_get("report")).transpose()?.flatten())
}

/// Keeps what was told of a clip.
///
/// # Errors
/// The database's.
pub async fn set(executor: impl SqliteExecutor<'_>, id: VideoId, report: &str) -> Result<()> {
    sqlx::query("UPDATE videos SET report = $1 WHERE id = $2").bind(report).bind(id.to_string()).execute(executor).await?;
    Ok(())
}
