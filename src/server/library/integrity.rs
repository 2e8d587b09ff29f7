//! Whether a stored file is still what was stored. Nothing is believed by its length alone: a file that changed since it was last looked at is
//! read and hashed before a byte of it is given out, and what was found is kept in its row.

use std::{fs::File, io, path::PathBuf};

use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::{
    domain::{ApiError, AssetRef, ErrorKind, Timestamp},
    server::{
        Error, Result,
        media::{
            content::{Content, OpenedFile},
            pieces::Pieces,
            staging,
            stat::Stat,
        },
        store::{
            Db,
            assets::{self, Verified},
            kinds::StoredAsset,
        },
    },
};

/// A file that was read whole and found right is not hashed again within so many seconds when all of it is sent.
const FRESH: f64 = 24.0 * 3600.0;
/// How often a file that is replaced while it is read is read anew.
const ATTEMPTS: u32 = 3;

/// What a file is, beside what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Every byte is there; how many.
    Whole(u64),
    /// There is no file.
    Missing,
    /// It has other bytes, or cannot be read; in words.
    Altered(String),
}

/// The path of an asset's file, which is as it was stored. One that changed since it was last looked at is read whole first.
///
/// # Errors
/// [`ErrorKind::Damaged`] where it is gone or altered, [`ErrorKind::Gone`] where the asset was deleted meanwhile; the store's.
pub async fn opened(db: &Db, content: &Content, stored: &StoredAsset) -> Result<PathBuf> {
    let stat = content.stat(&stored.file_path).await?;
    if is_as_noted(stored, stat) {
        return given(content, stored);
    }
    let Some(stat) = stat.filter(|stat| stored.mtime_ns.is_none() && stored.asset.damaged_at.is_none() && fits(stored, *stat)) else {
        return verified(db, content, stored, true).await;
    };
    // Stored by a version that kept no times.
    note(db, stored, Verified { mtime_ns: Some(stat.mtime_ns), verified_at: stored.verified_at, damaged_at: None }).await;
    given(content, stored)
}

/// The same with the file open, and the bytes of `part` (the first and how many).
///
/// # Errors
/// As for [`opened`]; [`ErrorKind::Gone`] where the file went meanwhile.
pub async fn opened_file(db: &Db, content: &Content, stored: &StoredAsset, part: Option<(u64, usize)>) -> Result<OpenedFile> {
    for _ in 0..ATTEMPTS {
        let found = content.open_file(&stored.file_path, part).await?;
        match found {
            Some(found) if stored.asset.damaged_at.is_none() && is_as_noted(stored, Some(found.stat)) => return Ok(found),
            // Never seen, changed, or gone: what is right is noted there.
            _ => drop(opened(db, content, stored).await?),
        }
        let now = current(db, stored.asset.reference()).await?;
        if let Some(found) = content.open_file(&now.file_path, part).await?.filter(|found| is_as_noted(&now, Some(found.stat))) {
            return Ok(found);
        }
    }
    Err(Error::api(ErrorKind::Gone, "This file was replaced or deleted while it was opened. Try again."))
}

/// The same, once the whole file was read and is right.
///
/// # Errors
/// As for [`opened`].
pub async fn read_through(db: &Db, content: &Content, stored: &StoredAsset) -> Result<PathBuf> {
    verified(db, content, stored, false).await
}

/// Whether a file was read whole so lately that nobody needs to read it again.
#[must_use]
pub fn is_fresh(stored: &StoredAsset) -> bool {
    let age = stored.verified_at.map(|verified| Timestamp::now().seconds_since(verified));
    stored.asset.damaged_at.is_none() && age.is_some_and(|age| (0.0..FRESH).contains(&age))
}

fn given(content: &Content, stored: &StoredAsset) -> Result<PathBuf> {
    if stored.asset.damaged_at.is_some() { Err(damaged(stored)) } else { Ok(content.path_of(&stored.file_path)) }
}

fn fits(stored: &StoredAsset, stat: Stat) -> bool {
    stat.size_bytes == stored.asset.size_bytes
}

/// Whether the file is what the row says of it, be that whole or damaged.
fn is_as_noted(stored: &StoredAsset, stat: Option<Stat>) -> bool {
    match (stat, stored.asset.damaged_at) {
        (Some(stat), None) => fits(stored, stat) && stored.mtime_ns == Some(stat.mtime_ns),
        (found, Some(_)) => stored.mtime_ns == found.map(|stat| stat.mtime_ns),
        (None, None) => false,
    }
}

/// Reads the file, notes what it is, and gives its path. One reader a file: who waits takes what the first one found, where `unless_noted`.
async fn verified(db: &Db, content: &Content, stored: &StoredAsset, unless_noted: bool) -> Result<PathBuf> {
    let turn = content.reading_turn(&stored.asset.file_hash);
    let _mine = turn.lock().await;
    let now = current(db, stored.asset.reference()).await?;
    if unless_noted && is_as_noted(&now, content.stat(&now.file_path).await?) {
        return given(content, &now);
    }
    let finding = settle(db, content, &now).await?;
    log(&now, &finding);
    if let Finding::Whole(_) = finding { Ok(content.path_of(&now.file_path)) } else { Err(damaged(&now)) }
}

async fn current(db: &Db, asset: AssetRef) -> Result<StoredAsset> {
    let deleted = || Error::api(ErrorKind::Gone, format!("This {} was deleted meanwhile.", asset.kind.name()));
    assets::row(db.reader(), asset).await?.ok_or_else(deleted)
}

/// Reads the whole file of an asset and keeps in its row what was found: when it was verified, or since when it is damaged.
///
/// # Errors
/// The store's. What was found but could not be kept is logged, and found again the next time.
pub async fn settle(db: &Db, content: &Content, stored: &StoredAsset) -> Result<Finding> {
    let mut now = stored.clone();
    for _ in 0..ATTEMPTS {
        let before = content.stat(&now.file_path).await?;
        let finding = examine(content, &now, before).await?;
        // Whoever replaces a file does so in this turn: what was read is still what is there, or is read anew.
        let _change = content.change().await;
        let Some(row) = assets::row(db.reader(), now.asset.reference()).await? else { return Ok(finding) };
        if row.file_path == now.file_path && content.stat(&row.file_path).await? == before {
            note(db, &row, found(&row, before, &finding)).await;
            return Ok(finding);
        }
        now = row;
    }
    Err(Error::api(ErrorKind::Unavailable, "The file is being replaced just now. Try again in a moment."))
}

/// Tells whoever keeps the server of a file that is damaged.
pub(super) fn log(row: &StoredAsset, finding: &Finding) {
    if !matches!(finding, Finding::Whole(_)) {
        let (id, kind) = (row.asset.id, row.asset.kind.name());
        tracing::error!(kind, %id, file_path = row.file_path, ?finding, "a stored file is missing or damaged");
    }
}

/// What a row keeps of a finding.
fn found(row: &StoredAsset, stat: Option<Stat>, finding: &Finding) -> Verified {
    let mtime_ns = stat.map(|stat| stat.mtime_ns);
    match finding {
        Finding::Whole(_) => Verified { mtime_ns, verified_at: Some(Timestamp::now()), damaged_at: None },
        Finding::Missing | Finding::Altered(_) => {
            Verified { mtime_ns, verified_at: row.verified_at, damaged_at: row.asset.damaged_at.or_else(|| Some(Timestamp::now())) }
        }
    }
}

async fn note(db: &Db, row: &StoredAsset, verified: Verified) {
    if let Err(error) = keep(db, row, verified).await {
        tracing::warn!(id = %row.asset.id, cause = %error, "what was found of a stored file could not be noted; it is read again");
    }
}

async fn keep(db: &Db, row: &StoredAsset, verified: Verified) -> Result<()> {
    let mut tx = db.begin().await?;
    assets::set_verified(&mut *tx, row.asset.reference(), verified).await?;
    Ok(tx.commit().await?)
}

async fn examine(content: &Content, stored: &StoredAsset, stat: Option<Stat>) -> Result<Finding> {
    let Some(stat) = stat else { return Ok(Finding::Missing) };
    if !fits(stored, stat) {
        return Ok(Finding::Altered(format!("has {} bytes instead of {}", stat.size_bytes, stored.asset.size_bytes)));
    }
    let (path, hash) = (content.path_of(&stored.file_path), stored.asset.file_hash);
    let looking = tokio::task::spawn_blocking(move || match staging::digest(&path) {
        Ok((found, bytes)) if found == hash => Finding::Whole(bytes),
        Ok((found, _)) => Finding::Altered(format!("has other bytes, of SHA-256 {found}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Finding::Missing,
        Err(error) => Finding::Altered(format!("cannot be read: {error}")),
    });
    looking.await.map_err(|error| Error::Internal(format!("reading a file ended: {error}")))
}

/// The refusal of what is damaged, which says how to heal it.
#[must_use]
pub fn damaged(stored: &StoredAsset) -> Error {
    let message = format!(
        "The file of “{}” is missing from the server's videos folder, or damaged. Upload the same file again to bring it back.",
        stored.asset.name
    );
    ApiError::new(ErrorKind::Damaged, message).into()
}

/// The bytes of a whole file, hashed on their way. The last piece goes out only once all were right; else the stream ends with an error, which
/// breaks the connection, and the asset is damaged from then on.
pub fn checked(
    db: Db,
    content: Content,
    stored: StoredAsset,
    file: File,
    piece_bytes: usize,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let pieces = Pieces::hash(file, u64::try_from(stored.asset.size_bytes).unwrap_or_default(), piece_bytes);
    stream::try_unfold(Some((pieces, db, content, stored)), async |reading| {
        let Some((mut pieces, db, content, stored)) = reading else { return Ok(None) };
        let piece = pieces.next().await?;
        let Some(hash) = pieces.digest() else { return Ok(piece.map(|piece| (piece, Some((pieces, db, content, stored))))) };
        if hash != stored.asset.file_hash {
            // Read once more, by the one way in which a file is found damaged.
            let judged = settle(&db, &content, &stored).await;
            tracing::error!(id = %stored.asset.id, ?judged, "a download was broken off: the file is not the one that was stored");
            return Err(io::Error::other("the file is not the one that was stored"));
        }
        note_read(&db, &stored).await;
        Ok(piece.map(|last| (last, None)))
    })
}

/// The `length` bytes of an open file from `first` on, as they are.
pub fn unchecked(file: File, first: u64, length: u64, piece_bytes: usize) -> impl Stream<Item = io::Result<Bytes>> + Send {
    Pieces::read(file, first, length, piece_bytes).into_stream()
}

/// Notes that a file was read whole and right, unless it was replaced or found damaged while it was read.
async fn note_read(db: &Db, read: &StoredAsset) {
    match assets::row(db.reader(), read.asset.reference()).await {
        Ok(Some(now)) if now.file_path == read.file_path && now.asset.damaged_at.is_none() => {
            note(db, &now, Verified { mtime_ns: now.mtime_ns, verified_at: Some(Timestamp::now()), damaged_at: None }).await;
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(id = %read.asset.id, cause = %error, "that a stored file was read could not be noted; it is read again")
        }
    }
}
