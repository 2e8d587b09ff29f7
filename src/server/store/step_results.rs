//! The cache of steps: from a content key to what it gave.

use sqlx::SqliteConnection;

use super::{Tx, assets, rows};
use crate::{
    domain::{AssetRef, Sha256, Timestamp},
    server::Result,
};

/// What an earlier step with this key gave, with the hash of its file, if it is still stored and not in the trash.
///
/// # Errors
/// The database's.
pub async fn find(connection: &mut SqliteConnection, key: &Sha256) -> Result<Option<(AssetRef, Sha256)>> {
    let row = sqlx::query("SELECT asset_kind, asset_id FROM step_results WHERE content_key = $1");
    let Some(row) = row.bind(key.to_string()).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let asset = rows::asset(&row, "step_results")?;
    Ok(assets::file_hash(connection, asset).await?.map(|hash| (asset, hash)))
}

/// Remembers what a step gave. A later result for the same key takes the earlier one's place.
///
/// # Errors
/// The database's.
pub async fn keep(tx: &mut Tx, key: &Sha256, asset: AssetRef) -> Result<()> {
    sqlx::query(
        "INSERT INTO step_results (content_key, asset_kind, asset_id, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (content_key) DO UPDATE SET asset_kind = excluded.asset_kind, asset_id = excluded.asset_id, \
         created_at = excluded.created_at",
    )
    .bind(key.to_string())
    .bind(asset.kind.name())
    .bind(asset.id.to_string())
    .bind(Timestamp::now().to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
