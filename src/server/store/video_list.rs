//! Lists of videos: filtered, ordered, a page at a time by keyset.

use sqlx::{QueryBuilder, Row, Sqlite};

use super::{
    Db, assets,
    kinds::StoredAsset,
    paging::{KeyType, Keyset},
    search::{Source, Subject},
};
use crate::{
    domain::{
        AssetId, AssetKind,
        page::{Page, PageRequest, SortKey},
        video::{Video, VideoFilter},
    },
    server::Result,
};

/// How long a video plays, as its index has it.
const DURATION: &str = "COALESCE(v.duration_seconds, -1.0)";

const VIDEOS: Subject = Subject::Asset(AssetKind::Video);

/// The videos that pass `filter`, with their generations and workflows. `updated_at` orders like `created_at`: a video's bytes never change.
///
/// # Errors
/// [`crate::domain::ErrorKind::Invalid`] for a cursor of another list; the database's.
pub async fn list(db: &Db, filter: &VideoFilter, page: &PageRequest) -> Result<Page<Video>> {
    let keyset = keyset(page.sort.key);
    // One transaction, so that the parts of the page belong together.
    let mut read = db.reader().begin().await?;
    let is_by_time = matches!(page.sort.key, SortKey::CreatedAt | SortKey::UpdatedAt);
    let source = Source::of(&mut read, filter.q.as_deref(), VIDEOS, is_by_time).await?;
    let Some(source) = source else { return Ok(Page::empty()) };
    let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {} FROM ", keyset.columns()));
    source.push_from(&mut query, "videos", "v");
    query.push(" AND v.deleted_at IS NULL");
    push_filter(&mut query, filter, page.sort.key);
    source.push_page(&mut query, &keyset, VIDEOS, page)?;

    let rows = query.build().fetch_all(&mut *read).await?;
    let shown = rows.iter().take(page.limit as usize);
    let ids: Vec<Option<AssetId>> = shown.map(|row| row.try_get::<String, _>("page_id").ok()?.parse().ok()).collect();
    let known: Vec<_> = ids.iter().copied().flatten().collect();
    let mut found = assets::by_ids(&mut read, AssetKind::Video, &known).await?;
    let mut video = |id: Option<AssetId>| {
        let StoredAsset { asset, other, .. } = found.remove(&id?)?;
        Some(Video::new(asset, other))
    };
    keyset.page(&rows, page, ids.into_iter().map(&mut video).collect())
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &VideoFilter, order: SortKey) {
    if let Some(source) = filter.source_type {
        // The sign: by the index of the order, in which the source stands too, not by one of sources, whose rows would all be sorted.
        query.push(" AND +v.source_type = ").push_bind(source.name());
    }
    if let Some(width) = filter.min_width {
        query.push(" AND v.width >= ").push_bind(width);
    }
    if let Some(height) = filter.min_height {
        query.push(" AND v.height >= ").push_bind(height);
    }
    // In the words of the order's index, which then begins and ends there; one that is unknown is below all.
    let (duration, least) = if order == SortKey::Duration { (DURATION, Some(0.0)) } else { ("v.duration_seconds", None) };
    if let Some(seconds) = filter.min_duration.or(filter.max_duration.and(least)) {
        query.push(format!(" AND {duration} >= ")).push_bind(seconds);
    }
    if let Some(seconds) = filter.max_duration {
        query.push(format!(" AND {duration} <= ")).push_bind(seconds);
    }
    if let Some(workflow) = filter.workflow_id {
        query.push(" AND v.id IN (SELECT video_id FROM workflow_videos WHERE workflow_id = ").push_bind(workflow.to_string()).push(")");
    }
}

/// What each order goes by; the index of each is named alike (`migrations`).
fn keyset(sort: SortKey) -> Keyset {
    match sort {
        SortKey::CreatedAt | SortKey::UpdatedAt => Keyset::text("COALESCE(v.created_at, '')", "v.id"),
        SortKey::Name => Keyset::text("LOWER(v.name)", "v.id"),
        SortKey::Duration => Keyset { key: DURATION, key_type: KeyType::Real, id: "v.id" },
        SortKey::Size => Keyset { key: "v.size_bytes", key_type: KeyType::Integer, id: "v.id" },
    }
}
