//! What a workflow has and made: the assets of its nodes, what is left of those that are gone, and the latest result of each node.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    assets, deleted,
    kinds::{self, StoredAsset},
    rows::{self, parsed},
    uses::{self, Use},
};
use crate::{
    domain::{AssetId, AssetKind, AssetRef, ExecutionId, NodeId, Timestamp, WorkflowId, asset::MissingAsset},
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

/// What is tied to the nodes of a workflow, newest first.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn tied(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<Use>> {
    let rows = sqlx::query("SELECT * FROM uses WHERE workflow_id = $1 ORDER BY created_at DESC, asset_id DESC, node_id");
    let rows = rows.bind(id.to_string()).fetch_all(db).await?;
    rows::all_readable(&rows, uses::tie)
}

/// The newest of what is tied to each node of a workflow.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn newest_tied(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<Use>> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT u.*, row_number() OVER (PARTITION BY u.node_id ORDER BY u.created_at DESC, u.asset_id DESC) AS place
                        FROM uses u WHERE u.workflow_id = $1) WHERE place = 1",
    );
    let rows = rows.bind(id.to_string()).fetch_all(db).await?;
    rows::all_readable(&rows, uses::tie)
}

/// How an asset stands now. Neither where there never was one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The asset, while it is there.
    pub known: Option<StoredAsset>,
    /// What it was and why it is gone, where it is in the trash or has left it.
    pub missing: Option<MissingAsset>,
}

/// How assets stand now, in a few queries a kind whatever their number.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn standing(db: &mut SqliteConnection, of: &[AssetRef]) -> Result<HashMap<AssetRef, Standing>> {
    let mut found = HashMap::new();
    for kind in AssetKind::ALL {
        let ids: Vec<AssetId> = of.iter().filter(|asset| asset.kind == kind).map(|asset| asset.id).collect();
        for (id, stored) in assets::by_ids(db, kind, &ids).await? {
            found.insert(AssetRef { kind, id }, standing_of(stored));
        }
    }
    let gone: HashMap<_, _> = of.iter().filter(|asset| !found.contains_key(asset)).map(|asset| (asset.id, *asset)).collect();
    let ids: Vec<_> = gone.keys().copied().collect();
    for (id, missing) in deleted::traces(db, &ids).await? {
        if let Some(asset) = gone.get(&id) {
            found.insert(*asset, Standing { known: None, missing: Some(missing) });
        }
    }
    Ok(found)
}

fn standing_of(stored: StoredAsset) -> Standing {
    let asset = &stored.asset;
    let missing = asset.deleted_at.map(|deleted_at| MissingAsset {
        name: asset.name.clone(),
        file_hash: asset.file_hash,
        reason: "It is in the trash.".to_owned(),
        deleted_at,
    });
    Standing { known: missing.is_none().then_some(stored), missing }
}

/// The latest succeeded step of each node and type that gave something, over all executions of a workflow. What was never stored is left out.
///
/// # Errors
/// Where the database fails or a row cannot be read.
pub async fn latest_steps(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<LatestStep>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT node_id, node_type, asset_kind, asset_id, execution_id, finished_at FROM (
             SELECT n.node_id, n.node_type, n.asset_kind, n.asset_id, n.execution_id, coalesce(n.finished_at, e.created_at) AS finished_at,
                    row_number() OVER (PARTITION BY n.node_id, n.node_type
                                       ORDER BY coalesce(n.finished_at, e.created_at) DESC, n.execution_id DESC) AS place
             FROM execution_nodes n JOIN executions e ON e.id = n.execution_id
             WHERE e.workflow_id = $1 AND n.status = 'succeeded' AND n.asset_id IS NOT NULL
         ) AS steps WHERE place = 1 AND {}",
        kinds::is_or_was("asset_kind", "steps.asset_id")
    )))
    .bind(id.to_string())
    .fetch_all(&mut *db)
    .await?;
    let step = |row: &SqliteRow| {
        Ok(LatestStep {
            node_id: parsed(row, "execution_nodes", "node_id")?,
            node_type: row.try_get("node_type")?,
            asset: rows::asset(row, "execution_nodes")?,
            execution_id: parsed(row, "execution_nodes", "execution_id")?,
            finished_at: parsed(row, "execution_nodes", "finished_at")?,
        })
    };
    rows.iter().map(step).collect()
}
