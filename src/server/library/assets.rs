//! The library: look at what is stored, list, rename it, put it into the trash, take it out, and empty the trash.

use std::{path::PathBuf, sync::Arc};

use sqlx::SqliteConnection;

use super::{ingest::MAX_NAME, integrity, ownership};
use crate::{
    domain::{
        ApiError, Asset, AssetId, AssetKind, AssetRef, ErrorKind, ImageId, Timestamp, VideoId,
        asset::{AssetFilter, MissingAsset, TRASH_DAYS},
        image::Image,
        page::{Page, PageRequest},
        video::{Video, VideoFilter},
    },
    server::{
        Error, Result,
        media::content::{Content, OpenedFile},
        store::{Db, assets, deleted, kinds::StoredAsset, uses, video_list},
    },
};

/// Assets of a kind that leave the trash by themselves in one go.
const AT_ONCE: u32 = 500;

/// An asset with its generation and its uses, in the trash or not.
///
/// # Errors
/// [`ErrorKind::Gone`] where it has left the trash for good, [`ErrorKind::NotFound`].
pub async fn find(db: &Db, asset: AssetRef) -> Result<StoredAsset> {
    let mut read = db.reader().begin().await?;
    let found = assets::find(&mut read, asset).await?;
    // Whoever kept one reader while it waits for a second could wait for itself.
    drop(read);
    match found {
        Some(found) => Ok(found),
        None => Err(lacking(db, asset).await?),
    }
}

/// The asset of that id, of whatever kind.
///
/// # Errors
/// As for [`find`].
pub async fn asset(db: &Db, id: AssetId) -> Result<Asset> {
    Ok(find(db, reference(db, id).await?).await?.asset)
}

/// A video.
///
/// # Errors
/// As for [`find`].
pub async fn video(db: &Db, id: VideoId) -> Result<Video> {
    let StoredAsset { asset, other, .. } = find(db, id.into()).await?;
    Ok(Video::new(asset, other))
}

/// An image.
///
/// # Errors
/// As for [`find`].
pub async fn image(db: &Db, id: ImageId) -> Result<Image> {
    Ok(find(db, id.into()).await?.asset.into())
}

/// The kind of the asset of that id, with it.
///
/// # Errors
/// As for [`find`].
pub async fn reference(db: &Db, id: AssetId) -> Result<AssetRef> {
    let mut read = db.reader().acquire().await?;
    match assets::kind_of(&mut read, id).await? {
        Some(kind) => Ok(AssetRef { kind, id }),
        None => Err(gone(&mut read, id).await?.unwrap_or_else(|| ApiError::not_found("asset").into())),
    }
}

async fn lacking(db: &Db, asset: AssetRef) -> Result<Error> {
    let mut read = db.reader().acquire().await?;
    Ok(gone(&mut read, asset.id).await?.unwrap_or_else(|| ApiError::not_found(asset.kind.name()).into()))
}

/// The refusal of what has left the trash, by its name; `None` for what never was.
async fn gone(connection: &mut SqliteConnection, id: AssetId) -> Result<Option<Error>> {
    let traces = deleted::traces(connection, &[id]).await?;
    let words = |(_, trace): &(AssetId, MissingAsset)| format!("“{}” was deleted, and has left the trash.", trace.name);
    Ok(traces.first().map(|trace| Error::api(ErrorKind::Gone, words(trace))))
}

/// Whether one of these assets has been deleted for good since it was found, and if so which: the refusal that names it.
///
/// # Errors
/// The database's.
pub async fn first_gone(db: &Db, used: &[AssetRef]) -> Result<Option<Error>> {
    for asset in used {
        if assets::row(db.reader(), *asset).await?.is_none() {
            return lacking(db, *asset).await.map(Some);
        }
    }
    Ok(None)
}

/// A page of the assets that pass `filter`.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, filter: &AssetFilter, page: &PageRequest) -> Result<Page<Asset>> {
    assets::list(db, filter, page).await
}

/// A page of the videos that pass `filter`; what is in the trash is left out.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a wrong bound, too long a search or a cursor of another list.
pub async fn list_videos(db: &Db, filter: &VideoFilter, page: &PageRequest) -> Result<Page<Video>> {
    for (pointer, seconds) in [("/min_duration", filter.min_duration), ("/max_duration", filter.max_duration)] {
        if seconds.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
            return Err(ApiError::invalid(pointer, "Give a duration as a number of seconds, 0 or more.").into());
        }
    }
    video_list::list(db, filter, page).await
}

/// Gives an asset another name; names need not be unique.
///
/// # Errors
/// [`ErrorKind::Invalid`], [`ErrorKind::NotFound`].
pub async fn rename(db: &Db, asset: AssetRef, name: &str) -> Result<StoredAsset> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(ApiError::invalid("/name", format!("A name has 1 to {MAX_NAME} characters on one line.")).into());
    }
    let mut tx = db.begin().await?;
    if !assets::rename(&mut tx, asset, name).await? {
        drop(tx);
        return Err(lacking(db, asset).await?);
    }
    tx.commit().await?;
    find(db, asset).await
}

/// Puts an asset into the trash; there it stays as it is. While it is the current one of a workflow's node that needs `force`; the workflow
/// then shows what it was.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::Gone`], or [`ErrorKind::Conflict`] with the workflows.
pub async fn trash(db: &Db, asset: AssetRef, force: bool) -> Result<()> {
    let mut tx = db.begin().await?;
    let Some(found) = assets::row(&mut *tx, asset).await? else {
        drop(tx);
        return Err(lacking(db, asset).await?);
    };
    if found.asset.deleted_at.is_some() {
        return Ok(());
    }
    let workflows = uses::current_in(&mut *tx, asset).await?;
    if !workflows.is_empty() && !force {
        let what = asset.kind.name();
        let message = format!(
            "This {what} is the current one of a node in a workflow. Delete it with force=true to have the workflow show it as missing."
        );
        let conflict = ApiError { workflows, ..ApiError::new(ErrorKind::Conflict, message) };
        return Err(conflict.into());
    }
    assets::set_deleted_at(&mut *tx, asset, Some(Timestamp::now())).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes an asset out of the trash; one that is not in it stays as it is.
///
/// # Errors
/// As for [`find`].
pub async fn restore(db: &Db, asset: AssetRef) -> Result<Asset> {
    let mut tx = db.begin().await?;
    assets::set_deleted_at(&mut *tx, asset, None).await?;
    tx.commit().await?;
    Ok(find(db, asset).await?.asset)
}

/// Deletes what is in the trash for good: its row and its file. What it was stays known.
///
/// # Errors
/// [`ErrorKind::Conflict`] for what is not in the trash, and for all while the database is behind its store; as for [`find`].
pub async fn delete(db: &Db, content: &Content, asset: AssetRef) -> Result<()> {
    let (db, content) = (db.clone(), content.clone());
    // The caller going away must not leave a file without its row.
    let deleting = tokio::spawn(async move {
        let change = content.change().await;
        if !ownership::may_remove(&db, &content).await? {
            return Err(ownership::behind());
        }
        let found = delete_row(&db, asset).await?;
        let removed = change.remove(&found.file_path).await;
        if let Err(error) = removed.and(change.remove_poster(&found.asset.file_hash).await) {
            tracing::warn!(id = %asset.id, cause = %error, "a deleted file could not be removed; the next sweep tries again");
        }
        Ok(())
    });
    deleting.await.map_err(|error| Error::Internal(format!("deleting an asset ended: {error}")))?
}

async fn delete_row(db: &Db, asset: AssetRef) -> Result<StoredAsset> {
    let mut tx = db.begin().await?;
    let Some(found) = assets::row(&mut *tx, asset).await? else {
        drop(tx);
        return Err(lacking(db, asset).await?);
    };
    if found.asset.deleted_at.is_none() {
        let message = "Only what is in the trash can be deleted for good: delete it without permanent=true first.";
        return Err(Error::api(ErrorKind::Conflict, message));
    }
    deleted::remove(&mut tx, &found, "Deleted from the library.").await?;
    tx.commit().await?;
    Ok(found)
}

/// Deletes for good what has been in the trash for [`TRASH_DAYS`]. Gives their number.
///
/// # Errors
/// The database's.
pub async fn empty_trash(db: &Db, content: &Content, now: Timestamp) -> Result<usize> {
    let before = now.plus_seconds(-(TRASH_DAYS * 24 * 3600) as f64);
    let mut number = 0;
    for kind in AssetKind::ALL {
        for asset in assets::trashed_before(db.reader(), kind, before, AT_ONCE).await? {
            delete(db, content, asset).await?;
            number += 1;
        }
    }
    Ok(number)
}

/// An asset whose file can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedAsset {
    /// The asset, without its generation and its uses.
    pub stored: StoredAsset,
    /// Where its file lies.
    pub path: PathBuf,
}

/// An asset whose file can be read. What is in the trash counts only where `trashed` says so.
///
/// # Errors
/// [`ErrorKind::Gone`] for what is in the trash or deleted for good, [`ErrorKind::Damaged`] where the file is missing or not the one that was
/// stored; [`ErrorKind::NotFound`].
pub async fn open(db: &Db, content: &Content, asset: AssetRef, trashed: bool) -> Result<OpenedAsset> {
    let stored = readable(db, asset, trashed).await?;
    let path = or_deleted(db, &stored, integrity::opened(db, content, &stored).await).await?;
    Ok(OpenedAsset { stored, path })
}

/// An asset whose bytes are asked for, without its generation and its uses; where it is asked for a part of them, as it is or was a moment ago. What
/// is in the trash counts only where `trashed` says so.
///
/// # Errors
/// [`ErrorKind::Gone`], [`ErrorKind::NotFound`].
pub async fn to_send(db: &Db, asset: AssetRef, trashed: bool, is_part: bool) -> Result<Arc<StoredAsset>> {
    let found = if is_part { assets::recent_row(db, asset).await? } else { assets::row(db.reader(), asset).await?.map(Arc::new) };
    let Some(found) = found else { return Err(lacking(db, asset).await?) };
    if found.asset.deleted_at.is_some() && !trashed { Err(trashed_now()) } else { Ok(found) }
}

/// The file of an asset that was found, open, with the bytes of `part`: the first, and how many.
///
/// # Errors
/// As for [`open`].
pub async fn open_file(db: &Db, content: &Content, stored: &StoredAsset, part: Option<(u64, usize)>) -> Result<OpenedFile> {
    or_deleted(db, stored, integrity::opened_file(db, content, stored, part).await).await
}

/// The same, once every byte of the file was read and is right.
///
/// # Errors
/// As for [`open`].
pub async fn open_verified(db: &Db, content: &Content, asset: AssetRef, trashed: bool) -> Result<OpenedAsset> {
    let stored = readable(db, asset, trashed).await?;
    let path = or_deleted(db, &stored, integrity::read_through(db, content, &stored).await).await?;
    Ok(OpenedAsset { stored, path })
}

/// What was deleted while it was opened is not called damaged.
pub(super) async fn or_deleted<T>(db: &Db, stored: &StoredAsset, opened: Result<T>) -> Result<T> {
    match opened {
        Err(Error::Api(error)) if matches!(error.kind, ErrorKind::Damaged | ErrorKind::Gone) => Err(unreadable(db, stored).await?),
        opened => opened,
    }
}

async fn readable(db: &Db, asset: AssetRef, trashed: bool) -> Result<StoredAsset> {
    let Some(found) = assets::row(db.reader(), asset).await? else { return Err(lacking(db, asset).await?) };
    if found.asset.deleted_at.is_some() && !trashed { Err(trashed_now()) } else { Ok(found) }
}

/// Why the file of an asset is not there: the asset was deleted since it was looked up, or the file is damaged.
///
/// # Errors
/// The database's.
pub async fn unreadable(db: &Db, found: &StoredAsset) -> Result<Error> {
    let deleted = first_gone(db, &[found.asset.reference()]).await?;
    Ok(deleted.unwrap_or_else(|| integrity::damaged(found)))
}

/// The refusal of what is in the trash.
#[must_use]
pub fn trashed_now() -> Error {
    Error::api(ErrorKind::Gone, "This was deleted; it is in the trash, from which it can be restored.")
}
