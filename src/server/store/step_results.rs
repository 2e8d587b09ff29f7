//! The cache of steps: from a content key to the clip it gave.

use sqlx::SqliteConnection;

use super::{Tx, rows};
use crate::{
    domain::{Sha256, Timestamp, VideoId},
    server::Result,
};

/// The clip that an earlier step with this key gave, if it is still in the library.
///
/// # Errors
/// The database's.
pub async fn find(connection: &mut SqliteConnection, key: &Sha256) -> Result<Option<VideoId>> {
    let row =
        sqlx::query("SELECT video_id FROM step_results WHERE content_key = $1").bind(key.to_string()).fetch_optional(connection).await?;
    row.map(|row| rows::parsed(&row, "step_results", "video_id")).transpose()
}

/// Remembers what a step gave. A later result for the same key takes the earlier one's place.
///
/// # Errors
/// The database's.
pub async fn keep(tx: &mut Tx, key: &Sha256, video_id: VideoId) -> Result<()> {
    sqlx::query(
        "INSERT INTO step_results (content_key, video_id, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (content_key) DO UPDATE SET video_id = excluded.video_id, created_at = excluded.created_at",
    )
    .bind(key.to_string())
    .bind(video_id.to_string())
    .bind(Timestamp::now().to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The SHA-256 of a video's file, while the video is in the library.
///
/// # Errors
/// The database's.
pub async fn file_hash(connection: &mut SqliteConnection, video_id: VideoId) -> Result<Option<Sha256>> {
    let row = sqlx::query("SELECT file_hash FROM videos WHERE id = $1").bind(video_id.to_string()).fetch_optional(connection).await?;
    row.map(|row| rows::parsed(&row, "videos", "file_hash")).transpose()
}
