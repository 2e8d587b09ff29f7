//! The cache of steps: from a content key to what it gave.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{Tx, kinds::file_hash_of, rows};
use crate::{
    domain::{AssetRef, Sha256, Timestamp},
    server::Result,
};

const TABLE: &str = "step_results";

/// What an earlier step with this key gave, with the hash of its file, if it is still stored and not in the trash.
///
/// # Errors
/// The database's.
pub async fn find(connection: &mut SqliteConnection, key: &Sha256) -> Result<Option<(AssetRef, Sha256)>> {
    let hash = file_hash_of("step_results.asset_kind", "step_results.asset_id");
    let mut query =
        QueryBuilder::<Sqlite>::new(format!("SELECT asset_kind, asset_id, {hash} AS file_hash FROM {TABLE} WHERE content_key = "));
    let row = query.push_bind(key.to_string()).build().fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let hash = rows::parsed_option(&row, TABLE, "file_hash")?;
    hash.map(|hash| Ok((rows::asset(&row, TABLE)?, hash))).transpose()
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
