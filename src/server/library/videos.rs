//! The library: look at videos, list, rename and delete them.

use std::path::PathBuf;

use super::ingest::MAX_NAME;
use crate::{
    domain::{
        ApiError, ErrorKind, VideoId,
        page::{Cursor, CursorError, Page, PageRequest, Sort, SortKey},
        video::{Video, VideoFilter},
    },
    server::{
        Error, Result,
        media::content::Content,
        store::{
            Db, video_list,
            videos::{self, VideoFile},
        },
    },
};

/// The order of lists: newest first.
pub const DEFAULT_SORT: Sort = Sort { key: SortKey::CreatedAt, descending: true };

/// A video with its generation and the workflows that use it.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn video(db: &Db, id: VideoId) -> Result<Video> {
    let mut read = db.reader().begin().await?;
    Ok(videos::find(&mut read, id).await?.ok_or_else(|| ApiError::not_found("video"))?)
}

/// A page of the videos that pass `filter`.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a wrong bound or a cursor of another list.
pub async fn list(db: &Db, filter: &VideoFilter, page: &PageRequest) -> Result<Page<Video>> {
    for (pointer, seconds) in [("/min_duration", filter.min_duration), ("/max_duration", filter.max_duration)] {
        if seconds.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
            return Err(ApiError::invalid(pointer, "Give a duration as a number of seconds, 0 or more.").into());
        }
    }
    video_list::list(db, filter, page).await
}

/// The same for the page: `sort` and `cursor` as texts, and as many videos as a page has by default.
///
/// # Errors
/// [`ErrorKind::Invalid`] for an order or a cursor that is none.
pub async fn list_from(db: &Db, filter: &VideoFilter, sort: Option<&str>, cursor: Option<&str>) -> Result<Page<Video>> {
    let sort = sort.map(str::parse::<Sort>).transpose().map_err(|error| ApiError::invalid("/sort", error.to_string()))?;
    let sort = sort.unwrap_or(DEFAULT_SORT);
    let wrong = || ApiError::invalid("/cursor", CursorError.to_string());
    let cursor = cursor.map(str::parse::<Cursor>).transpose().map_err(|_| wrong())?;
    if cursor.as_ref().is_some_and(|cursor| cursor.sort != sort.to_string()) {
        return Err(wrong().into());
    }
    list(db, filter, &PageRequest { limit: PageRequest::DEFAULT_LIMIT, cursor, sort }).await
}

/// Gives a video another name; names need not be unique.
///
/// # Errors
/// [`ErrorKind::Invalid`], [`ErrorKind::NotFound`].
pub async fn rename(db: &Db, id: VideoId, name: &str) -> Result<Video> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(ApiError::invalid("/name", format!("A name has 1 to {MAX_NAME} characters on one line.")).into());
    }
    let mut tx = db.begin().await?;
    if !videos::rename(&mut *tx, id, name).await? {
        return Err(ApiError::not_found("video").into());
    }
    tx.commit().await?;
    video(db, id).await
}

/// Deletes a video and its file. While it is the current clip of a workflow's node that needs `force`; the workflow then shows what it was.
///
/// # Errors
/// [`ErrorKind::NotFound`], or [`ErrorKind::Conflict`] with the workflows.
pub async fn delete(db: &Db, content: &Content, id: VideoId, force: bool) -> Result<()> {
    let (db, content) = (db.clone(), content.clone());
    // The caller going away must not leave a file without its row.
    let deleting = tokio::spawn(async move {
        let change = content.change().await;
        let file = delete_row(&db, id, force).await?;
        let removed = change.remove(&file.file_path).await;
        if let Err(error) = removed.and(change.remove_poster(&file.file_hash).await) {
            tracing::warn!(video = %id, cause = %error, "a deleted video's file could not be removed; the next start tries again");
        }
        Ok(())
    });
    deleting.await.map_err(|error| Error::Internal(format!("deleting a video ended: {error}")))?
}

async fn delete_row(db: &Db, id: VideoId, force: bool) -> Result<VideoFile> {
    let mut tx = db.begin().await?;
    let file = videos::file(&mut *tx, id).await?.ok_or_else(|| ApiError::not_found("video"))?;
    let workflows = videos::current_in(&mut *tx, id).await?;
    if !workflows.is_empty() && !force {
        let message = "This video is the current clip in a workflow. Delete it with force=true to have the workflow show it as missing.";
        let conflict = ApiError { workflows, ..ApiError::new(ErrorKind::Conflict, message) };
        return Err(conflict.into());
    }
    videos::delete(&mut tx, &file, "Deleted from the library.").await?;
    tx.commit().await?;
    Ok(file)
}

/// Where the bytes of a video are and how they are served.
///
/// # Errors
/// [`ErrorKind::Gone`] for a deleted video, [`ErrorKind::NotFound`].
pub async fn file(db: &Db, id: VideoId) -> Result<VideoFile> {
    if let Some(file) = videos::file(db.reader(), id).await? {
        return Ok(file);
    }
    Err(if videos::was_deleted(db.reader(), id).await? {
        Error::api(ErrorKind::Gone, "This video was deleted.")
    } else {
        ApiError::not_found("video").into()
    })
}

/// The path of a video's file, for tools that read it.
///
/// # Errors
/// As [`file`]; [`ErrorKind::Gone`] also where the file itself is missing or has another size than it was stored with.
pub async fn path_of_video(db: &Db, content: &Content, id: VideoId) -> Result<PathBuf> {
    let file = file(db, id).await?;
    if content.holds(&file.file_path, file.size_bytes).await { Ok(content.path_of(&file.file_path)) } else { Err(lost(&file)) }
}

/// The row is there, its file is not: said clearly, and logged for whoever keeps the server.
#[must_use]
pub fn lost(file: &VideoFile) -> Error {
    tracing::error!(video = %file.id, file_path = file.file_path, "the file of this video is missing from the store, or damaged");
    Error::api(
        ErrorKind::Gone,
        "The file of this video is missing from the server's videos folder, or damaged. Upload the same file again to bring it back.",
    )
}
