//! The database's side of the mark that it shares with its videos store: one row.

use sqlx::{Row, SqliteExecutor};

use super::{Tx, rows};
use crate::{
    domain::{StoreId, StoreMark},
    server::{Error, Result},
};

const TABLE: &str = "store_mark";

/// The database's mark; `None` where no store was claimed for it.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn get(executor: impl SqliteExecutor<'_>) -> Result<Option<StoreMark>> {
    let row = sqlx::query("SELECT store_id, counter FROM store_mark").fetch_optional(executor).await?;
    row.map(|row| Ok(StoreMark { store_id: rows::parsed(&row, TABLE, "store_id")?, counter: row.try_get("counter")? })).transpose()
}

/// Marks the database with `id`, unless it is marked; gives its mark.
///
/// # Errors
/// The database's.
pub async fn claim(tx: &mut Tx, id: StoreId) -> Result<StoreMark> {
    sqlx::query("INSERT INTO store_mark (only_row, store_id, counter) VALUES (1, $1, 0) ON CONFLICT (only_row) DO NOTHING")
        .bind(id.to_string())
        .execute(&mut **tx)
        .await?;
    marked(tx).await
}

/// Raises the counter by one; gives the mark as it is now.
///
/// # Errors
/// The database's.
pub async fn raise(tx: &mut Tx) -> Result<StoreMark> {
    sqlx::query("UPDATE store_mark SET counter = counter + 1").execute(&mut **tx).await?;
    marked(tx).await
}

/// Raises the counter to that of the store, if it is less.
///
/// # Errors
/// The database's.
pub async fn catch_up(tx: &mut Tx, counter: u32) -> Result<()> {
    sqlx::query("UPDATE store_mark SET counter = $1 WHERE counter < $1").bind(counter).execute(&mut **tx).await?;
    Ok(())
}

async fn marked(tx: &mut Tx) -> Result<StoreMark> {
    get(&mut **tx).await?.ok_or_else(|| Error::Internal("the database's mark is gone".into()))
}
