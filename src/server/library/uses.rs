//! Which clip belongs to which node of a workflow: by the saved definition and its executions, or as a caller says.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    domain::{
        ApiError, AssetRef, Timestamp, VideoId, WorkflowId, limits,
        video::Role,
        workflow::{NewAssociation, WorkflowStatus},
    },
    graph::{
        format,
        model::{Graph, Node},
        nodes,
        spec::Action,
    },
    server::{
        Result,
        store::{
            Db, Tx,
            associations::{self, Association},
            workflows,
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
    if !associations::is_stored(&mut tx, new.video_id).await? {
        return Err(ApiError::not_found("video").into());
    }
    let known = associations::of_node(&mut tx, id, &new.node_id).await?.iter().any(|known| known.video_id == new.video_id);
    let association = Association {
        video_id: new.video_id,
        node_id: new.node_id.clone(),
        node_type: new.node_type.clone(),
        role: new.role,
        execution_id: new.execution_id,
        created_at: Timestamp::now(),
    };
    associations::renew(&mut tx, id, &association).await?;
    tx.commit().await?;
    Ok(!known)
}

/// Gives each node of a saved workflow's stored definition (same id and type) the clip of its latest succeeded step in any execution of
/// the workflow, and each `UploadVideo` the video it names. Nothing happens to a draft. To be called where a workflow is saved and where
/// a step of one succeeds, in the same transaction; called again it changes nothing.
///
/// # Errors
/// Where the database fails.
pub async fn associate_saved(tx: &mut Tx, id: WorkflowId) -> Result<()> {
    let Some(row) = workflows::find(tx, id).await?.filter(|row| row.status == WorkflowStatus::Saved) else { return Ok(()) };
    let steps = associations::latest_steps(tx, id).await?;
    if let Some(last) = steps.iter().map(|step| step.finished_at).max() {
        workflows::executed(tx, id, last).await?;
    }
    // An adopted definition may be none that this version reads; it is kept all the same, without clips.
    let Ok(graph) = format::read(&serde_json::from_str::<Value>(&row.definition)?) else { return Ok(()) };
    let steps: HashMap<_, _> = steps.into_iter().map(|step| ((step.node_id.clone(), step.node_type.clone()), step)).collect();
    for node in graph.nodes() {
        if let Some(step) = steps.get(&(node.id.clone(), node.node_type.name().to_owned())) {
            let association = Association {
                video_id: step.video_id,
                node_id: node.id.clone(),
                node_type: step.node_type.clone(),
                role: role(&graph, node),
                execution_id: Some(step.execution_id),
                created_at: step.finished_at,
            };
            associations::renew_if_newer(tx, id, &association).await?;
        }
        if let Some(video_id) = nodes::given(node).and_then(AssetRef::video) {
            associate_upload(tx, id, node, video_id).await?;
        }
    }
    Ok(())
}

/// The video that an `UploadVideo` names belongs to it whether it ran or not.
async fn associate_upload(tx: &mut Tx, id: WorkflowId, node: &Node, video_id: VideoId) -> Result<()> {
    let current = associations::of_node(tx, id, &node.id).await?.into_iter().next();
    if current.is_some_and(|current| current.video_id == video_id) || !associations::was_ever_stored(tx, video_id).await? {
        return Ok(());
    }
    let association = Association {
        video_id,
        node_id: node.id.clone(),
        node_type: node.node_type.name().to_owned(),
        role: Role::Input,
        execution_id: None,
        created_at: Timestamp::now(),
    };
    associations::renew(tx, id, &association).await
}

/// What a node's clip is to the workflow: given, a result (it feeds an `Output` or nothing), or made on the way.
fn role(graph: &Graph, node: &Node) -> Role {
    let action = |node: &Node| nodes::spec(&node.node_type).map(|spec| spec.action);
    if matches!(action(node), Some(Action::Given { .. })) {
        return Role::Input;
    }
    let mut fed = graph.outgoing(&node.id).filter_map(|connection| graph.node(&connection.to.node)).peekable();
    if fed.peek().is_none() || fed.any(|fed| matches!(action(fed), Some(Action::Name { .. }))) { Role::Output } else { Role::Intermediate }
}
