//! The database: one writer, many readers, migrations at the start.

use std::{path::PathBuf, str::FromStr, sync::LazyLock, time::Duration};

use sqlx::{
    SqlStr, Sqlite, SqlitePool, Transaction,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::server::{Error, Result};

/// The files of `migrations/sqlite`: number, what it is about, its SQL. Listed here because sqlx's macro for it compiles the whole
/// database a second time.
const SCRIPTS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("../../../migrations/sqlite/0001_initial.sql")),
    (2, "ledger", include_str!("../../../migrations/sqlite/0002_ledger.sql")),
    (3, "images", include_str!("../../../migrations/sqlite/0003_images.sql")),
    (4, "poster_jobs", include_str!("../../../migrations/sqlite/0004_poster_jobs.sql")),
    (5, "operations", include_str!("../../../migrations/sqlite/0005_operations.sql")),
    (6, "steps", include_str!("../../../migrations/sqlite/0006_steps.sql")),
];

pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |(number, about, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*number, (*about).into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    Migrator::with_migrations(SCRIPTS.iter().map(migration).collect())
});

/// A writing transaction, begun IMMEDIATE. Dropped without commit it rolls back.
pub type Tx = Transaction<'static, Sqlite>;

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    reader: SqlitePool,
    writer: SqlitePool,
}

impl Db {
    /// Opens or creates the database at `sqlite://PATH` and brings its schema up to date.
    ///
    /// # Errors
    /// Where the URL is of another kind, the file cannot be opened, or it was written by a newer program.
    pub async fn open(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A 2xx promises that the row outlives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await.map_err(newer_database)?;
        let reader = SqlitePoolOptions::new().max_connections(8).connect_with(options.read_only(true)).await?;
        Ok(Self { reader, writer })
    }

    /// The path of the file that `url` names.
    ///
    /// # Errors
    /// Where the URL is none of SQLite's.
    pub fn path(url: &str) -> Result<PathBuf> {
        Ok(SqliteConnectOptions::from_str(url)?.get_filename().to_path_buf())
    }

    /// For statements that only read.
    #[must_use]
    pub fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// Begins a writing transaction. There is one writer: hold it briefly, and never across a file, a process or a request.
    ///
    /// # Errors
    /// Where the writer cannot be had in time.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.reader).await?;
        Ok(())
    }

    /// Closes every connection; what was committed is in the file.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

fn newer_database(error: MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => Error::Internal(format!(
            "the database was written by a newer Reelgraph (schema {version}); start that version, or restore a backup made by this one"
        )),
        error => error.into(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let listed: Vec<_> = SCRIPTS.iter().map(|(number, about, _)| format!("{number:04}_{about}.sql")).collect();
        assert_eq!(listed, files);
    }
}
