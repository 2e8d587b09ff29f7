//! Takes over a `media.db` of the seed's own making: four tables, hashes not unique, ids and times in whatever form the older program
//! wrote them. An untouched copy is left beside it first; then one transaction replaces the tables, so that a kill at any moment leaves
//! either the old database or the adopted one.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use self::merge::Adopted;
use super::{Db, assets, db::MIGRATIONS, uses, workflows};
use crate::{
    domain::Timestamp,
    server::{Error, Result},
};

mod merge;
mod seed;

/// Adopts the database at `url` if the seed's program made it; any other is left alone. `videos_dir` is where its files are looked for.
/// To be called before the database is opened.
///
/// # Errors
/// Where the database cannot be read, the copy cannot be written, or another program holds the database open.
pub async fn adopt(url: &str, videos_dir: &Path) -> Result<()> {
    let path = Db::path(url)?;
    if !path.is_file() {
        return Ok(());
    }
    let options = SqliteConnectOptions::from_str(url)?.foreign_keys(false).busy_timeout(Duration::from_secs(10));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    if is_seed_made(&mut connection).await? {
        let copy = keep_copy(&mut connection, &path).await?;
        let folder = path.parent().unwrap_or(Path::new("."));
        replace(&mut connection, |file_path| find_file(videos_dir, folder, file_path)).await?;
        tracing::info!(copy = %copy.display(), "a database of an older program was adopted; an untouched copy was left");
    }
    connection.close().await?;
    Ok(())
}

/// Whether the tables are there, but none of ours that tells the schema's version.
async fn is_seed_made(db: &mut SqliteConnection) -> Result<bool> {
    let count = |names: &'static str| sqlx::query_scalar::<_, i64>(names);
    let ours = count("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'").fetch_one(&mut *db).await?;
    let seeds = count("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('videos', 'workflows')").fetch_one(db).await?;
    Ok(ours == 0 && seeds > 0)
}

/// Writes a consistent copy beside the database, what its write-ahead log holds included. An equal copy of an interrupted start is used.
async fn keep_copy(db: &mut SqliteConnection, path: &Path) -> Result<PathBuf> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let partial = beside(".before-adoption.partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::Io { path: partial, source: error }),
        _ => {}
    }
    sqlx::query("VACUUM INTO $1").bind(partial.to_string_lossy()).execute(db).await?;
    let day = Timestamp::now().date_time().date();
    let names = (1..).map(|number| if number == 1 { String::new() } else { format!("-{number}") });
    for name in names.map(|number| beside(&format!(".before-adoption-{day}{number}"))) {
        if !name.exists() {
            fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(Error::io(&partial))?;
            fs::rename(&partial, &name).map_err(Error::io(&name))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io(folder))?;
            return Ok(name);
        }
        if fs::read(&name).map_err(Error::io(&name))? == fs::read(&partial).map_err(Error::io(&partial))? {
            fs::remove_file(&partial).map_err(Error::io(&partial))?;
            return Ok(name);
        }
    }
    Err(Error::Internal("no name is left for the copy of the database".into()))
}

/// Replaces the seed's tables by ours with the same content, in one transaction.
async fn replace(db: &mut SqliteConnection, find_file: impl Fn(&str) -> Option<String>) -> Result<()> {
    let mut tx = db.begin_with("BEGIN EXCLUSIVE").await.map_err(|error| {
        Error::Internal(format!(
            "the database of an older program cannot be adopted while another program uses it ({error}); stop that program"
        ))
    })?;
    let adopted = Adopted::from_seed(seed::read(&mut tx).await?, find_file);
    for statement in [
        "DROP TABLE IF EXISTS workflow_videos",
        "DROP TABLE IF EXISTS video_generation",
        "DROP TABLE IF EXISTS workflows",
        "DROP TABLE IF EXISTS videos",
    ] {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    MIGRATIONS.run(&mut *tx).await?;
    for video in &adopted.videos {
        assets::insert(&mut tx, video).await?;
    }
    for workflow in &adopted.workflows {
        workflows::insert(&mut tx, workflow).await?;
        if let Some(at) = workflow.last_executed_at {
            workflows::executed(&mut tx, workflow.id, at).await?;
        }
    }
    for (workflow_id, association) in &adopted.associations {
        uses::renew(&mut tx, *workflow_id, association).await?;
    }
    if let Some(row) = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *tx).await? {
        let table: String = row.try_get(0)?;
        return Err(Error::Internal(format!("adopting the database would leave a dangling reference in {table}")));
    }
    tx.commit().await?;
    tracing::info!(
        videos = adopted.videos.len(),
        merged = adopted.merged,
        workflows = adopted.workflows.len(),
        associations = adopted.associations.len(),
        left_out = adopted.left_out.len(),
        "adopted"
    );
    for reason in &adopted.left_out {
        tracing::warn!("{reason}; it is in the copy only");
    }
    Ok(())
}

/// How to name the file of an older program's row, if the file is there: as it was, where the videos store finds it so, else absolute.
fn find_file(videos_dir: &Path, database_dir: &Path, file_path: &str) -> Option<String> {
    let given = Path::new(file_path);
    let name = given.file_name()?;
    let in_store = [videos_dir.join(given), videos_dir.join(given.components().skip(1).collect::<PathBuf>()), videos_dir.join(name)];
    if in_store.iter().any(|path| path.is_file()) {
        return Some(file_path.to_owned());
    }
    let beside = database_dir.join(given).canonicalize().ok().filter(|path| path.is_file())?;
    Some(beside.to_string_lossy().into_owned())
}
