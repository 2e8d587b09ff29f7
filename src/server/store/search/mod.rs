//! The search index: one for all that is searched, kept by the transaction that writes what it tells of. A row's number there is made of when the
//! row was made, so that the index gives what it finds in that order, whichever was indexed first.

mod query;
mod source;
mod terms;

use serde_json::Value;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

pub use source::Source;

use super::{Db, Tx, kinds::time_option};
use crate::{
    domain::{AssetKind, Timestamp, workflow},
    server::{Error, Result},
};

/// Between two texts of a row: no phrase goes over it.
const BOUNDARY: &str = " \u{e000} ";
/// Numbers between two moments that follow each other: as many subjects may have the same.
const STEP: i64 = 8;
/// How many rows of one moment are put behind each other one by one before the next is put behind the last.
const TRIES: i64 = 4;
/// How far the last is looked for: a second.
const WITHIN: i64 = 1_000_000 * STEP;

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Assets of a kind: their names, and the prompts that they were made of.
    Asset(AssetKind),
    /// Workflows: names, descriptions and the texts of their definitions.
    Workflow,
}

impl Subject {
    /// Every subject.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Workflow].into_iter().chain(AssetKind::ALL.into_iter().map(Self::Asset))
    }

    /// Its table.
    pub fn table(self) -> &'static str {
        match self {
            Self::Asset(kind) => kind.spec().table,
            Self::Workflow => "workflows",
        }
    }

    /// The word of its rows in the column `kind` of the index.
    pub fn token(self) -> &'static str {
        match self {
            Self::Asset(kind) => kind.name(),
            Self::Workflow => "workflow",
        }
    }

    /// Its place among those that share a moment, below [`STEP`]; stored in numbers, so never another one's.
    fn place(self) -> i64 {
        Self::all().position(|subject| subject == self).map_or(0, |place| place as i64)
    }

    /// The least number of a row that was made at `moment`.
    pub fn number(self, moment: Timestamp) -> i64 {
        let microseconds = moment.date_time().unix_timestamp_nanos() / 1000;
        i64::try_from(microseconds).unwrap_or_default().saturating_mul(STEP).saturating_add(self.place())
    }

    fn columns(self) -> String {
        let table = self.table();
        match self {
            Self::Workflow => format!("t.description, t.definition FROM {table} t"),
            Self::Asset(_) => format!("g.prompt FROM {table} t LEFT JOIN video_generation g ON g.video_id = t.id"),
        }
    }

    /// What a row says besides its name: its prompt; its description and its definition.
    fn said(self, row: &SqliteRow) -> Result<[Option<String>; 2]> {
        Ok(match self {
            Self::Asset(_) => [row.try_get("prompt")?, None],
            Self::Workflow => [row.try_get("description")?, row.try_get("definition")?],
        })
    }
}

/// The terms of a text, and of what is written into a definition.
fn terms_of([text, definition]: [Option<String>; 2]) -> String {
    let definition = definition.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let written = definition.as_ref().map(workflow::texts).unwrap_or_default();
    let texts: Vec<_> = text.as_deref().into_iter().chain(written).map(terms::indexed).collect();
    texts.join(BOUNDARY)
}

/// Puts a row into the index as it stands, or in place of what was there. Call it in the transaction that has written the row.
///
/// # Errors
/// The database's.
pub async fn put(connection: &mut SqliteConnection, subject: Subject, id: &str) -> Result<()> {
    let select = format!("SELECT t.name, t.created_at, t.search_row, {} WHERE t.id = $1", subject.columns());
    let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(()) };
    let known: Option<i64> = row.try_get("search_row")?;
    let number = match known {
        Some(number) => number,
        None => free_number(connection, subject, made_at(&row, subject)).await?,
    };
    let name: String = row.try_get("name")?;
    let said = subject.said(&row)?;
    // A definition has up to 16 MiB.
    let making = tokio::task::spawn_blocking(move || (terms::indexed(&name), terms_of(said)));
    let (name, text) = making.await.map_err(|error| Error::Internal(format!("making terms ended: {error}")))?;
    sqlx::query("INSERT OR REPLACE INTO search (rowid, kind, name, text) VALUES ($1, $2, $3, $4)")
        .bind(number)
        .bind(subject.token())
        .bind(name)
        .bind(text)
        .execute(&mut *connection)
        .await?;
    if known.is_none() {
        let update = format!("UPDATE {} SET search_row = $1 WHERE id = $2", subject.table());
        sqlx::query(sqlx::AssertSqlSafe(update)).bind(number).bind(id).execute(connection).await?;
    }
    Ok(())
}

/// When a row was made; the beginning of time where that cannot be read, which must not keep it from being found.
fn made_at(row: &SqliteRow, subject: Subject) -> Timestamp {
    time_option(row, subject.table(), "created_at").ok().flatten().unwrap_or_else(|| time::OffsetDateTime::UNIX_EPOCH.into())
}

/// The first number from that of `moment` which no row has; after many of one moment that behind the last.
async fn free_number(connection: &mut SqliteConnection, subject: Subject, moment: Timestamp) -> Result<i64> {
    let first = subject.number(moment);
    let table = subject.table();
    let is_taken = format!("SELECT 1 FROM {table} WHERE search_row = $1");
    for place in 0..TRIES {
        let number = first + place * STEP;
        if sqlx::query(sqlx::AssertSqlSafe(is_taken.as_str())).bind(number).fetch_optional(&mut *connection).await?.is_none() {
            return Ok(number);
        }
    }
    let last = format!("SELECT max(search_row) FROM {table} WHERE search_row BETWEEN $1 AND $2");
    let last = sqlx::query_scalar::<_, Option<i64>>(sqlx::AssertSqlSafe(last)).bind(first).bind(first + WITHIN);
    Ok(last.fetch_one(connection).await?.unwrap_or(first) + STEP)
}

/// Takes a row out of the index. Call it before the row is removed.
///
/// # Errors
/// The database's.
pub async fn remove(connection: &mut SqliteConnection, subject: Subject, id: &str) -> Result<()> {
    let delete = format!("DELETE FROM search WHERE rowid = (SELECT search_row FROM {} WHERE id = $1)", subject.table());
    sqlx::query(sqlx::AssertSqlSafe(delete)).bind(id).execute(connection).await?;
    Ok(())
}

/// Puts up to `limit` rows that are not in the index into it: of an older database, or that another program has written. Gives their number.
///
/// # Errors
/// The database's.
pub async fn put_some(db: &Db, limit: u32) -> Result<u64> {
    for subject in Subject::all() {
        let select = format!("SELECT id FROM {} WHERE search_row IS NULL LIMIT $1", subject.table());
        let missing = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(select)).bind(limit).fetch_all(db.reader()).await?;
        if missing.is_empty() {
            continue;
        }
        let mut tx = db.begin().await?;
        for id in &missing {
            put(&mut tx, subject, id).await?;
        }
        tx.commit().await?;
        return Ok(missing.len() as u64);
    }
    Ok(0)
}

/// Makes the index anew and empty, whatever state it is in; [`put_some`] fills it.
///
/// # Errors
/// The database's.
pub async fn clear(tx: &mut Tx) -> Result<()> {
    let create: String = sqlx::query_scalar("SELECT sql FROM sqlite_master WHERE name = 'search'").fetch_one(&mut **tx).await?;
    sqlx::query("DROP TABLE search").execute(&mut **tx).await?;
    sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut **tx).await?;
    for subject in Subject::all() {
        let update = format!("UPDATE {} SET search_row = NULL WHERE search_row IS NOT NULL", subject.table());
        sqlx::query(sqlx::AssertSqlSafe(update)).execute(&mut **tx).await?;
    }
    Ok(())
}
