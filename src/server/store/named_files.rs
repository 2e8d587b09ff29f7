//! What rows say of their files, and no more: for those who compare all rows with all files.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteExecutor, sqlite::SqliteRow};

use super::rows::{parsed, text};
use crate::{
    domain::{AssetId, AssetKind},
    server::Result,
};

/// What a row says of its file, and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The asset.
    pub id: AssetId,
    /// Its path in the store.
    pub file_path: String,
    /// How many bytes it should have.
    pub size_bytes: i64,
}

/// The files of all assets of a kind, a page at a time: of up to `limit` assets whose id comes after `after`, by id.
///
/// # Errors
/// The database's, or [`Error::Row`](crate::server::Error::Row).
pub async fn after(executor: impl SqliteExecutor<'_>, kind: AssetKind, after: Option<AssetId>, limit: u32) -> Result<Vec<NamedFile>> {
    let table = kind.spec().table;
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT id, file_path, size_bytes FROM {table} WHERE id > "));
    query.push_bind(text(after.as_ref()).unwrap_or_default()).push(" ORDER BY id LIMIT ").push_bind(limit);
    let named = |row: &SqliteRow| {
        Ok(NamedFile { id: parsed(row, table, "id")?, file_path: row.try_get("file_path")?, size_bytes: row.try_get("size_bytes")? })
    };
    query.build().fetch_all(executor).await?.iter().map(named).collect()
}

/// The paths of the files of a kind whose hash begins with these two digits.
///
/// # Errors
/// The database's.
pub async fn by_digits(executor: impl SqliteExecutor<'_>, kind: AssetKind, digits: u8) -> Result<Vec<String>> {
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT file_path FROM {} WHERE file_hash >= ", kind.spec().table));
    query.push_bind(format!("{digits:02x}"));
    if let Some(next) = digits.checked_add(1) {
        query.push(" AND file_hash < ").push_bind(format!("{next:02x}"));
    }
    Ok(query.build_query_scalar().fetch_all(executor).await?)
}

/// Whether a row of that kind names the file of that path in the store.
///
/// # Errors
/// The database's.
pub async fn has_path(executor: impl SqliteExecutor<'_>, kind: AssetKind, file_path: &str) -> Result<bool> {
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT 1 FROM {} WHERE file_path = ", kind.spec().table));
    Ok(query.push_bind(file_path).build().fetch_optional(executor).await?.is_some())
}
