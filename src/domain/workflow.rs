//! Workflows as rows and lists. What is inside a definition is the business of [`crate::graph`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    asset::{Asset, MissingAsset, Role},
    asset_ref::AssetRef,
    execution::Execution,
    ids::{ExecutionId, NodeId, VideoId, WorkflowId},
    limits,
    optional::{given, given_or_empty},
    page::{Filter, Sort, SortKey},
    provider::{Model, Provider, RetiredModel},
    timestamp::Timestamp,
    video::Video,
};

/// The parameters of nodes that hold what people write, of whatever node type.
pub const TEXT_PARAMS: [&str; 4] = ["text", "prompt", "negative_prompt", "name"];

/// What people have written into a definition, and the titles that they gave.
#[must_use]
pub fn texts(definition: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![definition];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values.iter().rev()),
            Value::Object(fields) => {
                let is_text = |name: &str| name == "title" || TEXT_PARAMS.contains(&name);
                found.extend(fields.iter().filter(|(name, _)| is_text(name)).filter_map(|(_, value)| value.as_str()));
                open.extend(fields.values().rev());
            }
            _ => {}
        }
    }
    found
}

/// Whether the user has saved a workflow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowStatus {
    /// Being made; its clips are not associated yet.
    #[default]
    Draft,
    /// Saved; its clips come back with it.
    Saved,
}

impl WorkflowStatus {
    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Saved => "saved",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Draft, Self::Saved].into_iter().find(|status| status.name() == name)
    }
}

/// A workflow in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowSummary {
    /// The workflow's id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Draft or saved.
    pub status: WorkflowStatus,
    /// Nodes in its definition.
    pub node_count: i64,
    /// Videos associated with it.
    pub video_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When name, description, status or definition last changed.
    pub updated_at: Timestamp,
    /// When it last ran.
    pub last_executed_at: Option<Timestamp>,
}

/// Unsaved edits of a workflow: the autosave slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DraftSlot {
    /// The edited definition.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// The `ETag` of the version these edits began from.
    pub base_etag: String,
    /// When they were last kept.
    pub updated_at: Timestamp,
}

/// A video associated with a node of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowVideo {
    /// The video's id.
    pub video_id: VideoId,
    /// The node.
    pub node_id: NodeId,
    /// The node's type.
    pub node_type: String,
    /// What the video is to the node.
    pub role: Role,
    /// The execution that made it, if one.
    pub execution_id: Option<ExecutionId>,
    /// When it was associated, or last renewed.
    pub created_at: Timestamp,
    /// The video, or `null` if it is gone.
    pub video: Option<Video>,
    /// What it was and why it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingAsset>,
}

/// A workflow with everything that restores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    /// The workflow's id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Draft or saved.
    pub status: WorkflowStatus,
    /// The graph, as it was given.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// Unsaved edits.
    pub draft: Option<DraftSlot>,
    /// Its clips, newest first: the first of a node is its current clip.
    pub videos: Vec<WorkflowVideo>,
    /// Nodes in its definition.
    pub node_count: i64,
    /// Videos associated with it.
    pub video_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When name, description, status or definition last changed.
    pub updated_at: Timestamp,
    /// When it last ran.
    pub last_executed_at: Option<Timestamp>,
}

/// What `POST /api/workflows` takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkflow {
    /// Chosen by the caller, or made by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<WorkflowId>,
    /// 1 to 200 characters.
    #[schema(schema_with = limits::workflow_name)]
    pub name: String,
    /// At most 10,000 characters; empty or `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given_or_empty")]
    #[schema(schema_with = limits::description)]
    pub description: Option<String>,
    /// Draft unless said otherwise; a known workflow keeps its status.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = WorkflowStatus, required = false)]
    pub status: Option<WorkflowStatus>,
    /// The graph.
    #[schema(schema_with = limits::definition)]
    pub definition: Value,
}

/// What `PUT /api/workflows/{id}` takes: absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowChange {
    /// 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(schema_with = limits::workflow_name)]
    pub name: Option<String>,
    /// At most 10,000 characters; empty or `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given_or_empty")]
    #[schema(schema_with = limits::description)]
    pub description: Option<String>,
    /// Draft or saved.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = WorkflowStatus, required = false)]
    pub status: Option<WorkflowStatus>,
    /// The graph.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(schema_with = limits::definition)]
    pub definition: Option<Value>,
}

/// What `PUT /api/workflows/{id}/draft` takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// The edited definition.
    #[schema(schema_with = limits::definition)]
    pub definition: Value,
    /// The `ETag` of the version these edits began from.
    #[schema(schema_with = limits::etag)]
    pub base_etag: String,
}

/// What `POST /api/workflows/{id}/videos` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssociation {
    /// The video.
    pub video_id: VideoId,
    /// The node that made or uses it.
    pub node_id: NodeId,
    /// The node's type.
    #[schema(schema_with = limits::node_type)]
    pub node_type: String,
    /// What the video is to the node.
    pub role: Role,
    /// The execution that made it, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
}

/// Which workflows a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkflowFilter {
    /// Draft or saved; both without.
    pub status: Option<WorkflowStatus>,
    /// Words searched in names and descriptions; all must occur.
    #[param(schema_with = limits::search)]
    pub q: Option<String>,
}

impl Filter for WorkflowFilter {
    const SORT_KEYS: &'static [SortKey] = &[SortKey::CreatedAt, SortKey::UpdatedAt, SortKey::Name];
    /// The last changed first.
    const DEFAULT_SORT: Sort = Sort { key: SortKey::UpdatedAt, descending: true };
}

/// A workflow after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedWorkflow {
    /// The workflow's id.
    pub id: WorkflowId,
    /// The revision the change made, or the old one if nothing changed.
    pub etag: String,
}

/// What a node of a workflow shows: the asset that it gives now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeAsset {
    /// The node.
    pub node_id: NodeId,
    /// Which asset it is.
    pub asset: AssetRef,
    /// What is known of it, while it is there.
    pub known: Option<Asset>,
    /// What it was and why it is gone, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingAsset>,
}

/// A workflow as the builder opens it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenedWorkflow {
    /// The workflow's id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Draft or saved.
    pub status: WorkflowStatus,
    /// The graph, as it was given.
    pub definition: Value,
    /// Unsaved edits.
    pub draft: Option<DraftSlot>,
    /// Its revision, for `If-Match`.
    pub etag: String,
    /// The number of the last state change in all this; the event stream goes on from here.
    pub event_id: i64,
    /// Its newest execution.
    pub execution: Option<Execution>,
    /// What its nodes show, at most one each.
    pub assets: Vec<NodeAsset>,
    /// What of the server's settings the builder has to know.
    pub settings: BuilderSettings,
}

/// Where a definition was found that takes the place of one that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RescueSource {
    /// In the slot for unsaved edits.
    Draft,
    /// In an execution of the workflow, which ran it.
    Execution,
}

/// A definition that takes the place of one that cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rescue {
    /// The graph.
    pub definition: Value,
    /// When it was edited, or run.
    pub at: Timestamp,
    /// Where it was found.
    pub source: RescueSource,
}

/// A workflow whose definition cannot be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrokenWorkflow {
    /// The workflow's id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// Its revision, for `If-Match`.
    pub etag: String,
    /// What stands in the place of its definition.
    pub text: String,
    /// The newest definition of it that can be read.
    pub rescue: Option<Rescue>,
}

/// What of the server's settings the builder has to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuilderSettings {
    /// Providers that cannot be called yet, each with the variable it lacks.
    pub missing_settings: BTreeMap<String, String>,
    /// Models that their providers have stopped, today and for this server.
    pub retired_models: Vec<RetiredModel>,
}

impl BuilderSettings {
    /// The variable that a provider lacks.
    #[must_use]
    pub fn missing_setting(&self, provider: Provider) -> Option<&String> {
        self.missing_settings.get(provider.name())
    }

    /// Whether a model is retired, for this server and on the day these were read.
    #[must_use]
    pub fn is_retired(&self, model: &Model) -> bool {
        let is_it = |retired: &RetiredModel| retired.provider == model.provider && retired.model == model.model;
        self.retired_models.iter().any(is_it)
    }
}
