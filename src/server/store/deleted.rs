//! What is left of assets that are gone for good: kind, name and hash, and why.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor};

use super::{
    kinds::StoredAsset,
    rows::{bind_ids, parsed},
    search::{self, Subject},
};
use crate::{
    domain::{AssetId, AssetKind, AssetRef, Sha256, Timestamp, asset::MissingAsset},
    server::Result,
};

/// Removes the row of an asset and leaves its trace. Its generation and its cached steps go with it, its uses stay.
///
/// # Errors
/// The database's.
pub async fn remove(connection: &mut SqliteConnection, gone: &StoredAsset, reason: &str) -> Result<()> {
    let asset = &gone.asset;
    sqlx::query(
        "INSERT INTO deleted_assets (asset_id, asset_kind, name, file_hash, reason, deleted_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (asset_id) DO UPDATE SET name = excluded.name, file_hash = excluded.file_hash, reason = excluded.reason, \
         deleted_at = excluded.deleted_at",
    )
    .bind(asset.id.to_string())
    .bind(asset.kind.name())
    .bind(&asset.name)
    .bind(asset.file_hash.to_string())
    .bind(reason)
    .bind(Timestamp::now().to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM step_results WHERE asset_id = $1").bind(asset.id.to_string()).execute(&mut *connection).await?;
    search::remove(&mut *connection, Subject::Asset(asset.kind), &asset.id.to_string()).await?;
    let mut query = QueryBuilder::<Sqlite>::new(format!("DELETE FROM {} WHERE id = ", asset.kind.spec().table));
    query.push_bind(asset.id.to_string()).build().execute(connection).await?;
    Ok(())
}

/// Whether there was an asset of that id, which is gone for good.
///
/// # Errors
/// The database's.
pub async fn was(executor: impl SqliteExecutor<'_>, id: AssetId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM deleted_assets WHERE asset_id = $1").bind(id.to_string()).fetch_optional(executor).await?;
    Ok(row.is_some())
}

/// What is left of those of these assets that are gone for good.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn traces(connection: &mut SqliteConnection, ids: &[AssetId]) -> Result<Vec<(AssetId, MissingAsset)>> {
    const TABLE: &str = "deleted_assets";
    let mut traces = Vec::new();
    for some in ids.chunks(500) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM deleted_assets WHERE asset_id IN (");
        bind_ids(&mut query, some);
        for row in &query.build().fetch_all(&mut *connection).await? {
            let missing = MissingAsset {
                name: row.try_get("name")?,
                file_hash: parsed(row, TABLE, "file_hash")?,
                reason: row.try_get("reason")?,
                deleted_at: parsed(row, TABLE, "deleted_at")?,
            };
            traces.push((parsed(row, TABLE, "asset_id")?, missing));
        }
    }
    Ok(traces)
}

/// Whether an asset with those bytes is gone for good.
///
/// # Errors
/// The database's.
pub async fn was_hash(executor: impl SqliteExecutor<'_>, hash: &Sha256) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM deleted_assets WHERE file_hash = $1").bind(hash.to_string()).fetch_optional(executor).await?;
    Ok(row.is_some())
}

/// Takes back the id of the last one of that kind with those bytes, so that whatever names it has it again.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn take_id(connection: &mut SqliteConnection, kind: AssetKind, hash: &Sha256) -> Result<Option<AssetId>> {
    let row = sqlx::query(
        "SELECT asset_id FROM deleted_assets WHERE file_hash = $1 AND asset_kind = $2 ORDER BY deleted_at DESC, asset_id DESC LIMIT 1",
    );
    let Some(row) = row.bind(hash.to_string()).bind(kind.name()).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let id: AssetId = parsed(&row, "deleted_assets", "asset_id")?;
    sqlx::query("DELETE FROM deleted_assets WHERE asset_id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(Some(id))
}

/// Whether the asset is stored, in the trash or not, or was and left a trace.
///
/// # Errors
/// The database's.
pub async fn is_or_was(connection: &mut SqliteConnection, asset: AssetRef) -> Result<bool> {
    Ok(super::assets::row(&mut *connection, asset).await?.is_some() || was(connection, asset.id).await?)
}
