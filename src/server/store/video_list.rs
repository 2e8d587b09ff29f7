//! Lists of videos: filtered, ordered, a page at a time by keyset.

use sqlx::{QueryBuilder, Sqlite};

use super::{
    Db,
    assets::complete,
    kinds::{StoredAsset, stored},
    paging::{cut, patterns},
    rows::readable,
};
use crate::{
    domain::{
        ApiError, AssetKind,
        page::{Cursor, CursorError, Page, PageRequest, Sort, SortKey},
        video::{Video, VideoFilter},
    },
    server::Result,
};

/// The videos that pass `filter`, with their generations and workflows. `updated_at` orders like `created_at`: a video's bytes never change.
///
/// # Errors
/// [`crate::domain::ErrorKind::Invalid`] for a cursor of another list; the database's.
pub async fn list(db: &Db, filter: &VideoFilter, page: &PageRequest) -> Result<Page<Video>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT v.* FROM videos v WHERE v.deleted_at IS NULL");
    push_filter(&mut query, filter)?;
    let (key, direction, after) = order(page.sort);
    if let Some(cursor) = &page.cursor {
        query.push(format!(" AND ({key}, v.id) {after} ("));
        push_key(&mut query, page.sort.key, cursor)?;
        query.push(", ").push_bind(cursor.id.clone()).push(")");
    }
    query.push(format!(" ORDER BY {key} {direction}, v.id {direction} LIMIT ")).push_bind(page.limit + 1);

    // One transaction, so that the parts of the page belong together.
    let mut read = db.reader().begin().await?;
    let rows = query.build().fetch_all(&mut *read).await?;
    let all = rows.iter().map(|row| readable(row, |row| stored(AssetKind::Video, row))).collect::<Result<Vec<_>>>()?;
    let is_readable: Vec<bool> = all.iter().map(Option::is_some).collect();
    let mut found: Vec<_> = all.into_iter().flatten().collect();
    complete(&mut read, &mut found).await?;
    let mut videos = found.into_iter().map(|StoredAsset { asset, other, .. }| Video::new(asset, other));
    let items = is_readable.into_iter().map(|is_readable| if is_readable { videos.next() } else { None }).collect();
    Ok(cut(items, page, |last| (key_text(last, page.sort.key), last.id.to_string())))
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &VideoFilter) -> Result<(), ApiError> {
    for pattern in patterns(filter.q.as_deref())? {
        query.push(" AND (lower(v.name) LIKE lower(").push_bind(pattern.clone());
        query.push(r") ESCAPE '\' OR EXISTS (SELECT 1 FROM video_generation g WHERE g.video_id = v.id AND lower(g.prompt) LIKE lower(");
        query.push_bind(pattern).push(r") ESCAPE '\'))");
    }
    if let Some(source) = filter.source_type {
        query.push(" AND v.source_type = ").push_bind(source.name());
    }
    if let Some(width) = filter.min_width {
        query.push(" AND v.width >= ").push_bind(width);
    }
    if let Some(height) = filter.min_height {
        query.push(" AND v.height >= ").push_bind(height);
    }
    if let Some(seconds) = filter.min_duration {
        query.push(" AND v.duration_seconds >= ").push_bind(seconds);
    }
    if let Some(seconds) = filter.max_duration {
        query.push(" AND v.duration_seconds <= ").push_bind(seconds);
    }
    if let Some(workflow) = filter.workflow_id {
        query.push(" AND EXISTS (SELECT 1 FROM workflow_videos u WHERE u.video_id = v.id AND u.workflow_id = ");
        query.push_bind(workflow.to_string()).push(")");
    }
    Ok(())
}

/// The expression to order by (never null, so that rows compare), the direction, and the comparison that means "after".
fn order(sort: Sort) -> (&'static str, &'static str, &'static str) {
    let key = match sort.key {
        SortKey::CreatedAt | SortKey::UpdatedAt => "coalesce(v.created_at, '')",
        SortKey::Name => "lower(v.name)",
        SortKey::Duration => "coalesce(v.duration_seconds, -1.0)",
        SortKey::Size => "v.size_bytes",
    };
    if sort.descending { (key, "DESC", "<") } else { (key, "ASC", ">") }
}

/// What a video is ordered by, as [`push_key`] reads it.
fn key_text(video: &Video, sort: SortKey) -> String {
    match sort {
        SortKey::CreatedAt | SortKey::UpdatedAt => video.created_at.to_string(),
        SortKey::Name => video.name.clone(),
        SortKey::Duration => video.duration_seconds.unwrap_or(-1.0).to_string(),
        SortKey::Size => video.size_bytes.to_string(),
    }
}

fn push_key(query: &mut QueryBuilder<Sqlite>, sort: SortKey, cursor: &Cursor) -> Result<(), ApiError> {
    let wrong = || ApiError::invalid("/cursor", CursorError.to_string());
    let key = cursor.key.clone().ok_or_else(wrong)?;
    match sort {
        SortKey::CreatedAt | SortKey::UpdatedAt => query.push_bind(key),
        SortKey::Name => query.push("lower(").push_bind(key).push(")"),
        SortKey::Duration => query.push_bind(key.parse::<f64>().map_err(|_| wrong())?),
        SortKey::Size => query.push_bind(key.parse::<i64>().map_err(|_| wrong())?),
    };
    Ok(())
}
