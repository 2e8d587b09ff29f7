//! Which asset belongs to which node of a workflow: by the saved definition and its executions, or as a caller says.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::SqliteConnection;

use crate::{
    domain::{
        ApiError, AssetRef, ExecutionId, NodeId, Timestamp, WorkflowId,
        asset::Role,
        execution::NodeRun,
        limits,
        video::Video,
        workflow::{NewAssociation, NodeAsset, WorkflowStatus, WorkflowVideo},
    },
    graph::{
        document::{
            format,
            model::{Graph, Node},
        },
        nodes,
        spec::Action,
    },
    server::{
        Result,
        store::{
            Db, Tx, assets, deleted,
            kinds::StoredAsset,
            uses::{self, Use},
            workflow_assets::{self, LatestStep, Standing},
            workflows::{self, ListedNode, WorkflowRow},
        },
    },
};

/// Associates a video with a node as a caller says; again, renews role, execution and time. True if it was not associated before.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound) for an unknown workflow or video; [`Invalid`](crate::domain::ErrorKind::Invalid)
/// for a type of no or too many characters.
pub async fn associate(db: &Db, id: WorkflowId, new: &NewAssociation) -> Result<bool> {
    if !(1..=limits::NODE_TYPE).contains(&new.node_type.chars().count()) {
        return Err(ApiError::invalid("/node_type", format!("A node's type has 1 to {} characters.", limits::NODE_TYPE)).into());
    }
    let mut tx = db.begin().await?;
    if workflows::status(&mut tx, id).await?.is_none() {
        return Err(ApiError::not_found("workflow").into());
    }
    let video = AssetRef::from(new.video_id);
    if assets::row(&mut *tx, video).await?.is_none_or(|found| found.asset.deleted_at.is_some()) {
        return Err(ApiError::not_found("video").into());
    }
    let known = uses::of_node(&mut tx, id, &new.node_id).await?.iter().any(|known| known.asset == video);
    let tied = Use {
        asset: video,
        node_id: new.node_id.clone(),
        node_type: new.node_type.clone(),
        role: new.role,
        execution_id: new.execution_id,
        created_at: Timestamp::now(),
    };
    uses::renew(&mut tx, id, &tied).await?;
    tx.commit().await?;
    Ok(!known)
}

/// Gives each node of a saved workflow's stored definition (same id and type) what its latest succeeded step in any execution of
/// the workflow gave, and each node that is given an asset that one. Nothing happens to a draft. To be called where a workflow is saved, in the same
/// transaction; called again it changes nothing. `graph` is the stored definition where the caller has read it.
///
/// # Errors
/// Where the database fails.
pub async fn associate_saved(tx: &mut Tx, row: &WorkflowRow, graph: Option<&Graph>) -> Result<()> {
    if row.status != WorkflowStatus::Saved {
        return Ok(());
    }
    let steps = workflow_assets::latest_steps(tx, row.id).await?;
    if let Some(last) = steps.iter().map(|step| step.finished_at).max() {
        workflows::executed(tx, row.id, last).await?;
    }
    let read = match graph {
        Some(_) => None,
        None => Some(stored_graph(&row.definition)),
    };
    let Some(graph) = graph.or(read.as_ref()) else { return Ok(()) };
    let listed = listed(graph);
    workflows::list_nodes(tx, row.id, &listed).await?;
    let steps: HashMap<_, _> = steps.into_iter().map(|step| ((step.node_id.clone(), step.node_type.clone()), step)).collect();
    for node in listed {
        if let Some(step) = steps.get(&(node.node_id.clone(), node.node_type.clone())) {
            let tied = Use {
                asset: step.asset,
                node_id: node.node_id,
                node_type: node.node_type,
                role: node.role,
                execution_id: Some(step.execution_id),
                created_at: step.finished_at,
            };
            uses::renew_if_newer(tx, row.id, &tied).await?;
        }
    }
    for node in graph.nodes() {
        if let Some(asset) = nodes::given(node) {
            associate_given(tx, row.id, node, asset).await?;
        }
    }
    Ok(())
}

/// Lists the nodes of a saved workflow whose stored definition is not listed: one that an earlier version saved, or that was adopted. To be
/// called where an execution of it begins or goes on, in the same transaction: [`associate_step`] reads the list.
///
/// # Errors
/// Where the database fails.
pub async fn list_saved(tx: &mut Tx, id: WorkflowId) -> Result<()> {
    if workflows::status(tx, id).await? != Some(WorkflowStatus::Saved) || workflows::is_listed(tx, id).await? {
        return Ok(());
    }
    let definition = workflows::find(tx, id).await?.map(|row| row.definition).unwrap_or_default();
    workflows::list_nodes(tx, id, &listed(&stored_graph(&definition))).await
}

/// The graph of a stored definition. An adopted one may be none that this version reads: it is kept all the same, without clips, and must not
/// keep the server from going on with its runs.
fn stored_graph(definition: &str) -> Graph {
    let read = serde_json::from_str::<Value>(definition).ok().and_then(|definition| format::read(&definition).ok());
    read.unwrap_or_default()
}

/// Ties what a step gave to its node in the workflow of its execution, if that is saved and its stored definition has the node. To be called
/// where a step succeeds, in the same transaction.
///
/// # Errors
/// Where the database fails.
pub async fn associate_step(tx: &mut Tx, execution_id: ExecutionId, node: &NodeRun, finished_at: Timestamp) -> Result<()> {
    let Some(asset) = node.asset() else { return Ok(()) };
    let listed = workflows::listed_role(tx, execution_id, &node.node_id, &node.node_type).await?;
    let Some((id, role)) = listed else { return Ok(()) };
    let tied = Use {
        asset,
        node_id: node.node_id.clone(),
        node_type: node.node_type.clone(),
        role,
        execution_id: Some(execution_id),
        created_at: finished_at,
    };
    uses::renew_if_newer(tx, id, &tied).await
}

/// The asset that the user gave a node belongs to it whether it ran or not.
async fn associate_given(tx: &mut Tx, id: WorkflowId, node: &Node, asset: AssetRef) -> Result<()> {
    let current = uses::of_node(tx, id, &node.id).await?.into_iter().next();
    if current.is_some_and(|current| current.asset == asset) || !deleted::is_or_was(tx, asset).await? {
        return Ok(());
    }
    let tied = Use {
        asset,
        node_id: node.id.clone(),
        node_type: node.node_type.name().to_owned(),
        role: Role::Input,
        execution_id: None,
        created_at: Timestamp::now(),
    };
    uses::renew(tx, id, &tied).await
}

/// What each node's clip is to the workflow: given, a result (it feeds an `Output` or nothing), or made on the way.
fn listed(graph: &Graph) -> Vec<ListedNode> {
    let action = |node: &Node| nodes::spec(&node.node_type).map(|spec| spec.action);
    // Of each node that feeds others, whether one of these names a result.
    let mut feeds: HashMap<&NodeId, bool> = HashMap::new();
    for connection in graph.connections() {
        let names = graph.node(&connection.to.node).is_some_and(|fed| matches!(action(fed), Some(Action::Name { .. })));
        *feeds.entry(&connection.from.node).or_default() |= names;
    }
    let role = |node: &Node| match (action(node), feeds.get(&node.id)) {
        (Some(Action::Given { .. }), _) => Role::Input,
        (_, None | Some(true)) => Role::Output,
        (_, Some(false)) => Role::Intermediate,
    };
    let listed = |node: &Node| ListedNode { node_id: node.id.clone(), node_type: node.node_type.name().to_owned(), role: role(node) };
    graph.nodes().iter().map(|node| listed(node)).collect()
}

/// The videos of a workflow, newest first, and what is left of those that are trashed or gone.
///
/// # Errors
/// The database's.
pub async fn videos_of_workflow(db: &mut SqliteConnection, id: WorkflowId) -> Result<Vec<WorkflowVideo>> {
    let tied = workflow_assets::tied(db, id).await?.into_iter();
    let tied: Vec<_> = tied.filter_map(|tied| Some((tied.asset.video()?, tied))).collect();
    let places: Vec<_> = tied.iter().map(|(_, tied)| tied.asset).collect();
    let standing = workflow_assets::standing(db, &places).await?;
    let video = |(video_id, Use { asset, node_id, node_type, role, execution_id, created_at })| {
        let Standing { known, missing } = standing.get(&asset).cloned().unwrap_or_default();
        let video = known.map(|StoredAsset { asset, other, .. }| Video::new(asset, other));
        WorkflowVideo { video_id, node_id, node_type, role, execution_id, created_at, video, missing }
    };
    Ok(tied.into_iter().map(video).collect())
}

/// What the nodes of a definition show, at most one each: what the user gave a node, or the newest that it made in any run of the workflow or
/// that is tied to it. What is gone is told by what it was.
///
/// # Errors
/// The database's.
pub async fn assets_of_nodes(db: &mut SqliteConnection, id: WorkflowId, graph: &Graph) -> Result<Vec<NodeAsset>> {
    let is_still = |step: &LatestStep| graph.node(&step.node_id).is_some_and(|node| node.node_type.name() == step.node_type);
    let steps = workflow_assets::latest_steps(db, id).await?.into_iter().filter(is_still);
    let tied = workflow_assets::newest_tied(db, id).await?.into_iter();
    let made = steps.map(|step| (step.node_id, (step.finished_at, step.asset)));
    let mut newest: HashMap<NodeId, (Timestamp, AssetRef)> = HashMap::new();
    for (node, found) in made.chain(tied.map(|tied| (tied.node_id, (tied.created_at, tied.asset)))) {
        let shown = newest.entry(node).or_insert(found);
        if shown.0 < found.0 {
            *shown = found;
        }
    }
    let takes = |node: &Node| nodes::spec(&node.node_type).is_some_and(|spec| spec.given().is_some());
    let shown = |node: &Node| {
        let asset = if takes(node) { nodes::given(node) } else { newest.get(&node.id).map(|(_, asset)| *asset) };
        Some((node.id.clone(), asset?))
    };
    let shown: Vec<_> = graph.nodes().iter().filter_map(|node| shown(node)).collect();
    let places: Vec<_> = shown.iter().map(|(_, asset)| *asset).collect();
    let standing = workflow_assets::standing(db, &places).await?;
    let told = |(node_id, asset)| {
        let Standing { known, missing } = standing.get(&asset).cloned()?;
        Some(NodeAsset { node_id, asset, known: known.map(|stored| stored.asset), missing })
    };
    Ok(shown.into_iter().filter_map(told).collect())
}
