//! The database: one writer, many readers, migrations at the start.

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    str::FromStr,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use metrics::Histogram;
use sqlx::{
    Connection, Row, SqlStr, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::recent::Recent;
use crate::{
    domain::ErrorKind,
    server::{Error, Result},
};

/// How long a statement waits for another program that holds the database.
const HELD: Duration = Duration::from_secs(10);
/// How long one waits for a connection that others use before it: the only writer, or one of the readers.
const TURN: Duration = Duration::from_secs(20);
/// How many prepared statements each reader keeps, some 15 KiB each. Lists make a text of their own of each choice of filters; what a page asks for is
/// less than this.
const KEPT_STATEMENTS: usize = 32;

/// The files of `migrations/sqlite`: number, what it is about, its SQL. Listed here because sqlx's macro for it compiles the whole
/// database a second time.
const SCRIPTS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("../../../migrations/sqlite/0001_initial.sql")),
    (2, "ledger", include_str!("../../../migrations/sqlite/0002_ledger.sql")),
    (3, "images", include_str!("../../../migrations/sqlite/0003_images.sql")),
    (4, "poster_jobs", include_str!("../../../migrations/sqlite/0004_poster_jobs.sql")),
    (5, "operations", include_str!("../../../migrations/sqlite/0005_operations.sql")),
    (6, "steps", include_str!("../../../migrations/sqlite/0006_steps.sql")),
    (7, "assets", include_str!("../../../migrations/sqlite/0007_assets.sql")),
    (8, "store_mark", include_str!("../../../migrations/sqlite/0008_store_mark.sql")),
    (9, "verified", include_str!("../../../migrations/sqlite/0009_verified.sql")),
    (10, "sessions", include_str!("../../../migrations/sqlite/0010_sessions.sql")),
    (11, "upkeep", include_str!("../../../migrations/sqlite/0011_upkeep.sql")),
    (12, "search", include_str!("../../../migrations/sqlite/0012_search.sql")),
    (13, "footage", include_str!("../../../migrations/sqlite/0013_footage.sql")),
    (14, "made_steps", include_str!("../../../migrations/sqlite/0014_made_steps.sql")),
    (15, "uploads", include_str!("../../../migrations/sqlite/0015_uploads.sql")),
];

pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |(number, about, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*number, (*about).into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    let mut migrator = Migrator::with_migrations(SCRIPTS.iter().map(migration).collect());
    // Migrations of newer programs are judged by what they record: see `refuse_newer`.
    migrator.set_ignore_missing(true);
    migrator
});

/// A writing transaction, begun IMMEDIATE. Dropped without commit it rolls back.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
    writes: Arc<Writes>,
}

impl Tx {
    /// Makes what was written last.
    ///
    /// # Errors
    /// Where it cannot be written to the disk; nothing of it stays then.
    pub async fn commit(self) -> sqlx::Result<()> {
        let Self { inner, writes } = self;
        let _told = Told(writes);
        inner.commit().await
    }
}

impl Deref for Tx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }
}

/// How often this process has written.
#[derive(Debug, Default)]
struct Writes(AtomicU64);

/// Counts a write when it is dropped: once the commit has ended, before anybody hears of it.
struct Told(Arc<Writes>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    reader: SqlitePool,
    writer: SqlitePool,
    waits: Arc<OnceLock<Histogram>>,
    writes: Arc<Writes>,
    recent: Arc<Recent>,
}

impl Db {
    /// Opens or creates the database at `sqlite://PATH` and brings its schema up to date.
    ///
    /// # Errors
    /// Where the URL is of another kind, the file cannot be opened, or it was written by a newer program.
    pub async fn open(url: &str) -> Result<Self> {
        let options = options(url)?.create_if_missing(true);
        let writer = writer(&options).await?;
        refuse_newer(&writer).await?;
        MIGRATIONS.run(&writer).await?;
        Self::with_readers(writer, options).await
    }

    /// Opens the database at `sqlite://PATH` as it is: none is created, and no schema changed.
    ///
    /// # Errors
    /// Where there is none, or its schema is not this program's; as for [`Db::open`].
    pub async fn open_as_it_is(url: &str) -> Result<Self> {
        let path = Self::path(url)?;
        if !path.is_file() {
            let message = format!("DATABASE_URL: there is no database {}; name the one that the server uses", path.display());
            return Err(Error::api(ErrorKind::NotFound, message));
        }
        let options = options(url)?;
        let writer = writer(&options).await?;
        refuse_newer(&writer).await?;
        if !is_up_to_date(&writer).await? {
            let message = format!(
                "the database {} was not served by this version yet; start `reelgraph serve` on it once, which brings it up to date",
                path.display()
            );
            return Err(Error::api(ErrorKind::Conflict, message));
        }
        Self::with_readers(writer, options).await
    }

    async fn with_readers(writer: SqlitePool, options: SqliteConnectOptions) -> Result<Self> {
        let reader = pool(8).connect_with(options.read_only(true).statement_cache_capacity(KEPT_STATEMENTS)).await?;
        Ok(Self { reader, writer, waits: Arc::default(), writes: Arc::default(), recent: Arc::default() })
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
        let began = Instant::now();
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await;
        if let Some(waits) = self.waits.get() {
            waits.record(began.elapsed());
        }
        Ok(Tx { inner: tx?, writes: self.writes.clone() })
    }

    /// How often this process has written. What was read while this was the same is what is there, but for what other programs wrote.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.0.load(Ordering::SeqCst)
    }

    /// Rows that were read a moment ago.
    #[must_use]
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// From now on tells `waits` how long each writing transaction waited for its turn, in seconds; the first to ask is told.
    pub fn tell_waits(&self, waits: Histogram) {
        // Whoever asked before goes on being told.
        let _ = self.waits.set(waits);
    }

    /// The connections that read, and the one that writes: how many are open, and with how many of these nobody works.
    #[must_use]
    pub fn connections(&self) -> [(&'static str, u32, usize); 2] {
        [("reader", &self.reader), ("writer", &self.writer)].map(|(name, pool)| (name, pool.size(), pool.num_idle()))
    }

    /// Lets go of the pages that connections hold with which nobody works: up to 2 MiB each, of a file that the system holds too.
    ///
    /// # Errors
    /// The database's.
    pub async fn let_go_of_pages(&self) -> Result<()> {
        for pool in [&self.reader, &self.writer] {
            // The one that was idle for longest comes first, and goes behind all others afterwards.
            for _ in 0..pool.num_idle() {
                let Some(mut connection) = pool.try_acquire() else { break };
                sqlx::query("PRAGMA shrink_memory").execute(&mut *connection).await?;
            }
        }
        Ok(())
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

fn options(url: &str) -> Result<SqliteConnectOptions> {
    Ok(SqliteConnectOptions::from_str(url)?
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A 2xx promises that the row outlives a power cut.
        .synchronous(SqliteSynchronous::Full)
        // Sorting needs no file of its own: lists are shown on a full disk too.
        .pragma("temp_store", "memory")
        .busy_timeout(HELD))
}

async fn writer(options: &SqliteConnectOptions) -> Result<SqlitePool> {
    Ok(pool(1).connect_with(options.clone()).await?)
}

/// Connections of which none is used on after a fault in the middle of a transaction. SQLite ends a transaction by itself where the disk is
/// full or fails; the rollback that follows finds none, and sqlx counts one as open for ever: that connection refuses whatever it is asked.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN)
        // A connection is no network's: it does not die while nobody uses it, and asking it costs each statement a turn of its thread.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}

/// Whether every migration of this program was run.
async fn is_up_to_date(pool: &SqlitePool) -> Result<bool> {
    if !has_table(pool, "_sqlx_migrations").await? {
        return Ok(false);
    }
    let run: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(pool).await?;
    Ok(SCRIPTS.iter().all(|(number, ..)| run.contains(number)))
}

async fn has_table(pool: &SqlitePool, name: &str) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = $1").bind(name).fetch_one(pool).await?;
    Ok(count > 0)
}

/// Refuses a database that a newer program has changed in a way that this one cannot serve. Each migration records the oldest program that
/// still may; one that records nothing is no migration of ours.
async fn refuse_newer(pool: &SqlitePool) -> Result<()> {
    if !has_table(pool, "_sqlx_migrations").await? || !has_table(pool, "oldest_program").await? {
        return Ok(());
    }
    let rows = sqlx::query(
        "SELECT m.version AS migration, o.version AS program FROM _sqlx_migrations m \
         LEFT JOIN oldest_program o ON o.migration = m.version ORDER BY m.version",
    );
    for row in rows.fetch_all(pool).await? {
        let (migration, program): (i64, Option<String>) = (row.try_get("migration")?, row.try_get("program")?);
        let is_known = SCRIPTS.iter().any(|(number, ..)| *number == migration);
        let may_serve = program.as_deref().map_or(is_known, |program| version(program) <= version(env!("CARGO_PKG_VERSION")));
        if !may_serve {
            let needed = program.map_or_else(String::new, |program| format!(", which needs version {program} or later"));
            return Err(Error::Internal(format!(
                "the database was changed by a newer Reelgraph (schema {migration}{needed}); start that version, or restore a backup made by this one"
            )));
        }
    }
    Ok(())
}

/// A version's numbers, to be compared; what is none is later than all.
fn version(text: &str) -> Vec<u64> {
    text.split('.').map(|number| number.parse().unwrap_or(u64::MAX)).collect()
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

    #[tokio::test]
    async fn a_reader_keeps_few_statements() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
        let mut reader = db.reader().acquire().await.unwrap();
        for number in 0..3 * KEPT_STATEMENTS {
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {number} FROM videos"))).fetch_all(&mut *reader).await.unwrap();
        }
        assert_eq!(reader.cached_statements_size(), KEPT_STATEMENTS);
    }

    #[tokio::test]
    async fn a_newer_programs_database_opens_where_its_migrations_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("media.db").display());
        let changed = async |program: Option<&str>| {
            let db = Db::open(&url).await.unwrap();
            let mut tx = db.begin().await.unwrap();
            for statement in ["DELETE FROM _sqlx_migrations WHERE version = 99", "DELETE FROM oldest_program WHERE migration = 99"] {
                sqlx::query(statement).execute(&mut *tx).await.unwrap();
            }
            sqlx::query(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', 1, x'00', 1)",
            )
            .execute(&mut *tx)
            .await
            .unwrap();
            if let Some(program) = program {
                let told = sqlx::query("INSERT INTO oldest_program (migration, version) VALUES (99, $1)").bind(program);
                told.execute(&mut *tx).await.unwrap();
            }
            tx.commit().await.unwrap();
            db.close().await;
            Db::open(&url).await
        };
        changed(Some("0.1.0")).await.unwrap().close().await;
        let refused = changed(Some("99.0.0")).await.unwrap_err().to_string();
        assert!(refused.contains("schema 99") && refused.contains("version 99.0.0 or later"), "{refused}");
    }

    #[tokio::test]
    async fn every_migration_records_the_oldest_program_that_may_serve_it() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
        let recorded: Vec<i64> =
            sqlx::query_scalar("SELECT migration FROM oldest_program ORDER BY migration").fetch_all(db.reader()).await.unwrap();
        assert_eq!(recorded, SCRIPTS.iter().map(|(number, ..)| *number).collect::<Vec<_>>());
    }
}
