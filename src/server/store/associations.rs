//! The `workflow_videos` table: which node of which workflow made or uses a video.

use sqlx::{Row, SqliteConnection};

use super::rows::{named, parsed, parsed_option};
use crate::{
    domain::{
        WorkflowId,
        video::Role,
        workflow::{MissingVideo, WorkflowVideo},
    },
    server::Result,
};

const TABLE: &str = "workflow_videos";

/// The videos of a workflow, newest first, with what is left of those that are gone. The videos themselves are not read here.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn of_workflow(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<WorkflowVideo>> {
    let rows = sqlx::query(
        "SELECT a.video_id, a.node_id, a.node_type, a.role, a.execution_id, a.created_at, d.name, d.file_hash, d.reason, d.deleted_at
         FROM workflow_videos a LEFT JOIN deleted_videos d ON d.video_id = a.video_id
         WHERE a.workflow_id = $1 ORDER BY a.created_at DESC, a.video_id DESC",
    )
    .bind(id.to_string())
    .fetch_all(db)
    .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| {
        let missing = match parsed_option(row, "deleted_videos", "deleted_at")? {
            None => None,
            Some(deleted_at) => Some(MissingVideo {
                name: row.try_get("name")?,
                file_hash: parsed(row, "deleted_videos", "file_hash")?,
                reason: row.try_get("reason")?,
                deleted_at,
            }),
        };
        Ok(WorkflowVideo {
            video_id: parsed(row, TABLE, "video_id")?,
            node_id: parsed(row, TABLE, "node_id")?,
            node_type: row.try_get("node_type")?,
            role: named(row, TABLE, "role", Role::from_name)?,
            execution_id: parsed_option(row, TABLE, "execution_id")?,
            created_at: parsed(row, TABLE, "created_at")?,
            video: None,
            missing,
        })
    };
    rows.iter().map(read).collect()
}
