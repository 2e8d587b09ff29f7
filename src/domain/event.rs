//! What the server tells pages as it happens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    execution::{Execution, NodeRun},
    ids::ExecutionId,
    job::Job,
};

/// A node of an execution, as its event carries it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeEvent {
    /// The execution the node belongs to.
    pub execution_id: ExecutionId,
    /// The node, as the execution's GET shows it.
    #[serde(flatten)]
    pub node: NodeRun,
}

/// What happened. On the wire the tag is the SSE event's name, the content its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum EventPayload {
    /// A node changed.
    Node(NodeEvent),
    /// An execution changed.
    Execution(Execution),
    /// A job changed.
    Job(Job),
}

/// Something that happened. State changes are numbered and kept; progress has no number and is not replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The number, of a state change.
    pub id: Option<i64>,
    /// What happened.
    pub payload: EventPayload,
}
