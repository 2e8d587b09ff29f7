//! The rows of still pictures.

use sqlx::{Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use super::rows::{named, parsed, text};
use crate::{
    domain::{
        ImageId, NodeId, Sha256, WorkflowId,
        image::{Image, NodeImage},
        origin::SourceType,
    },
    server::{Error, Result},
};

const TABLE: &str = "images";

/// An image with where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// The image.
    pub image: Image,
    /// Its file, relative to the store.
    pub file_path: String,
}

/// Stores an image.
///
/// # Errors
/// A unique violation ([`Error::is_unique_violation`]) where these bytes are stored already.
pub async fn insert(connection: &mut SqliteConnection, new: &StoredImage) -> Result<()> {
    let image = &new.image;
    sqlx::query(
        "INSERT INTO images (id, name, file_path, file_hash, size_bytes, width, height, media_type, source_type, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(image.id.to_string())
    .bind(&image.name)
    .bind(&new.file_path)
    .bind(image.file_hash.to_string())
    .bind(image.size_bytes)
    .bind(image.width)
    .bind(image.height)
    .bind(&image.media_type)
    .bind(image.source_type.name())
    .bind(image.created_at.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// The image with that id.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn find(executor: impl SqliteExecutor<'_>, id: ImageId) -> Result<Option<StoredImage>> {
    let row = sqlx::query("SELECT * FROM images WHERE id = $1").bind(id.to_string()).fetch_optional(executor).await?;
    row.as_ref().map(stored).transpose()
}

/// The image with those bytes.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn by_hash(executor: impl SqliteExecutor<'_>, hash: &Sha256) -> Result<Option<StoredImage>> {
    let row = sqlx::query("SELECT * FROM images WHERE file_hash = $1").bind(hash.to_string()).fetch_optional(executor).await?;
    row.as_ref().map(stored).transpose()
}

/// All images, a page at a time: up to `limit` whose id comes after `after`, by id.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn page(executor: impl SqliteExecutor<'_>, after: Option<ImageId>, limit: u32) -> Result<Vec<StoredImage>> {
    let rows = sqlx::query("SELECT * FROM images WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = rows.bind(text(after.as_ref()).unwrap_or_default()).bind(limit).fetch_all(executor).await?;
    rows.iter().map(stored).collect()
}

/// Points an image at another file with the same bytes.
///
/// # Errors
/// The database's.
pub async fn set_file_path(executor: impl SqliteExecutor<'_>, id: ImageId, file_path: &str) -> Result<()> {
    sqlx::query("UPDATE images SET file_path = $1 WHERE id = $2").bind(file_path).bind(id.to_string()).execute(executor).await?;
    Ok(())
}

/// The image of each node's latest succeeded step that gave one, over all executions of a workflow.
///
/// # Errors
/// The database's, or [`Error::Row`].
pub async fn latest_of_workflow(executor: impl SqliteExecutor<'_>, id: WorkflowId) -> Result<Vec<NodeImage>> {
    let rows = sqlx::query(
        "SELECT steps.node_id, i.* FROM (
             SELECT n.node_id, n.image_id,
                    row_number() OVER (PARTITION BY n.node_id ORDER BY coalesce(n.finished_at, e.created_at) DESC, n.execution_id DESC) AS place
             FROM execution_nodes n JOIN executions e ON e.id = n.execution_id
             WHERE e.workflow_id = $1 AND n.status = 'succeeded' AND n.image_id IS NOT NULL
         ) AS steps JOIN images i ON i.id = steps.image_id WHERE steps.place = 1 ORDER BY steps.node_id",
    );
    let rows = rows.bind(id.to_string()).fetch_all(executor).await?;
    rows.iter()
        .map(|row| Ok(NodeImage { node_id: parsed::<NodeId>(row, "execution_nodes", "node_id")?, image: stored(row)?.image }))
        .collect()
}

fn stored(row: &SqliteRow) -> Result<StoredImage> {
    let side = |column: &'static str| -> Result<u32> {
        let side: i64 = row.try_get(column)?;
        u32::try_from(side).map_err(|_| Error::Row { table: TABLE, column, value: side.to_string() })
    };
    let image = Image {
        id: parsed(row, TABLE, "id")?,
        name: row.try_get("name")?,
        file_hash: parsed(row, TABLE, "file_hash")?,
        size_bytes: row.try_get("size_bytes")?,
        width: side("width")?,
        height: side("height")?,
        media_type: row.try_get("media_type")?,
        source_type: named(row, TABLE, "source_type", SourceType::from_name)?,
        created_at: parsed(row, TABLE, "created_at")?,
    };
    Ok(StoredImage { image, file_path: row.try_get("file_path")? })
}
