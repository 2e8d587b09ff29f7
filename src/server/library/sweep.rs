//! Brings files and rows into step after a crash. Runs beside the server, at the start and every hour.
//!
//! What a kill left is removed at once: staged files, files linked from them that got no row, files of what was deleted for good. Any other
//! file without a row may be dear to someone (a restored older database, say), so it is moved aside and deleted 30 days later; it comes back
//! when its row does. While the clock is doubted, nothing is removed or moved. Any other row without its file is reported and never touched. What has been in the trash for long goes. A database that is
//! behind its store takes back what it may, and removes nothing.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use super::{assets, integrity, ownership, upkeep};
use crate::{
    domain::{AssetKind, AssetRef, Sha256},
    server::{
        Error, Result,
        media::{
            content::{Content, remove},
            listing::{self, FoundFile},
        },
        store::{Db, assets as rows, deleted, kinds::StoredAsset, named_files},
        studio::Studio,
    },
};

/// How often the store is swept.
const INTERVAL: Duration = Duration::from_secs(3600);
/// A file without a row is left alone for so long: another process may be about to commit its row.
const GRACE: Duration = Duration::from_secs(3600);
/// A file that was moved aside is deleted after so long.
pub(super) const KEPT_ASIDE: Duration = Duration::from_secs(30 * 24 * 3600);
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
pub async fn run(studio: Studio, started: SystemTime, stop: CancellationToken) {
    loop {
        match keep_up(&studio, started).await {
            Ok(swept) if swept == Swept::default() => {}
            Ok(swept) => tracing::warn!(?swept, "the videos folder was brought into step with the database"),
            // The database is closed under it.
            Err(_) if stop.is_cancelled() => return,
            Err(error) => tracing::error!(cause = %error, "the videos folder could not be swept"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Sweeps once, if the clock may be believed; else only takes back what had been moved aside and has a row.
///
/// # Errors
/// As for [`sweep`].
pub async fn keep_up(studio: &Studio, started: SystemTime) -> Result<Swept> {
    let Studio { db, content, clock, .. } = studio;
    if upkeep::may_delete(db, clock).await? {
        return sweep(db, content, started, clock.now().date_time().into()).await;
    }
    let mut swept = Swept::default();
    look_at_rows(db, content, &mut swept).await?;
    Ok(swept)
}

/// Sweeps once. Staged files older than `started` are leftovers: this process writes none older.
///
/// # Errors
/// The database's, or where a folder cannot be read.
pub async fn sweep(db: &Db, content: &Content, started: SystemTime, now: SystemTime) -> Result<Swept> {
    let mut swept = Swept::default();
    if !ownership::may_remove(db, content).await? {
        tracing::warn!("this database is behind its videos folder: nothing is removed until `reelgraph check` was run");
        look_at_rows(db, content, &mut swept).await?;
        return Ok(swept);
    }
    swept.emptied = assets::empty_trash(db, content, time::OffsetDateTime::from(now).into()).await?;
    let mut leftovers = listing::files(content.staging_dir()).await?;
    leftovers.retain(|found| found.modified < started);
    let linked: HashSet<_> = leftovers.iter().map(|found| found.inode).collect();
    look_at_rows(db, content, &mut swept).await?;
    for digits in 0..=u8::MAX {
        let named = paths_by_digits(db, digits).await?;
        for (found, hash) in listing::stored(content.root(), digits).await? {
            if !named.contains(&found.below(content.root())) {
                let is_leftover = linked.contains(&found.inode);
                let is_old = now.duration_since(found.modified).is_ok_and(|age| age > GRACE);
                settle(db, content, &found, &hash, is_leftover, is_old, &mut swept).await?;
            }
        }
    }
    // Last, because a leftover's link is what tells a half-stored file from any other.
    let mut aside = listing::files(content.orphans_dir()).await?;
    aside.retain(|found| now.duration_since(found.modified).is_ok_and(|age| age > KEPT_ASIDE));
    for found in leftovers.iter().chain(&aside) {
        if ownership::may_remove(db, content).await? {
            remove(&found.path)?;
            swept.removed += 1;
        }
    }
    Ok(swept)
}

/// Decides about a file that no row named. Uploads go on meanwhile, so its row is looked for again, under the turn to change the store.
async fn settle(
    db: &Db,
    content: &Content,
    found: &FoundFile,
    hash: &Sha256,
    is_leftover: bool,
    is_old: bool,
    swept: &mut Swept,
) -> Result<()> {
    let _change = content.change().await;
    if is_named(db, content, found, hash).await? || !ownership::may_remove(db, content).await? {
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

/// The paths in the store of files whose hash begins with these digits, as rows have them: so much is held at a time.
async fn paths_by_digits(db: &Db, digits: u8) -> Result<HashSet<String>> {
    let mut named = HashSet::new();
    for kind in AssetKind::ALL {
        named.extend(named_files::by_digits(db.reader(), kind, digits).await?);
    }
    Ok(named)
}

/// Whether the row of an asset names the file.
pub(super) async fn is_named(db: &Db, content: &Content, found: &FoundFile, hash: &Sha256) -> Result<bool> {
    for kind in AssetKind::ALL {
        let row = rows::by_hash(db.reader(), kind, hash).await?;
        if row.is_some_and(|row| content.path_of(&row.file_path) == found.path)
            || named_files::has_path(db.reader(), kind, &found.below(content.root())).await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks whether the file of each row is there. What had been moved aside comes back; counts and reports the other rows whose file is not there.
async fn look_at_rows(db: &Db, content: &Content, swept: &mut Swept) -> Result<()> {
    for kind in AssetKind::ALL {
        let mut after = None;
        loop {
            let page = named_files::after(db.reader(), kind, after, ROWS).await?;
            after = page.last().map(|named| named.id);
            if after.is_none() {
                break;
            }
            let named = page.iter().map(|named| (named.file_path.clone(), named.size_bytes)).collect();
            for place in content.lacking(named).await? {
                // Deleted meanwhile, it lacks nothing.
                let asset = AssetRef { kind, id: page[place].id };
                if let Some(stored) = rows::row(db.reader(), asset).await? {
                    bring_back(db, content, &stored, swept).await?;
                }
            }
        }
    }
    Ok(())
}

/// Brings the file of a row back where it had been moved aside; else the row says from now on that it is damaged.
async fn bring_back(db: &Db, content: &Content, stored: &StoredAsset, swept: &mut Swept) -> Result<()> {
    let StoredAsset { asset, file_path, .. } = stored;
    let is_back = content.change().await.take_back(file_path, &asset.file_hash).await?;
    // Kept in the row, so that nothing counts on the file until it is there again.
    integrity::log(stored, &integrity::settle(db, content, stored).await?);
    if is_back {
        tracing::warn!(kind = asset.kind.name(), id = %asset.id, file_path, "a file that had been moved aside is back, as its row is");
        swept.taken_back += 1;
    } else {
        swept.without_file += 1;
    }
    Ok(())
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
