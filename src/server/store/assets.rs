//! The rows of assets, of whatever kind: stored, found, changed, listed.

use std::{collections::HashMap, sync::Arc, time::Instant};

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use super::{
    Db,
    kinds::{StoredAsset, stored, time_option},
    paging::Keyset,
    rows::{all_readable, bind_ids, json, named, parsed, readable, text},
    search::{self, Subject},
    uses,
};
use crate::{
    domain::{
        Asset, AssetId, AssetKind, AssetRef, Sha256, Timestamp, VideoId,
        asset::{AssetFilter, Facts},
        asset_kind::{Column, KindSpec},
        origin::Generation,
        page::{Page, PageRequest},
        video::VideoMetadata,
    },
    server::Result,
};

/// Stores an asset, and how it was generated.
///
/// # Errors
/// A unique violation ([`Error::is_unique_violation`](crate::server::Error::is_unique_violation)) where these bytes are stored already.
pub async fn insert(connection: &mut SqliteConnection, new: &StoredAsset) -> Result<()> {
    let StoredAsset { asset, file_path, mtime_ns, verified_at, other } = new;
    let Asset { id, kind, name, file_hash, stream_hash, size_bytes, media_type, source_type, created_at, facts, .. } = asset;
    let KindSpec { table, columns, .. } = kind.spec();
    let own: String = columns.iter().map(|column| format!(", {}", column.name())).collect();
    let mut query = QueryBuilder::<Sqlite>::new(format!(
        "INSERT INTO {table} (id, name, file_path, file_hash, size_bytes, source_type, created_at, metadata, stream_hash, media_type, \
         mtime_ns, verified_at{own}) VALUES (",
    ));
    let mut values = query.separated(", ");
    values.push_bind(id.to_string()).push_bind(name).push_bind(file_path).push_bind(file_hash.to_string()).push_bind(size_bytes);
    values
        .push_bind(source_type.name())
        .push_bind(created_at.to_string())
        .push_bind(serde_json::to_string(&VideoMetadata::of(asset, other.clone()))?);
    values.push_bind(text(stream_hash.as_ref())).push_bind(media_type);
    values.push_bind(mtime_ns).push_bind(text(verified_at.as_ref()));
    let Facts { duration_seconds, width, height, resolution, aspect_ratio, codec, fps, .. } = facts;
    for column in *columns {
        match column {
            Column::DurationSeconds => values.push_bind(duration_seconds),
            Column::Width => values.push_bind(width),
            Column::Height => values.push_bind(height),
            Column::Resolution => values.push_bind(resolution),
            Column::AspectRatio => values.push_bind(aspect_ratio),
            Column::Codec => values.push_bind(codec),
            Column::Fps => values.push_bind(fps),
        };
    }
    query.push(")");
    query.build().execute(&mut *connection).await?;
    match &asset.generation {
        Some(generation) => insert_generation(connection, asset.reference(), generation).await,
        None => search::put(connection, Subject::Asset(*kind), &id.to_string()).await,
    }
}

/// Records how an asset was made, unless that is recorded already: equal bytes keep the first making.
///
/// # Errors
/// The database's.
pub async fn insert_generation(connection: &mut SqliteConnection, asset: AssetRef, generation: &Generation) -> Result<()> {
    let id = asset.id.to_string();
    sqlx::query(
        "INSERT INTO video_generation (video_id, provider, model, prompt, generation_params, job_id, status, started_at, completed_at, \
         provider_job_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (video_id) DO NOTHING",
    )
    .bind(&id)
    .bind(&generation.provider)
    .bind(&generation.model)
    .bind(&generation.prompt)
    .bind(serde_json::to_string(&generation.generation_params)?)
    .bind(&generation.job_id)
    .bind(&generation.status)
    .bind(text(generation.started_at.as_ref()))
    .bind(text(generation.completed_at.as_ref()))
    .bind(&generation.provider_job_id)
    .execute(&mut *connection)
    .await?;
    search::put(connection, Subject::Asset(asset.kind), &id).await
}

/// The asset, in the trash or not, with its generation and its uses.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn find(connection: &mut SqliteConnection, asset: AssetRef) -> Result<Option<StoredAsset>> {
    Ok(by_ids(connection, asset.kind, &[asset.id]).await?.remove(&asset.id))
}

/// The kind of the asset of that id; `None` where none has it.
///
/// # Errors
/// The database's.
pub async fn kind_of(connection: &mut SqliteConnection, id: AssetId) -> Result<Option<AssetKind>> {
    for kind in AssetKind::ALL {
        if row(&mut *connection, AssetRef { kind, id }).await?.is_some() {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

/// The asset, in the trash or not, without generation and uses.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn row(executor: impl SqliteExecutor<'_>, asset: AssetRef) -> Result<Option<StoredAsset>> {
    let mut query = select(asset.kind);
    query.push("id = ").push_bind(asset.id.to_string());
    let row = query.build().fetch_optional(executor).await?;
    row.map(|row| stored(asset.kind, &row)).transpose()
}

/// The same, or as it was read a moment ago, where this process has written nothing since.
///
/// # Errors
/// As for [`row`].
pub async fn recent_row(db: &Db, asset: AssetRef) -> Result<Option<Arc<StoredAsset>>> {
    // Looked at before the row is read: what is written meanwhile makes it old.
    let (writes, began) = (db.writes(), Instant::now());
    if let Some(stored) = db.recent().get(asset, writes) {
        return Ok(Some(stored));
    }
    let stored = row(db.reader(), asset).await?.map(Arc::new);
    if let Some(stored) = &stored {
        db.recent().put(stored.clone(), writes, began);
    }
    Ok(stored)
}

/// The asset of that kind with those bytes, in the trash or not.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn by_hash(executor: impl SqliteExecutor<'_>, kind: AssetKind, hash: &Sha256) -> Result<Option<StoredAsset>> {
    let mut query = select(kind);
    query.push("file_hash = ").push_bind(hash.to_string());
    let row = query.build().fetch_optional(executor).await?;
    row.map(|row| stored(kind, &row)).transpose()
}

/// Whether any of these bytes are an asset's of whatever kind, in the trash or not, or were one's that is gone for good.
///
/// # Errors
/// The database's.
pub async fn knows_any(db: &Db, hashes: &[Sha256]) -> Result<bool> {
    let tables = AssetKind::ALL.map(|kind| kind.spec().table);
    for some in hashes.chunks(500) {
        for table in tables.iter().chain(&["deleted_assets"]) {
            let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT 1 FROM {table} WHERE file_hash IN ("));
            let mut list = query.separated(", ");
            for hash in some {
                list.push_bind(hash.to_string());
            }
            query.push(") LIMIT 1");
            if query.build().fetch_optional(db.reader()).await?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The SHA-256 of the file of an asset, while it is stored, whole and not in the trash.
///
/// # Errors
/// The database's.
pub async fn file_hash(executor: impl SqliteExecutor<'_>, asset: AssetRef) -> Result<Option<Sha256>> {
    let table = asset.kind.spec().table;
    let mut query =
        QueryBuilder::<Sqlite>::new(format!("SELECT file_hash FROM {table} WHERE deleted_at IS NULL AND damaged_at IS NULL AND id = "));
    let row = query.push_bind(asset.id.to_string()).build().fetch_optional(executor).await?;
    row.map(|row| parsed(&row, table, "file_hash")).transpose()
}

/// Not all that a row holds: what a probe told is long, and few ask for it.
fn select(kind: AssetKind) -> QueryBuilder<Sqlite> {
    let KindSpec { table, columns, .. } = kind.spec();
    let own: String = columns.iter().map(|column| format!(", {}", column.name())).collect();
    QueryBuilder::new(format!(
        "SELECT id, name, file_path, file_hash, size_bytes, source_type, created_at, metadata, stream_hash, media_type, mtime_ns, verified_at, \
         damaged_at, deleted_at{own} FROM {table} WHERE "
    ))
}

/// The assets of that kind with those ids, in the trash or not, with their generations and their uses. An id without one is left out, and so is
/// a row that cannot be read.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn by_ids(connection: &mut SqliteConnection, kind: AssetKind, ids: &[AssetId]) -> Result<HashMap<AssetId, StoredAsset>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let mut query = select(kind);
        query.push("id IN (");
        bind_ids(&mut query, some);
        let rows = query.build().fetch_all(&mut *connection).await?;
        for row in &rows {
            found.extend(readable(row, |row| stored(kind, row))?);
        }
    }
    complete(connection, &mut found).await?;
    Ok(found.into_iter().map(|found| (found.asset.id, found)).collect())
}

/// Adds generations and uses to assets, in two queries whatever their number.
pub(super) async fn complete(connection: &mut SqliteConnection, found: &mut [StoredAsset]) -> Result<()> {
    for some in found.chunks_mut(500) {
        let ids: Vec<_> = some.iter().map(|found| found.asset.id).collect();
        let mut generations = generations(connection, &ids).await?;
        let mut uses = uses::of_assets(connection, &ids).await?;
        for StoredAsset { asset, .. } in some {
            asset.generation = generations.remove(&asset.id);
            asset.uses = uses.remove(&asset.id).unwrap_or_default();
        }
    }
    Ok(())
}

async fn generations(connection: &mut SqliteConnection, ids: &[AssetId]) -> Result<HashMap<AssetId, Generation>> {
    const TABLE: &str = "video_generation";
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM video_generation WHERE video_id IN (");
    bind_ids(&mut query, ids);
    let rows = query.build().fetch_all(connection).await?;
    let generation = |row: &SqliteRow| -> Result<Generation> {
        Ok(Generation {
            provider: row.try_get("provider")?,
            model: row.try_get("model")?,
            prompt: row.try_get("prompt")?,
            generation_params: json(row, TABLE, "generation_params")?.unwrap_or_default(),
            job_id: row.try_get("job_id")?,
            provider_job_id: row.try_get("provider_job_id")?,
            status: row.try_get("status")?,
            started_at: time_option(row, TABLE, "started_at")?,
            completed_at: time_option(row, TABLE, "completed_at")?,
        })
    };
    let read = |row: &SqliteRow| Ok((parsed::<VideoId>(row, TABLE, "video_id")?.into(), generation(row)?));
    Ok(all_readable(&rows, read)?.into_iter().collect())
}

/// The rows of all assets of a kind, a page at a time: up to `limit` whose id comes after `after`, by id.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn rows_after(
    executor: impl SqliteExecutor<'_>,
    kind: AssetKind,
    after: Option<AssetId>,
    limit: u32,
) -> Result<Vec<StoredAsset>> {
    let mut query = select(kind);
    query.push("id > ").push_bind(text(after.as_ref()).unwrap_or_default()).push(" ORDER BY id LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(executor).await?;
    rows.iter().map(|row| stored(kind, row)).collect()
}

/// A page of the assets that pass `filter`, by the time they were stored, with their generations and their uses.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor of another list; the database's.
pub async fn list(db: &Db, filter: &AssetFilter, page: &PageRequest) -> Result<Page<Asset>> {
    // Each kind by its own index, merged: what is behind the page is not read.
    let keyset = Keyset::text("COALESCE(created_at, '')", "id");
    let mut query = QueryBuilder::<Sqlite>::new("");
    let kinds = AssetKind::ALL.into_iter().filter(|kind| filter.kind.is_none_or(|wanted| wanted == *kind));
    for (number, kind) in kinds.enumerate() {
        let (union, not) = (if number == 0 { "" } else { " UNION ALL " }, if filter.trashed { "NOT NULL" } else { "NULL" });
        query.push(format_args!(
            "{union}SELECT '{}' AS kind, {} FROM {} WHERE deleted_at IS {not}",
            kind.name(),
            keyset.columns(),
            kind.spec().table
        ));
        keyset.push_after(&mut query, page)?;
    }
    Keyset::text("page_key", "page_id").push_order(&mut query, page);
    let mut read = db.reader().begin().await?;
    let rows = query.build().fetch_all(&mut *read).await?;
    let place = |row: &SqliteRow| -> Result<AssetRef> {
        Ok(AssetRef { kind: named(row, "assets", "kind", AssetKind::from_name)?, id: parsed(row, "assets", "page_id")? })
    };
    let shown = rows.iter().take(page.limit as usize);
    let places = shown.map(|row| readable(row, place)).collect::<Result<Vec<_>>>()?;
    let mut found = HashMap::new();
    for kind in AssetKind::ALL {
        let ids: Vec<_> = places.iter().flatten().filter(|place| place.kind == kind).map(|place| place.id).collect();
        found.extend(by_ids(&mut read, kind, &ids).await?);
    }
    let items = places.iter().map(|place| Some(found.remove(&place.as_ref()?.id)?.asset)).collect();
    keyset.page(&rows, page, items)
}

/// What is known of an asset's file beside its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// As in [`StoredAsset::mtime_ns`].
    pub mtime_ns: Option<i64>,
    /// When it was last read whole and found right.
    pub verified_at: Option<Timestamp>,
    /// Since when it is damaged.
    pub damaged_at: Option<Timestamp>,
}

/// Points an asset at another file with the same bytes, which are right.
///
/// # Errors
/// The database's.
pub async fn set_file(connection: &mut SqliteConnection, asset: AssetRef, file_path: &str, verified: Verified) -> Result<()> {
    set(&mut *connection, asset, "file_path", file_path.to_owned()).await?;
    set_verified(connection, asset, verified).await
}

/// Keeps what was found of an asset's file.
///
/// # Errors
/// The database's.
pub async fn set_verified(executor: impl SqliteExecutor<'_>, asset: AssetRef, verified: Verified) -> Result<()> {
    let Verified { mtime_ns, verified_at, damaged_at } = verified;
    let mut query = QueryBuilder::<Sqlite>::new(format!("UPDATE {} SET mtime_ns = ", asset.kind.spec().table));
    query.push_bind(mtime_ns).push(", verified_at = ").push_bind(text(verified_at.as_ref()));
    query.push(", damaged_at = ").push_bind(text(damaged_at.as_ref())).push(" WHERE id = ").push_bind(asset.id.to_string());
    query.build().execute(executor).await?;
    Ok(())
}

/// The assets of a kind whose file was last verified before `moment` and is not known to be damaged, at most `limit` of them, what was never
/// verified first.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn verified_before(
    executor: impl SqliteExecutor<'_>,
    kind: AssetKind,
    moment: Timestamp,
    limit: u32,
) -> Result<Vec<StoredAsset>> {
    let mut query = select(kind);
    query.push("damaged_at IS NULL AND COALESCE(verified_at, '') < ").push_bind(moment.to_string());
    query.push(" ORDER BY COALESCE(verified_at, '') LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(executor).await?;
    rows.iter().map(|row| stored(kind, row)).collect()
}

/// Renames an asset; false where there is none.
///
/// # Errors
/// The database's.
pub async fn rename(connection: &mut SqliteConnection, asset: AssetRef, name: &str) -> Result<bool> {
    let is_there = set(&mut *connection, asset, "name", name.to_owned()).await?;
    search::put(connection, Subject::Asset(asset.kind), &asset.id.to_string()).await?;
    Ok(is_there)
}

/// Puts an asset into the trash since `moment`, or takes it out; false where there is none.
///
/// # Errors
/// The database's.
pub async fn set_deleted_at(executor: impl SqliteExecutor<'_>, asset: AssetRef, moment: Option<Timestamp>) -> Result<bool> {
    set(executor, asset, "deleted_at", text(moment.as_ref())).await
}

async fn set(executor: impl SqliteExecutor<'_>, asset: AssetRef, column: &'static str, value: impl Into<Option<String>>) -> Result<bool> {
    let mut query = QueryBuilder::<Sqlite>::new(format!("UPDATE {} SET {column} = ", asset.kind.spec().table));
    query.push_bind(value.into()).push(" WHERE id = ").push_bind(asset.id.to_string());
    Ok(query.build().execute(executor).await?.rows_affected() > 0)
}

/// What has been in the trash since before `moment`, at most `limit` of a kind.
///
/// # Errors
/// The database's.
pub async fn trashed_before(executor: impl SqliteExecutor<'_>, kind: AssetKind, moment: Timestamp, limit: u32) -> Result<Vec<AssetRef>> {
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT id FROM {} WHERE deleted_at < ", kind.spec().table));
    query.push_bind(moment.to_string()).push(" ORDER BY deleted_at LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(executor).await?;
    rows.iter().map(|row| Ok(AssetRef { kind, id: parsed(row, kind.spec().table, "id")? })).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::domain::origin::SourceType;

    #[tokio::test]
    async fn every_kind_has_a_table_that_keeps_what_its_entry_says() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
        for kind in AssetKind::ALL {
            let all = Facts {
                duration_seconds: Some(2.5),
                width: Some(720),
                height: Some(1280),
                resolution: Some("720x1280".into()),
                aspect_ratio: Some("9:16".into()),
                codec: Some("h264".into()),
                fps: Some(24.0),
                audio: None,
            };
            let has = |column| kind.spec().columns.contains(&column);
            let asset = Asset {
                id: AssetId::generate(),
                kind,
                name: "第1集".into(),
                file_hash: "ab".repeat(32).parse().unwrap(),
                stream_hash: None,
                size_bytes: 7,
                media_type: kind.spec().formats.first().map(|format| format.media_type.to_owned()),
                source_type: SourceType::Uploaded,
                created_at: Timestamp::now(),
                deleted_at: None,
                damaged_at: None,
                facts: Facts {
                    duration_seconds: all.duration_seconds.filter(|_| has(Column::DurationSeconds)),
                    width: all.width.filter(|_| has(Column::Width)),
                    height: all.height.filter(|_| has(Column::Height)),
                    resolution: all.resolution.filter(|_| has(Column::Resolution)),
                    aspect_ratio: all.aspect_ratio.filter(|_| has(Column::AspectRatio)),
                    codec: all.codec.filter(|_| has(Column::Codec)),
                    fps: all.fps.filter(|_| has(Column::Fps)),
                    audio: None,
                },
                generation: None,
                stitch: None,
                made_by: None,
                warning: Some("It has no sound.".into()),
                uses: Vec::new(),
            };
            let new = StoredAsset {
                asset,
                file_path: "ab/ab.bin".into(),
                mtime_ns: Some(1_700_000_000_123_456_789),
                verified_at: Some(Timestamp::now()),
                other: Map::from_iter([("container".into(), json!("mov"))]),
            };
            let mut tx = db.begin().await.unwrap();
            insert(&mut tx, &new).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(by_hash(db.reader(), kind, &new.asset.file_hash).await.unwrap(), Some(new), "{kind:?}");
        }
    }
}
