//! An asset as its kind's table has it: the same columns for what all have, its own for what is known of its bytes.

use serde_json::{Map, Value};
use sqlx::{Row, sqlite::SqliteRow};
use time::{PrimitiveDateTime, macros::format_description};

use super::rows::{json, named, parsed, parsed_option};
use crate::{
    domain::{
        Asset, AssetKind, Timestamp,
        asset::Facts,
        asset_kind::{Column, KindSpec},
        origin::SourceType,
        video::VideoMetadata,
    },
    server::{Error, Result},
};

/// The table that tells where assets are used, of every kind but the one that the seed has a table for.
const USES: &str = "asset_uses";

/// Where uses of a kind stand: the table, the column that names the asset there, and whether the kind is named beside it.
pub(super) fn uses(kind: AssetKind) -> (&'static str, &'static str, bool) {
    kind.spec().uses.map_or((USES, "asset_id", true), |(table, column)| (table, column, false))
}

/// SQL that gives the hash of an asset's file while it is stored, whole and not in the trash; `kind` and `id` are columns that name the asset, with their
/// table.
pub(super) fn file_hash_of(kind: &str, id: &str) -> String {
    let when = |one: AssetKind| {
        format!(
            "WHEN '{}' THEN (SELECT file_hash FROM {} WHERE id = {id} AND deleted_at IS NULL AND damaged_at IS NULL)",
            one.name(),
            one.spec().table
        )
    };
    format!("CASE {kind} {} END", AssetKind::ALL.map(when).join(" "))
}

/// SQL that tells whether an asset is stored, in the trash or not, or was and left a trace; `kind` and `id` as for [`file_hash_of`].
pub(super) fn is_or_was(kind: &str, id: &str) -> String {
    let when = |one: AssetKind| format!("WHEN '{}' THEN EXISTS (SELECT 1 FROM {} WHERE id = {id})", one.name(), one.spec().table);
    let stored = AssetKind::ALL.map(when).join(" ");
    format!("(CASE {kind} {stored} END OR EXISTS (SELECT 1 FROM deleted_assets WHERE asset_id = {id}))")
}

/// An asset with where its bytes are, and what is kept of it in a form of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAsset {
    /// The asset; its generation and its uses are empty where they were not asked for.
    pub asset: Asset,
    /// Its file, as the row names it.
    pub file_path: String,
    /// When its file was last changed, by the file system, in nanoseconds since 1970; of a damaged one when that was found, `None` where it was
    /// gone.
    pub mtime_ns: Option<i64>,
    /// When its file was last read whole and found right.
    pub verified_at: Option<Timestamp>,
    /// What its metadata hold besides what the asset tells.
    pub other: Map<String, Value>,
}

/// An asset from its row, without generation and uses.
pub(super) fn stored(kind: AssetKind, row: &SqliteRow) -> Result<StoredAsset> {
    let table = kind.spec().table;
    let VideoMetadata { audio, stitch, made_by, warning, other, .. } = metadata(row, table)?;
    let asset = Asset {
        id: parsed(row, table, "id")?,
        kind,
        name: row.try_get("name")?,
        file_hash: parsed(row, table, "file_hash")?,
        stream_hash: parsed_option(row, table, "stream_hash")?,
        size_bytes: row.try_get("size_bytes")?,
        media_type: row.try_get("media_type")?,
        source_type: named(row, table, "source_type", SourceType::from_name)?,
        created_at: time_option(row, table, "created_at")?.unwrap_or_else(|| time::OffsetDateTime::UNIX_EPOCH.into()),
        deleted_at: parsed_option(row, table, "deleted_at")?,
        damaged_at: parsed_option(row, table, "damaged_at")?,
        facts: Facts { audio, ..facts(row, kind.spec())? },
        generation: None,
        stitch,
        made_by,
        warning,
        uses: Vec::new(),
    };
    let (mtime_ns, verified_at) = (row.try_get("mtime_ns")?, parsed_option(row, table, "verified_at")?);
    Ok(StoredAsset { asset, file_path: row.try_get("file_path")?, mtime_ns, verified_at, other })
}

fn facts(row: &SqliteRow, KindSpec { table, columns, .. }: &KindSpec) -> Result<Facts> {
    let mut facts = Facts::default();
    for column in *columns {
        let name = column.name();
        let side = || -> Result<Option<u32>> {
            let side: Option<i64> = row.try_get(name)?;
            side.map(|side| u32::try_from(side).map_err(|_| Error::Row { table, column: name, value: side.to_string() })).transpose()
        };
        match column {
            Column::DurationSeconds => facts.duration_seconds = row.try_get(name)?,
            Column::Width => facts.width = side()?,
            Column::Height => facts.height = side()?,
            Column::Resolution => facts.resolution = row.try_get(name)?,
            Column::AspectRatio => facts.aspect_ratio = row.try_get(name)?,
            Column::Codec => facts.codec = row.try_get(name)?,
            Column::Fps => facts.fps = row.try_get(name)?,
        }
    }
    Ok(facts)
}

/// The metadata; of an older program whatever it stored, under `other`, if it does not read as ours.
fn metadata(row: &SqliteRow, table: &'static str) -> Result<VideoMetadata> {
    let Some(value) = json::<Value>(row, table, "metadata")? else { return Ok(VideoMetadata::default()) };
    Ok(serde_json::from_value(value.clone())
        .unwrap_or_else(|_| VideoMetadata { other: Map::from_iter([("stored".to_owned(), value)]), ..VideoMetadata::default() }))
}

/// A time; of an older program also without a zone (`2025-11-30 12:00:00.5`), which was UTC.
pub(super) fn time_option(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<Option<Timestamp>> {
    parsed_option(row, table, column).or_else(|error| {
        let Error::Row { value, .. } = &error else { return Err(error) };
        let format = format_description!(
            version = 2,
            "[year]-[month]-[day][first [T] [ ]][hour]:[minute][optional [:[second]]][optional [.[subsecond digits:1+]]]"
        );
        match PrimitiveDateTime::parse(value, format) {
            Ok(moment) => Ok(Some(moment.assume_utc().into())),
            Err(_) => Err(error),
        }
    })
}
