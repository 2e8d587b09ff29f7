//! Executions: one run of a workflow, node by node.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type,
        schema::{AdditionalProperties, AnyOfBuilder, SchemaType},
    },
};

use super::{
    asset_ref::AssetRef,
    ids::{ExecutionId, ImageId, JobId, NodeId, Sha256, VideoId, WorkflowId},
    job::{Failure, Status},
    limits,
    page::Filter,
    timestamp::Timestamp,
};

/// Rehearsal or the real thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every generating node renders an animatic on this machine: free, no keys.
    Draft,
    /// Providers are called, and paid.
    Final,
}

impl Mode {
    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Final => "final",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Draft, Self::Final].into_iter().find(|mode| mode.name() == name)
    }
}

/// Where a node of an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeStatus {
    /// Waits for its inputs or for a worker.
    Queued,
    /// Being made.
    Running,
    /// Done.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Stopped by the user.
    Cancelled,
    /// A paid request whose outcome is not known.
    Unknown,
    /// Something it needs did not succeed.
    Skipped,
}

impl NodeStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled, Self::Unknown, Self::Skipped];

    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing more will happen to the node in this execution.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Skipped)
    }
}

impl From<Status> for NodeStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Queued => Self::Queued,
            Status::Running => Self::Running,
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Unknown => Self::Unknown,
        }
    }
}

/// What a step cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// Millionths of a US dollar.
    pub usd_micros: i64,
    /// Whether this is computed from the price table rather than told by the provider.
    pub estimated: bool,
}

/// A node of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeRun {
    /// The node.
    pub node_id: NodeId,
    /// Its type.
    pub node_type: String,
    /// Where it stands.
    pub status: NodeStatus,
    /// From 0 to 1.
    pub progress: f64,
    /// What it is doing now, or did last.
    pub message: String,
    /// Whether an earlier result was used.
    pub cached: bool,
    /// The content key of the step, once its inputs are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Sha256>,
    /// The job that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// The clip it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_id: Option<VideoId>,
    /// The image it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
    /// What it gave, of whatever kind. Events of older versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetRef>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

impl NodeRun {
    /// What it gave.
    #[must_use]
    pub fn asset(&self) -> Option<AssetRef> {
        self.asset.or(self.video_id.map(AssetRef::from)).or(self.image_id.map(AssetRef::from))
    }

    /// The same node, having given that.
    #[must_use]
    pub fn with_asset(self, asset: Option<AssetRef>) -> Self {
        Self { video_id: asset.and_then(AssetRef::video), image_id: asset.and_then(AssetRef::image), asset, ..self }
    }
}

/// One run of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// The execution's id.
    pub id: ExecutionId,
    /// The workflow, if it was run as one.
    pub workflow_id: Option<WorkflowId>,
    /// Rehearsal or the real thing.
    pub mode: Mode,
    /// Where it stands.
    pub status: Status,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its first step began.
    pub started_at: Option<Timestamp>,
    /// When its last step ended.
    pub finished_at: Option<Timestamp>,
    /// Its nodes.
    pub nodes: Vec<NodeRun>,
}

/// Which executions a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExecutionFilter {
    /// Of this workflow.
    pub workflow_id: Option<WorkflowId>,
    /// In this status.
    pub status: Option<Status>,
}

impl Filter for ExecutionFilter {}

/// What `POST /api/executions` takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewExecution {
    /// The workflow; its stored definition runs unless one is given here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The graph to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Value>,
    /// Only these nodes and what they need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodeId>>,
    /// Rehearsal or the real thing.
    pub mode: Mode,
}

impl PartialSchema for NewExecution {
    /// Either the definition is given or the workflow that has one.
    fn schema() -> RefOr<Schema> {
        let forms = AnyOfBuilder::new().description(Some("What `POST /api/executions` takes: a workflow's id, a definition, or both."));
        FORMS.iter().fold(forms, |forms, (name, _)| forms.item(reference(name))).into()
    }
}

impl ToSchema for NewExecution {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(FORMS.map(|(name, given)| (name.to_owned(), form(given).into())));
    }
}

/// The forms of a run's body, each with the field that is given in it.
const FORMS: [(&str, &str); 2] = [("NewExecutionOfWorkflow", "workflow_id"), ("NewExecutionOfDefinition", "definition")];

/// A run's body in which that field is given.
fn form(given: &str) -> ObjectBuilder {
    let or_null = |of: RefOr<Schema>| OneOfBuilder::new().item(of).item(ObjectBuilder::new().schema_type(Type::Null));
    let nodes = ArrayBuilder::new().items(reference("NodeId")).min_items(Some(1)).max_items(Some(limits::NODES));
    let nodes = nodes.schema_type(SchemaType::from_iter([Type::Array, Type::Null]));
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let object =
        [("workflow_id", reference("WorkflowId")), ("definition", limits::definition())].into_iter().fold(object, |object, (name, of)| {
            if name == given { object.property(name, of).required(name) } else { object.property(name, or_null(of)) }
        });
    let object = object.property("nodes", nodes.description(Some("Only these nodes and what they need.")));
    let object = object.property("mode", reference("Mode")).required("mode");
    object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}
