//! The `workflow_videos` table: which node of which workflow made or uses a video.

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    rows::{named, parsed, parsed_option, text},
    videos,
};
use crate::{
    domain::{
        ExecutionId, NodeId, Timestamp, VideoId, WorkflowId,
        video::Role,
        workflow::{MissingVideo, WorkflowVideo},
    },
    server::Result,
};

const TABLE: &str = "workflow_videos";

/// A video's place in a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// The video.
    pub video_id: VideoId,
    /// The node.
    pub node_id: NodeId,
    /// The node's type.
    pub node_type: String,
    /// What the video is to the node.
    pub role: Role,
    /// The execution that made it, if one.
    pub execution_id: Option<ExecutionId>,
    /// When it was made or associated: the newest of a node is its current clip.
    pub created_at: Timestamp,
}

/// A node's latest succeeded step in any execution of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestStep {
    /// The node.
    pub node_id: NodeId,
    /// The type the node had.
    pub node_type: String,
    /// The clip it gave; it may have been deleted since.
    pub video_id: VideoId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// When the step ended.
    pub finished_at: Timestamp,
}

/// The videos of a workflow, newest first, and what is left of those that are gone.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn of_workflow(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<WorkflowVideo>> {
    let rows = sqlx::query(
        "SELECT a.video_id, a.node_id, a.node_type, a.role, a.execution_id, a.created_at, d.name, d.file_hash, d.reason, d.deleted_at
         FROM workflow_videos a LEFT JOIN deleted_videos d ON d.video_id = a.video_id
         WHERE a.workflow_id = $1 ORDER BY a.created_at DESC, a.video_id DESC, a.node_id",
    )
    .bind(id.to_string())
    .fetch_all(&mut *db)
    .await?;
    let mut associated = rows.iter().map(workflow_video).collect::<Result<Vec<_>>>()?;
    let ids: Vec<_> = associated.iter().map(|video| video.video_id).collect();
    let stored = videos::by_ids(db, &ids).await?;
    for one in &mut associated {
        one.video = stored.get(&one.video_id).cloned();
        if one.video.is_some() {
            one.missing = None;
        }
    }
    Ok(associated)
}

fn workflow_video(row: &SqliteRow) -> Result<WorkflowVideo> {
    let missing = match parsed_option(row, "deleted_videos", "deleted_at")? {
        None => None,
        Some(deleted_at) => Some(MissingVideo {
            name: row.try_get("name")?,
            file_hash: parsed(row, "deleted_videos", "file_hash")?,
            reason: row.try_get("reason")?,
            deleted_at,
        }),
    };
    let Association { video_id, node_id, node_type, role, execution_id, created_at } = association(row)?;
    Ok(WorkflowVideo { video_id, node_id, node_type, role, execution_id, created_at, video: None, missing })
}

fn association(row: &SqliteRow) -> Result<Association> {
    Ok(Association {
        video_id: parsed(row, TABLE, "video_id")?,
        node_id: parsed(row, TABLE, "node_id")?,
        node_type: row.try_get("node_type")?,
        role: named(row, TABLE, "role", Role::from_name)?,
        execution_id: parsed_option(row, TABLE, "execution_id")?,
        created_at: parsed(row, TABLE, "created_at")?,
    })
}

/// The videos of one node, newest first.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn of_node(db: &mut SqliteConnection, id: WorkflowId, node_id: &NodeId) -> Result<Vec<Association>> {
    let rows = sqlx::query(
        "SELECT video_id, node_id, node_type, role, execution_id, created_at FROM workflow_videos
         WHERE workflow_id = $1 AND node_id = $2 ORDER BY created_at DESC, video_id DESC",
    )
    .bind(id.to_string())
    .bind(node_id.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(association).collect()
}

/// Associates a video with a node, or renews type, role and time of the association; its execution too, where one is given.
///
/// # Errors
/// Where the database fails.
pub async fn renew(db: &mut SqliteConnection, id: WorkflowId, new: &Association) -> Result<()> {
    const RENEW: &str = "INSERT INTO workflow_videos (workflow_id, video_id, node_id, node_type, role, execution_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workflow_id, video_id, node_id) DO UPDATE SET node_type = excluded.node_type, role = excluded.role,
             execution_id = coalesce(excluded.execution_id, workflow_videos.execution_id), created_at = excluded.created_at";
    write(db, RENEW, id, new).await
}

/// Associates a video with a node, or renews the association if this is a later making of the clip. The same making again corrects its
/// role only, which follows the definition.
///
/// # Errors
/// Where the database fails.
pub async fn renew_if_newer(db: &mut SqliteConnection, id: WorkflowId, new: &Association) -> Result<()> {
    const RENEW_IF_NEWER: &str = "INSERT INTO workflow_videos (workflow_id, video_id, node_id, node_type, role, execution_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workflow_id, video_id, node_id) DO UPDATE SET node_type = excluded.node_type, role = excluded.role,
             execution_id = excluded.execution_id, 
             created_at = CASE WHEN excluded.created_at > workflow_videos.created_at THEN excluded.created_at ELSE workflow_videos.created_at END
         WHERE excluded.created_at > workflow_videos.created_at OR excluded.execution_id = workflow_videos.execution_id";
    write(db, RENEW_IF_NEWER, id, new).await
}

async fn write(db: &mut SqliteConnection, statement: &'static str, id: WorkflowId, new: &Association) -> Result<()> {
    sqlx::query(statement)
        .bind(id.to_string())
        .bind(new.video_id.to_string())
        .bind(new.node_id.as_str())
        .bind(&new.node_type)
        .bind(new.role.name())
        .bind(text(new.execution_id.as_ref()))
        .bind(new.created_at.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether the video is in the library.
///
/// # Errors
/// Where the database fails.
pub async fn is_stored(db: &mut SqliteConnection, id: VideoId) -> Result<bool> {
    Ok(sqlx::query("SELECT 1 FROM videos WHERE id = $1").bind(id.to_string()).fetch_optional(db).await?.is_some())
}

/// Whether the video is in the library, or was and left a trace.
///
/// # Errors
/// Where the database fails.
pub async fn was_ever_stored(db: &mut SqliteConnection, id: VideoId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM videos WHERE id = $1 UNION SELECT 1 FROM deleted_videos WHERE video_id = $1");
    Ok(row.bind(id.to_string()).fetch_optional(db).await?.is_some())
}

/// The latest succeeded step of each node and type, with a clip, over all executions of a workflow.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn latest_steps(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<LatestStep>> {
    let rows = sqlx::query(
        "SELECT node_id, node_type, video_id, execution_id, finished_at FROM (
             SELECT n.node_id, n.node_type, n.video_id, n.execution_id, coalesce(n.finished_at, e.created_at) AS finished_at,
                    row_number() OVER (PARTITION BY n.node_id, n.node_type
                                       ORDER BY coalesce(n.finished_at, e.created_at) DESC, n.execution_id DESC) AS place
             FROM execution_nodes n JOIN executions e ON e.id = n.execution_id
             WHERE e.workflow_id = $1 AND n.status = 'succeeded'
               AND (EXISTS (SELECT 1 FROM videos v WHERE v.id = n.video_id)
                    OR EXISTS (SELECT 1 FROM deleted_videos d WHERE d.video_id = n.video_id))
         ) AS steps WHERE place = 1",
    )
    .bind(id.to_string())
    .fetch_all(db)
    .await?;
    let step = |row: &SqliteRow| {
        Ok(LatestStep {
            node_id: parsed(row, "execution_nodes", "node_id")?,
            node_type: row.try_get("node_type")?,
            video_id: parsed(row, "execution_nodes", "video_id")?,
            execution_id: parsed(row, "execution_nodes", "execution_id")?,
            finished_at: parsed(row, "execution_nodes", "finished_at")?,
        })
    };
    rows.iter().map(step).collect()
}
