//! The rows of videos, of how they were generated, and of what is left of deleted ones.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use time::{PrimitiveDateTime, macros::format_description};

use super::rows::{json, named, parsed, parsed_option, text};
use crate::{
    domain::{
        Sha256, Timestamp, VideoId,
        error::WorkflowRef,
        origin::{Generation, SourceType},
        video::{Role, Video, VideoMetadata, WorkflowUse},
    },
    server::{Error, Result},
};

/// The columns that [`video_of`] reads, of a table called `v`.
pub(super) const COLUMNS: &str = "v.id, v.name, v.file_hash, v.size_bytes, v.duration_seconds, v.resolution, v.aspect_ratio, v.codec, \
     v.fps, v.source_type, v.created_at, v.metadata";

/// A video to be stored, with the columns that only the server uses.
#[derive(Debug, Clone)]
pub struct NewVideo {
    /// The video; its generation gets a row of its own, its workflows are not stored here.
    pub video: Video,
    /// Its file, relative to the store.
    pub file_path: String,
    /// A hash of its streams, to recognise the same footage in other bytes.
    pub stream_hash: Option<Sha256>,
    /// What it is served as.
    pub media_type: Option<String>,
}

/// Where the bytes of a video are and how they are served.
#[derive(Debug, Clone)]
pub struct VideoFile {
    /// The video.
    pub id: VideoId,
    /// Its name.
    pub name: String,
    /// Its file, as the row names it.
    pub file_path: String,
    /// SHA-256 of its bytes.
    pub file_hash: Sha256,
    /// How many bytes it has.
    pub size_bytes: i64,
    /// What it is served as, if that is known.
    pub media_type: Option<String>,
}

/// Stores a video and its generation.
///
/// # Errors
/// A unique violation ([`Error::is_unique_violation`]) where these bytes are stored already.
pub async fn insert(connection: &mut SqliteConnection, new: &NewVideo) -> Result<()> {
    let video = &new.video;
    sqlx::query(
        "INSERT INTO videos (id, name, file_path, file_hash, size_bytes, duration_seconds, resolution, aspect_ratio, codec, fps, \
         source_type, created_at, metadata, stream_hash, media_type, width, height) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(video.id.to_string())
    .bind(&video.name)
    .bind(&new.file_path)
    .bind(video.file_hash.to_string())
    .bind(video.size_bytes)
    .bind(video.duration_seconds)
    .bind(&video.resolution)
    .bind(&video.aspect_ratio)
    .bind(&video.codec)
    .bind(video.fps)
    .bind(video.source_type.name())
    .bind(video.created_at.to_string())
    .bind(serde_json::to_string(&video.metadata)?)
    .bind(text(new.stream_hash.as_ref()))
    .bind(&new.media_type)
    .bind(video.metadata.width)
    .bind(video.metadata.height)
    .execute(&mut *connection)
    .await?;
    match &video.generation {
        Some(generation) => insert_generation(connection, video.id, generation).await,
        None => Ok(()),
    }
}

/// Records how a video was made, unless that is recorded already: equal bytes keep the first making.
///
/// # Errors
/// The database's.
pub async fn insert_generation(connection: &mut SqliteConnection, id: VideoId, generation: &Generation) -> Result<()> {
    sqlx::query(
        "INSERT INTO video_generation (video_id, provider, model, prompt, generation_params, job_id, status, started_at, completed_at, \
         provider_job_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (video_id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(&generation.provider)
    .bind(&generation.model)
    .bind(&generation.prompt)
    .bind(serde_json::to_string(&generation.generation_params)?)
    .bind(&generation.job_id)
    .bind(&generation.status)
    .bind(text(generation.started_at.as_ref()))
    .bind(text(generation.completed_at.as_ref()))
    .bind(&generation.provider_job_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// The video with that id, with its generation and its workflows.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn find(connection: &mut SqliteConnection, id: VideoId) -> Result<Option<Video>> {
    Ok(by_ids(connection, &[id]).await?.remove(&id))
}

/// The videos with those ids, with their generations and their workflows. An id without a video is left out.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn by_ids(connection: &mut SqliteConnection, ids: &[VideoId]) -> Result<HashMap<VideoId, Video>> {
    let mut videos = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let mut query = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} FROM videos v WHERE v.id IN ("));
        bind_ids(&mut query, some);
        let rows = query.build().fetch_all(&mut *connection).await?;
        videos.extend(rows.iter().map(video_of).collect::<Result<Vec<_>>>()?);
    }
    complete(connection, &mut videos).await?;
    Ok(videos.into_iter().map(|video| (video.id, video)).collect())
}

/// Adds generations and workflows to videos, in two queries whatever their number.
pub(super) async fn complete(connection: &mut SqliteConnection, videos: &mut [Video]) -> Result<()> {
    for some in videos.chunks_mut(500) {
        let ids: Vec<_> = some.iter().map(|video| video.id).collect();
        let mut generations = generations(connection, &ids).await?;
        let mut uses = uses(connection, &ids).await?;
        for video in some {
            video.generation = generations.remove(&video.id);
            video.workflows = uses.remove(&video.id).unwrap_or_default();
        }
    }
    Ok(())
}

async fn generations(connection: &mut SqliteConnection, ids: &[VideoId]) -> Result<HashMap<VideoId, Generation>> {
    const TABLE: &str = "video_generation";
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT video_id, provider, model, prompt, generation_params, job_id, status, started_at, completed_at, provider_job_id \
         FROM video_generation WHERE video_id IN (",
    );
    bind_ids(&mut query, ids);
    let rows = query.build().fetch_all(connection).await?;
    let generation = |row: &SqliteRow| -> Result<Generation> {
        Ok(Generation {
            provider: row.try_get("provider")?,
            model: row.try_get("model")?,
            prompt: row.try_get("prompt")?,
            generation_params: json(row, TABLE, "generation_params")?.unwrap_or_default(),
            job_id: row.try_get("job_id")?,
            provider_job_id: row.try_get("provider_job_id")?,
            status: row.try_get("status")?,
            started_at: time_option(row, TABLE, "started_at")?,
            completed_at: time_option(row, TABLE, "completed_at")?,
        })
    };
    rows.iter().map(|row| Ok((parsed(row, TABLE, "video_id")?, generation(row)?))).collect()
}

async fn uses(connection: &mut SqliteConnection, ids: &[VideoId]) -> Result<HashMap<VideoId, Vec<WorkflowUse>>> {
    const TABLE: &str = "workflow_videos";
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT u.video_id, u.workflow_id, w.name, u.node_id, u.node_type, u.role FROM workflow_videos u \
         JOIN workflows w ON w.id = u.workflow_id WHERE u.video_id IN (",
    );
    bind_ids(&mut query, ids);
    query.push(" ORDER BY w.name, u.workflow_id, u.node_id");
    let mut uses: HashMap<VideoId, Vec<WorkflowUse>> = HashMap::new();
    for row in &query.build().fetch_all(connection).await? {
        uses.entry(parsed(row, TABLE, "video_id")?).or_default().push(WorkflowUse {
            workflow_id: parsed(row, TABLE, "workflow_id")?,
            name: row.try_get("name")?,
            node_id: parsed(row, TABLE, "node_id")?,
            node_type: row.try_get("node_type")?,
            role: named(row, TABLE, "role", Role::from_name)?,
        });
    }
    Ok(uses)
}

fn bind_ids(query: &mut QueryBuilder<Sqlite>, ids: &[VideoId]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.to_string());
    }
    query.push(")");
}

/// The id of the video with those bytes.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn id_by_hash(executor: impl SqliteExecutor<'_>, hash: &Sha256) -> Result<Option<VideoId>> {
    let row = sqlx::query("SELECT id FROM videos WHERE file_hash = $1").bind(hash.to_string()).fetch_optional(executor).await?;
    row.map(|row| parsed(&row, "videos", "id")).transpose()
}

/// Where the bytes of a video are.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn file(executor: impl SqliteExecutor<'_>, id: VideoId) -> Result<Option<VideoFile>> {
    let row = sqlx::query("SELECT id, name, file_path, file_hash, size_bytes, media_type FROM videos WHERE id = $1");
    let row = row.bind(id.to_string()).fetch_optional(executor).await?;
    row.as_ref().map(file_of).transpose()
}

/// Where the bytes of all videos are, a page at a time: up to `limit` whose id comes after `after`, by id.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn files(executor: impl SqliteExecutor<'_>, after: Option<VideoId>, limit: u32) -> Result<Vec<VideoFile>> {
    let rows = sqlx::query("SELECT id, name, file_path, file_hash, size_bytes, media_type FROM videos WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = rows.bind(text(after.as_ref()).unwrap_or_default()).bind(limit).fetch_all(executor).await?;
    rows.iter().map(file_of).collect()
}

fn file_of(row: &SqliteRow) -> Result<VideoFile> {
    Ok(VideoFile {
        id: parsed(row, "videos", "id")?,
        name: row.try_get("name")?,
        file_path: row.try_get("file_path")?,
        file_hash: parsed(row, "videos", "file_hash")?,
        size_bytes: row.try_get("size_bytes")?,
        media_type: row.try_get("media_type")?,
    })
}

/// Points a video at another file with the same bytes.
///
/// # Errors
/// The database's.
pub async fn set_file_path(executor: impl SqliteExecutor<'_>, id: VideoId, file_path: &str) -> Result<()> {
    sqlx::query("UPDATE videos SET file_path = $1 WHERE id = $2").bind(file_path).bind(id.to_string()).execute(executor).await?;
    Ok(())
}

/// Renames a video; false where there is none.
///
/// # Errors
/// The database's.
pub async fn rename(executor: impl SqliteExecutor<'_>, id: VideoId, name: &str) -> Result<bool> {
    let done = sqlx::query("UPDATE videos SET name = $1 WHERE id = $2").bind(name).bind(id.to_string()).execute(executor).await?;
    Ok(done.rows_affected() > 0)
}

/// The workflows in which the video is the current clip of a node: the newest associated with it.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn current_in(executor: impl SqliteExecutor<'_>, id: VideoId) -> Result<Vec<WorkflowRef>> {
    let rows = sqlx::query(
        "SELECT DISTINCT w.id, w.name FROM workflow_videos u JOIN workflows w ON w.id = u.workflow_id WHERE u.video_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM workflow_videos newer WHERE newer.workflow_id = u.workflow_id AND newer.node_id = u.node_id \
         AND newer.created_at > u.created_at) ORDER BY w.name, w.id",
    );
    let rows = rows.bind(id.to_string()).fetch_all(executor).await?;
    rows.iter().map(|row| Ok(WorkflowRef { id: parsed(row, "workflows", "id")?, name: row.try_get("name")? })).collect()
}

/// Deletes a video; what it was stays in `deleted_videos`. Its generation and its cached steps go with it, its associations stay.
///
/// # Errors
/// The database's.
pub async fn delete(connection: &mut SqliteConnection, file: &VideoFile, reason: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO deleted_videos (video_id, name, file_hash, reason, deleted_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (video_id) DO UPDATE SET name = excluded.name, file_hash = excluded.file_hash, reason = excluded.reason, \
         deleted_at = excluded.deleted_at",
    )
    .bind(file.id.to_string())
    .bind(&file.name)
    .bind(file.file_hash.to_string())
    .bind(reason)
    .bind(Timestamp::now().to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM videos WHERE id = $1").bind(file.id.to_string()).execute(connection).await?;
    Ok(())
}

/// Whether a video with that id was deleted.
///
/// # Errors
/// The database's.
pub async fn was_deleted(executor: impl SqliteExecutor<'_>, id: VideoId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM deleted_videos WHERE video_id = $1").bind(id.to_string()).fetch_optional(executor).await?;
    Ok(row.is_some())
}

/// Whether a video with those bytes was deleted.
///
/// # Errors
/// The database's.
pub async fn hash_was_deleted(executor: impl SqliteExecutor<'_>, hash: &Sha256) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM deleted_videos WHERE file_hash = $1").bind(hash.to_string()).fetch_optional(executor).await?;
    Ok(row.is_some())
}

/// Takes back the id of the last deleted video with those bytes, so that whatever names it has its clip again.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn take_deleted_id(connection: &mut SqliteConnection, hash: &Sha256) -> Result<Option<VideoId>> {
    let row = sqlx::query("SELECT video_id FROM deleted_videos WHERE file_hash = $1 ORDER BY deleted_at DESC, video_id DESC LIMIT 1");
    let Some(row) = row.bind(hash.to_string()).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let id: VideoId = parsed(&row, "deleted_videos", "video_id")?;
    sqlx::query("DELETE FROM deleted_videos WHERE video_id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(Some(id))
}

/// A video from its row, without generation and workflows.
pub(super) fn video_of(row: &SqliteRow) -> Result<Video> {
    const TABLE: &str = "videos";
    Ok(Video {
        id: parsed(row, TABLE, "id")?,
        name: row.try_get("name")?,
        file_hash: parsed(row, TABLE, "file_hash")?,
        size_bytes: row.try_get("size_bytes")?,
        duration_seconds: row.try_get("duration_seconds")?,
        resolution: row.try_get("resolution")?,
        aspect_ratio: row.try_get("aspect_ratio")?,
        codec: row.try_get("codec")?,
        fps: row.try_get("fps")?,
        source_type: named(row, TABLE, "source_type", SourceType::from_name)?,
        created_at: time_option(row, TABLE, "created_at")?.unwrap_or_else(|| time::OffsetDateTime::UNIX_EPOCH.into()),
        metadata: metadata(row)?,
        generation: None,
        workflows: Vec::new(),
    })
}

/// The metadata; of an older program whatever it stored, under `other`, if it does not read as ours.
fn metadata(row: &SqliteRow) -> Result<VideoMetadata> {
    let Some(value) = json::<serde_json::Value>(row, "videos", "metadata")? else { return Ok(VideoMetadata::default()) };
    Ok(serde_json::from_value(value.clone()).unwrap_or_else(|_| VideoMetadata {
        other: serde_json::Map::from_iter([("stored".to_owned(), value)]),
        ..VideoMetadata::default()
    }))
}

/// A time; of an older program also without a zone (`2025-11-30 12:00:00.5`), which was UTC.
fn time_option(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<Option<Timestamp>> {
    parsed_option(row, table, column).or_else(|error| {
        let Error::Row { value, .. } = &error else { return Err(error) };
        let format = format_description!(
            version = 2,
            "[year]-[month]-[day][first [T] [ ]][hour]:[minute][optional [:[second]]][optional [.[subsecond digits:1+]]]"
        );
        match PrimitiveDateTime::parse(value, format) {
            Ok(moment) => Ok(Some(moment.assume_utc().into())),
            Err(_) => Err(error),
        }
    })
}
