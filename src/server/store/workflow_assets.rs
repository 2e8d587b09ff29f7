//! What a workflow has and made: the clips of its nodes, what is left of those that are gone, and the latest result of each node.

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    assets, deleted,
    kinds::StoredAsset,
    rows::{self, parsed, parsed_option},
    uses::{self, Use},
};
use crate::{
    domain::{
        AssetId, AssetKind, AssetRef, ExecutionId, NodeId, Timestamp, WorkflowId,
        image::NodeImage,
        video::Video,
        workflow::{MissingVideo, WorkflowVideo},
    },
    server::Result,
};

/// A node's latest succeeded step in any execution of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestStep {
    /// The node.
    pub node_id: NodeId,
    /// The type the node had.
    pub node_type: String,
    /// What it gave; it may be gone since.
    pub asset: AssetRef,
    /// The execution.
    pub execution_id: ExecutionId,
    /// When the step ended.
    pub finished_at: Timestamp,
}

/// The videos of a workflow, newest first, and what is left of those that are trashed or gone.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn videos_of_workflow(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<WorkflowVideo>> {
    let rows = sqlx::query(
        "SELECT u.*, d.name, d.file_hash, d.reason, d.deleted_at FROM uses u LEFT JOIN deleted_assets d ON d.asset_id = u.asset_id
         WHERE u.workflow_id = $1 AND u.asset_kind = 'video' ORDER BY u.created_at DESC, u.asset_id DESC, u.node_id",
    )
    .bind(id.to_string())
    .fetch_all(&mut *db)
    .await?;
    let mut tied = rows.iter().map(workflow_video).collect::<Result<Vec<_>>>()?;
    let ids: Vec<AssetId> = tied.iter().map(|video| video.video_id.into()).collect();
    let stored = assets::by_ids(db, AssetKind::Video, &ids).await?;
    for one in &mut tied {
        let Some(StoredAsset { asset, metadata, .. }) = stored.get(&one.video_id.into()).cloned() else { continue };
        one.missing = asset.deleted_at.map(|deleted_at| MissingVideo {
            name: asset.name.clone(),
            file_hash: asset.file_hash,
            reason: "It is in the trash.".to_owned(),
            deleted_at,
        });
        one.video = one.missing.is_none().then(|| Video::new(asset, metadata));
    }
    Ok(tied)
}

fn workflow_video(row: &SqliteRow) -> Result<WorkflowVideo> {
    let missing = match parsed_option(row, "deleted_assets", "deleted_at")? {
        None => None,
        Some(deleted_at) => Some(MissingVideo {
            name: row.try_get("name")?,
            file_hash: parsed(row, "deleted_assets", "file_hash")?,
            reason: row.try_get("reason")?,
            deleted_at,
        }),
    };
    let Use { asset, node_id, node_type, role, execution_id, created_at } = uses::tie(row)?;
    Ok(WorkflowVideo { video_id: asset.id.into(), node_id, node_type, role, execution_id, created_at, video: None, missing })
}

/// The latest succeeded step of each node and type that gave something, over all executions of a workflow. What was never stored is left out.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn latest_steps(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<LatestStep>> {
    let rows = sqlx::query(
        "SELECT node_id, node_type, asset_kind, asset_id, execution_id, finished_at FROM (
             SELECT n.node_id, n.node_type, n.asset_kind, n.asset_id, n.execution_id, coalesce(n.finished_at, e.created_at) AS finished_at,
                    row_number() OVER (PARTITION BY n.node_id, n.node_type
                                       ORDER BY coalesce(n.finished_at, e.created_at) DESC, n.execution_id DESC) AS place
             FROM execution_nodes n JOIN executions e ON e.id = n.execution_id
             WHERE e.workflow_id = $1 AND n.status = 'succeeded' AND n.asset_id IS NOT NULL
         ) AS steps WHERE place = 1",
    )
    .bind(id.to_string())
    .fetch_all(&mut *db)
    .await?;
    let mut steps = Vec::with_capacity(rows.len());
    for row in &rows {
        let asset = rows::asset(row, "execution_nodes")?;
        if deleted::is_or_was(&mut *db, asset).await? {
            steps.push(LatestStep {
                node_id: parsed(row, "execution_nodes", "node_id")?,
                node_type: row.try_get("node_type")?,
                asset,
                execution_id: parsed(row, "execution_nodes", "execution_id")?,
                finished_at: parsed(row, "execution_nodes", "finished_at")?,
            });
        }
    }
    Ok(steps)
}

/// The image of each node's latest succeeded step that gave one, over all executions of a workflow.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn latest_images(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<NodeImage>> {
    let steps: Vec<_> = latest_steps(db, id).await?.into_iter().filter(|step| step.asset.kind == AssetKind::Image).collect();
    let ids: Vec<_> = steps.iter().map(|step| step.asset.id).collect();
    let stored = assets::by_ids(db, AssetKind::Image, &ids).await?;
    let image = |step: LatestStep| {
        let asset = stored.get(&step.asset.id)?.asset.clone();
        asset.deleted_at.is_none().then(|| NodeImage { node_id: step.node_id, image: asset.into() })
    };
    Ok(steps.into_iter().filter_map(image).collect())
}
