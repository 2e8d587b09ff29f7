//! From columns to domain types and back. Here a bad row becomes a typed error.

use std::{fmt::Display, str::FromStr};

use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use crate::{
    domain::{AssetId, AssetKind, AssetRef},
    server::{Error, Result},
};

/// Rows that one statement writes at most: SQLite takes 32,766 values a statement.
pub const AT_ONCE: usize = 1_000;

/// How much of what cannot be read is told, in characters.
const EXCERPT: usize = 200;

/// What a row of a list says; `None` where it cannot be read: it must not hide the others. The log tells of it.
///
/// # Errors
/// Whatever else goes wrong.
pub fn readable<T>(row: &SqliteRow, read: impl FnOnce(&SqliteRow) -> Result<T>) -> Result<Option<T>> {
    left_out(row, read(row))
}

/// What those rows say that can be read: the others are left out, and told of in the log.
///
/// # Errors
/// Whatever else goes wrong.
pub fn all_readable<T>(rows: &[SqliteRow], read: impl Fn(&SqliteRow) -> Result<T>) -> Result<Vec<T>> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(readable(row, &read)?);
    }
    Ok(found)
}

/// The same as [`readable`] for a row that has been read.
///
/// # Errors
/// Whatever else goes wrong.
pub fn left_out<T>(row: &SqliteRow, read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(cause) if cause.is_damaged_row() => {
            let id: String = row.try_get("id").unwrap_or_default();
            tracing::error!(%cause, id, "a row cannot be read and is left out of a list");
            Ok(None)
        }
        read => read.map(Some),
    }
}

fn bad(table: &'static str, column: &'static str, text: &str) -> Error {
    Error::Row { table, column, value: text.chars().take(EXCERPT).collect() }
}

/// Reads a text column that must parse, such as an id or a time.
///
/// # Errors
/// [`Error::Row`] where the text does not parse.
pub fn parsed<T: FromStr>(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<T> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| bad(table, column, &text))
}

/// Reads a text column that may be null and else must parse.
///
/// # Errors
/// [`Error::Row`] where the text does not parse.
pub fn parsed_option<T: FromStr>(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|_| bad(table, column, &text))).transpose()
}

/// Reads a text column that holds one of a fixed set of names.
///
/// # Errors
/// [`Error::Row`] where the name is none of them.
pub fn named<T>(row: &SqliteRow, table: &'static str, column: &'static str, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text: String = row.try_get(column)?;
    from_name(&text).ok_or_else(|| bad(table, column, &text))
}

/// Reads a JSON column that may be null.
///
/// # Errors
/// [`Error::Row`] where the text is no such JSON.
pub fn json<T: serde::de::DeserializeOwned>(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| bad(table, column, &text))).transpose()
}

/// The text an id or a time is bound as, where it may be null.
pub fn text<T: Display>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

/// The asset that a row of `table` names by kind and id.
pub(super) fn asset(row: &SqliteRow, table: &'static str) -> Result<AssetRef> {
    Ok(AssetRef { kind: named(row, table, "asset_kind", AssetKind::from_name)?, id: parsed(row, table, "asset_id")? })
}

/// The same, where a row may name none.
pub(super) fn asset_option(row: &SqliteRow, table: &'static str) -> Result<Option<AssetRef>> {
    let id: Option<String> = row.try_get("asset_id")?;
    id.map(|_| asset(row, table)).transpose()
}

/// Ends an `IN (` with these ids.
pub(super) fn bind_ids(query: &mut QueryBuilder<Sqlite>, ids: &[AssetId]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.to_string());
    }
    query.push(")");
}
