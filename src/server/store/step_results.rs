//! The cache of steps: from a content key to the clip or the picture it gave.

use sqlx::SqliteConnection;

use super::{Tx, rows};
use crate::{
    domain::{AssetKind, AssetRef, ImageId, Sha256, Timestamp, VideoId},
    server::Result,
};

/// What an earlier step with this key gave, if it is still stored.
///
/// # Errors
/// The database's.
pub async fn find(connection: &mut SqliteConnection, key: &Sha256) -> Result<Option<AssetRef>> {
    let row = sqlx::query(
        "SELECT video_id, NULL AS image_id FROM step_results WHERE content_key = $1 \
         UNION ALL SELECT NULL, image_id FROM step_images WHERE content_key = $1",
    );
    let row = row.bind(key.to_string()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let video: Option<VideoId> = rows::parsed_option(&row, "step_results", "video_id")?;
    let image: Option<ImageId> = rows::parsed_option(&row, "step_images", "image_id")?;
    Ok(video.map(AssetRef::from).or(image.map(AssetRef::from)))
}

/// Remembers what a step gave. A later result for the same key takes the earlier one's place.
///
/// # Errors
/// The database's.
pub async fn keep(tx: &mut Tx, key: &Sha256, asset: AssetRef) -> Result<()> {
    const VIDEO: &str = "INSERT INTO step_results (content_key, video_id, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (content_key) DO UPDATE SET video_id = excluded.video_id, created_at = excluded.created_at";
    const IMAGE: &str = "INSERT INTO step_images (content_key, image_id, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (content_key) DO UPDATE SET image_id = excluded.image_id, created_at = excluded.created_at";
    let statement = match asset.kind {
        AssetKind::Video => VIDEO,
        AssetKind::Image => IMAGE,
    };
    sqlx::query(statement).bind(key.to_string()).bind(asset.id.to_string()).bind(Timestamp::now().to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// The SHA-256 of the file of a clip or a picture, while it is stored.
///
/// # Errors
/// The database's.
pub async fn file_hash(connection: &mut SqliteConnection, asset: AssetRef) -> Result<Option<Sha256>> {
    let (table, statement) = match asset.kind {
        AssetKind::Video => ("videos", "SELECT file_hash FROM videos WHERE id = $1"),
        AssetKind::Image => ("images", "SELECT file_hash FROM images WHERE id = $1"),
    };
    let row = sqlx::query(statement).bind(asset.id.to_string()).fetch_optional(connection).await?;
    row.map(|row| rows::parsed(&row, table, "file_hash")).transpose()
}
