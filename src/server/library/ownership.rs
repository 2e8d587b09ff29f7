//! Whose videos folder it is. A store and its database carry one mark: an id, and a counter that each start raises, the database's first. So no
//! other database takes the files for nobody's, and one whose counter is behind the store's is known for a copy or a restored backup: it cannot
//! know all that the store holds, and nothing leaves the store on its word until `reelgraph check` was run.

use std::{io, path::Path};

use crate::{
    domain::{AssetKind, ErrorKind, Sha256, StoreId},
    server::{
        Error, Result,
        media::{content::Content, listing, mark},
        store::{Db, assets as rows, mark as ours},
    },
};

/// Rows read at a time.
const ROWS: u32 = 1000;

/// How a database stands to the store that is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the one that was served last.
    Current,
    /// It is a copy or a restored backup: the store was served since, and has this counter.
    Behind(u32),
    /// The store has no mark, and the database may claim it.
    Unclaimed,
}

/// Opens the store in `dir` for the database that `database` names: claims it, or raises both counters. One that is behind raises nothing.
///
/// # Errors
/// [`ErrorKind::Conflict`] where the store is another database's, before anything is changed in it; where it cannot be opened.
pub async fn open(db: &Db, dir: &Path, database: &str) -> Result<(Content, Standing)> {
    loop {
        let standing = standing(db, &Content::as_it_is(dir).await?, database).await?;
        let content = Content::open(dir).await?;
        if let Standing::Behind(_) = standing {
            return Ok((content, standing));
        }
        let counted = async {
            let has_mark = standing == Standing::Current || claim(db, &content).await?;
            if has_mark { raise(db, &content).await.map(|()| true) } else { Ok(false) }
        };
        match counted.await {
            Ok(true) => {}
            // A database that was started at the same time was first.
            Ok(false) => continue,
            // A full disk is emptied, and one that is read-only read, by this server: it is not refused for that.
            Err(error) if error.is_storage_full() || matches!(error, Error::Io { .. }) => {
                tracing::warn!(cause = %error, "this start could not be counted in the videos folder: a copy of the database may not be known for one");
            }
            Err(error) => return Err(error),
        }
        return Ok((content, Standing::Current));
    }
}

/// Refuses a database that is not there, or has not a byte, for a folder that another has: it is lost, or the wrong name, and a new one would
/// lie in its place. To be asked before a database is created.
///
/// # Errors
/// [`ErrorKind::Conflict`]; where the folder cannot be read.
pub async fn refuse_new(database: &Path, dir: &Path) -> Result<()> {
    let length = |path: &Path| std::fs::metadata(path).map(|found| found.len());
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let what = match length(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => "is not there",
        Ok(0) if length(Path::new(&log)).unwrap_or(0) == 0 => "is empty",
        _ => return Ok(()),
    };
    let content = Content::as_it_is(dir).await?;
    let holds = if mark::read(content.root()).await?.is_some() {
        "belongs to another"
    } else if holds_stored(&content).await? {
        "holds files of another"
    } else {
        return Ok(());
    };
    let (database, folder) = (database.display(), content.root().display());
    let message = format!(
        "the database {database} {what}, and the videos folder {folder} {holds}: put a backup of that one in its place, name it \
         (DATABASE_URL), or give a new database a folder of its own (VIDEOS_URL)"
    );
    Err(Error::api(ErrorKind::Conflict, message))
}

/// Whether the folder holds a file that is named by its hash.
async fn holds_stored(content: &Content) -> Result<bool> {
    for digits in 0..=u8::MAX {
        if !listing::stored(content.root(), digits).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How the database that `database` names stands to the store. Nothing is changed.
///
/// # Errors
/// [`ErrorKind::Conflict`] where the store is another database's, or may be.
pub async fn standing(db: &Db, content: &Content, database: &str) -> Result<Standing> {
    let folder = content.root().display();
    let refuse = |why: String| Err(Error::api(ErrorKind::Conflict, why));
    // The store's first: the database's counter is raised before it, so one that is read later is no less.
    let of_store = mark::read(content.root()).await?;
    match (of_store, ours::get(db.reader()).await?) {
        (Some(of_store), Some(ours)) if of_store.store_id == ours.store_id => {
            Ok(if ours.counter < of_store.counter { Standing::Behind(of_store.counter) } else { Standing::Current })
        }
        (Some(_), None) if matches!(what_it_holds(db, content).await?, Holds::OurFiles) => refuse(format!(
            "the videos folder {folder} belongs to another database than {database}, which has rows for its files: start with that one \
             (DATABASE_URL), or give this one a folder of its own (VIDEOS_URL); if this is a backup from before there were marks, remove {} \
             first",
            mark::path(content.root()).display()
        )),
        (Some(_), _) => refuse(format!(
            "the videos folder {folder} belongs to another database than {database}: start with that one (DATABASE_URL), or give this one a \
             folder of its own (VIDEOS_URL)"
        )),
        (None, ours) => match (what_it_holds(db, content).await?, ours.filter(|ours| ours.counter > 0)) {
            (Holds::OtherFiles, _) => refuse(format!(
                "the videos folder {folder} holds files, and the database {database} has no row for any of them: start with the database that \
                 has (DATABASE_URL), or give this one a folder of its own (VIDEOS_URL)"
            )),
            // Not a new folder, but one that is not mounted, say.
            (Holds::Nothing, Some(ours)) if has_rows(db).await? => refuse(format!(
                "the videos folder {folder} holds no file of the database {database}: mount it, or name the right one (VIDEOS_URL); if all its \
                 files are lost, write {} into {}",
                serde_json::to_string(&ours)?,
                mark::path(content.root()).display()
            )),
            (Holds::Nothing | Holds::OurFiles, _) => Ok(Standing::Unclaimed),
        },
    }
}

/// Whether the database may be believed that a file of the store is nobody's: it is the one that was served last. To be asked before each file
/// that leaves the store, for `reelgraph check` or another server may have changed the answer.
///
/// # Errors
/// The database's, or where the store's mark cannot be read.
pub async fn may_remove(db: &Db, content: &Content) -> Result<bool> {
    let of_store = mark::read(content.root()).await?;
    Ok(match (of_store, ours::get(db.reader()).await?) {
        (Some(of_store), Some(ours)) => of_store.store_id == ours.store_id && ours.counter >= of_store.counter,
        // Nothing was served yet.
        (None, None) => true,
        _ => false,
    })
}

/// The refusal to delete something for good while the database is behind.
#[must_use]
pub fn behind() -> Error {
    let message = "This database is a copy or was restored, and may not know all that its videos folder holds: nothing is deleted for good \
                   until `reelgraph check` was run on it. It tells what is wrong.";
    Error::api(ErrorKind::Conflict, message)
}

/// Marks the database, then the store. `false`: the store has a mark by now.
async fn claim(db: &Db, content: &Content) -> Result<bool> {
    let mut tx = db.begin().await?;
    let claimed = ours::claim(&mut tx, StoreId::generate()).await?;
    tx.commit().await?;
    let is_first = mark::create(content, claimed).await?;
    if is_first {
        tracing::info!(folder = %content.root().display(), store = %claimed.store_id, "the videos folder is this database's from now on");
    }
    Ok(is_first)
}

/// Raises the database's counter, then the store's to the same. Another server of this database may do so too: the store's never passes the
/// database's.
async fn raise(db: &Db, content: &Content) -> Result<()> {
    let mut tx = db.begin().await?;
    let raised = ours::raise(&mut tx).await?;
    tx.commit().await?;
    let of_store = mark::read(content.root()).await?;
    if of_store.is_some_and(|of_store| of_store.store_id == raised.store_id && of_store.counter < raised.counter) {
        mark::replace(content, raised).await?;
    }
    Ok(())
}

/// What an unmarked folder holds, as the database sees it.
enum Holds {
    /// No file that is named by its hash.
    Nothing,
    /// A file that the database has a row for, or had one.
    OurFiles,
    /// Only files that it knows nothing of.
    OtherFiles,
}

async fn what_it_holds(db: &Db, content: &Content) -> Result<Holds> {
    let mut holds = Holds::Nothing;
    // What was set aside is somebody's too.
    let aside = listing::files(content.orphans_dir()).await?;
    let mut hashes: Vec<Sha256> = aside.iter().filter_map(listing::FoundFile::hash).collect();
    for digits in 0..=u8::MAX {
        hashes.extend(listing::stored(content.root(), digits).await?.into_iter().map(|(_, hash)| hash));
        if rows::knows_any(db, &hashes).await? {
            return Ok(Holds::OurFiles);
        }
        if !hashes.is_empty() {
            holds = Holds::OtherFiles;
        }
        hashes.clear();
    }
    // Files of an older program bear other names.
    if has_file_of_a_row(db, content).await? { Ok(Holds::OurFiles) } else { Ok(holds) }
}

/// Whether there is an asset with those bytes, of whatever kind, in the trash or not.
pub(super) async fn has_row(db: &Db, hash: &Sha256) -> Result<bool> {
    for kind in AssetKind::ALL {
        if rows::by_hash(db.reader(), kind, hash).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn has_file_of_a_row(db: &Db, content: &Content) -> Result<bool> {
    for kind in AssetKind::ALL {
        let mut after = None;
        loop {
            let page = rows::rows_after(db.reader(), kind, after, ROWS).await?;
            after = page.last().map(|row| row.asset.id);
            if after.is_none() {
                break;
            }
            let content = content.clone();
            let looking = tokio::task::spawn_blocking(move || {
                let mut paths = page.iter().map(|row| content.path_of(&row.file_path));
                paths.any(|path| path.starts_with(content.root()) && path.is_file())
            });
            if looking.await.map_err(|error| Error::Internal(format!("looking for files ended: {error}")))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

async fn has_rows(db: &Db) -> Result<bool> {
    for kind in AssetKind::ALL {
        if !rows::rows_after(db.reader(), kind, None, 1).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
