//! Brings files and rows into step after a crash. Runs beside the server, at the start and every hour.
//!
//! What a kill left is removed at once: staged files, files linked from them that got no row, files of what was deleted for good. Any other
//! file without a row may be dear to someone (a restored older database, say), so it is moved aside and deleted 30 days later; it comes back
//! when its row does. Any other row without its file is reported and never touched. What has been in the trash for long goes.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use super::assets;
use crate::{
    domain::{AssetKind, Sha256},
    server::{
        Error, Result,
        media::content::Content,
        store::{Db, assets as rows, deleted, kinds::StoredAsset},
    },
};

/// How often the store is swept.
const INTERVAL: Duration = Duration::from_secs(3600);
/// A file without a row is left alone for so long: another process may be about to commit its row.
const GRACE: Duration = Duration::from_secs(3600);
/// A file that was moved aside is deleted after so long.
const KEPT_ASIDE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Rows read at a time.
const ROWS: u32 = 1000;

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files removed that a kill or a deletion had left.
    pub removed: usize,
    /// Files without a row, moved aside.
    pub moved_aside: usize,
    /// Files that had been moved aside and are back, as their row is.
    pub taken_back: usize,
    /// Assets whose file is missing or has another size.
    pub without_file: usize,
    /// Assets that left the trash for good.
    pub emptied: usize,
}

/// Sweeps at once and then every hour until `stop`. `started` is when this process began to write.
pub async fn run(db: Db, content: Content, started: SystemTime, stop: CancellationToken) {
    loop {
        match sweep(&db, &content, started, SystemTime::now()).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(swept) => tracing::warn!(?swept, "the videos folder was brought into step with the database"),
            Err(error) => tracing::error!(cause = %error, "the videos folder could not be swept"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Sweeps once. Staged files older than `started` are leftovers: this process writes none older.
///
/// # Errors
/// The database's, or where a folder cannot be read.
pub async fn sweep(db: &Db, content: &Content, started: SystemTime, now: SystemTime) -> Result<Swept> {
    let mut swept = Swept { emptied: assets::empty_trash(db, content, time::OffsetDateTime::from(now).into()).await?, ..Swept::default() };
    let leftovers = listed(content.staging_dir(), move |found| found.modified < started).await?;
    let linked: HashSet<_> = leftovers.iter().map(|found| found.inode).collect();
    let named = named_by_rows(db, content, &mut swept).await?;
    for (found, hash) in listed_store(content).await? {
        if !named.contains(&found.path) {
            let is_leftover = linked.contains(&found.inode);
            let is_old = now.duration_since(found.modified).is_ok_and(|age| age > GRACE);
            settle(db, content, &found, &hash, is_leftover, is_old, &mut swept).await?;
        }
    }
    // Last, because a leftover's link is what tells a half-stored file from any other.
    let too_old = move |found: &Found| now.duration_since(found.modified).is_ok_and(|age| age > KEPT_ASIDE);
    let aside = listed(content.orphans_dir(), too_old).await?;
    for found in leftovers.iter().chain(&aside) {
        remove(&found.path)?;
        swept.removed += 1;
    }
    Ok(swept)
}

/// Decides about a file that no row named. Uploads go on meanwhile, so its row is looked for again, under the turn to change the store.
async fn settle(
    db: &Db,
    content: &Content,
    found: &Found,
    hash: &Sha256,
    is_leftover: bool,
    is_old: bool,
    swept: &mut Swept,
) -> Result<()> {
    let _change = content.change().await;
    if is_named(db, content, found, hash).await? {
        return Ok(());
    }
    if is_leftover || deleted::was_hash(db.reader(), hash).await? {
        remove(&found.path)?;
        swept.removed += 1;
    } else if is_old {
        move_aside(content, &found.path)?;
        swept.moved_aside += 1;
    }
    Ok(())
}

/// Whether the row of an asset names the file.
async fn is_named(db: &Db, content: &Content, found: &Found, hash: &Sha256) -> Result<bool> {
    for kind in AssetKind::ALL {
        let row = rows::by_hash(db.reader(), kind, hash).await?;
        if row.is_some_and(|row| content.path_of(&row.file_path) == found.path) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The files that rows name. What had been moved aside comes back; counts and reports the other rows whose file is not there.
async fn named_by_rows(db: &Db, content: &Content, swept: &mut Swept) -> Result<HashSet<PathBuf>> {
    let mut paths = HashSet::new();
    for kind in AssetKind::ALL {
        let mut after = None;
        loop {
            let page = rows::rows_after(db.reader(), kind, after, ROWS).await?;
            after = page.last().map(|row| row.asset.id);
            if after.is_none() {
                break;
            }
            for StoredAsset { asset, file_path, .. } in page {
                if !content.holds(&file_path, asset.size_bytes).await {
                    if content.change().await.take_back(&file_path, &asset.file_hash).await? {
                        tracing::warn!(kind = kind.name(), id = %asset.id, file_path, "a file that had been moved aside is back, as its row is");
                        swept.taken_back += 1;
                    } else {
                        swept.without_file += 1;
                        tracing::error!(kind = kind.name(), id = %asset.id, file_path, "a file is missing from the store, or damaged");
                    }
                }
                paths.insert(content.path_of(&file_path));
            }
        }
    }
    Ok(paths)
}

#[derive(Debug)]
struct Found {
    path: PathBuf,
    modified: SystemTime,
    inode: (u64, u64),
}

impl Found {
    /// The hash in its name, if it is named as the store names files.
    fn hash(&self) -> Option<Sha256> {
        let hash: Sha256 = self.path.file_stem()?.to_str()?.parse().ok()?;
        (self.path.parent()?.file_name()?.to_str()? == &hash.to_string()[..2]).then_some(hash)
    }
}

async fn listed(folder: PathBuf, wanted: impl Fn(&Found) -> bool + Send + 'static) -> Result<Vec<Found>> {
    let listing = tokio::task::spawn_blocking(move || Ok(list(&folder)?.into_iter().filter(wanted).collect()));
    listing.await.map_err(|error| Error::Internal(format!("listing a folder ended: {error}")))?
}

/// The store's own files: those in the folders `00` to `ff` that are named by a hash. What someone else put into the folder is theirs.
async fn listed_store(content: &Content) -> Result<Vec<(Found, Sha256)>> {
    let root = content.root().to_path_buf();
    let listing = tokio::task::spawn_blocking(move || {
        let mut found = Vec::new();
        for folder in 0..=255_u8 {
            let files = list(&root.join(format!("{folder:02x}")))?.into_iter();
            found.extend(files.filter_map(|file| file.hash().map(|hash| (file, hash))));
        }
        Ok(found)
    });
    listing.await.map_err(|error| Error::Internal(format!("listing the store ended: {error}")))?
}

/// The files in a folder; none where there is no such folder.
fn list(folder: &Path) -> Result<Vec<Found>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io(folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io(folder))?;
        // A file may go while the folder is read.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let modified = metadata.modified().map_err(Error::io(entry.path()))?;
            found.push(Found { path: entry.path(), modified, inode: (metadata.dev(), metadata.ino()) });
        }
    }
    Ok(found)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Io { path: path.to_path_buf(), source: error }),
        _ => Ok(()),
    }
}

/// Moves a file to the folder for files without a row; its time there begins now.
fn move_aside(content: &Content, path: &Path) -> Result<()> {
    let folder = content.orphans_dir();
    fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let target = folder.join(path.file_name().unwrap_or_default());
    let file = fs::File::open(path).map_err(Error::io(path))?;
    file.set_modified(SystemTime::now()).map_err(Error::io(path))?;
    fs::rename(path, &target).map_err(Error::io(path))?;
    tracing::warn!(file = %target.display(), "a file without a row was moved aside; it is deleted in 30 days");
    Ok(())
}
