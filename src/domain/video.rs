//! Videos: what the library knows of a clip, how it was made and where it is used.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    ids::{NodeId, Sha256, VideoId, WorkflowId},
    origin::{Generation, MadeBy, SourceType, StitchRecord},
    timestamp::Timestamp,
};

/// What a video is to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A result of the workflow.
    Output,
    /// Given to the workflow.
    Input,
    /// Made on the way.
    Intermediate,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Output, Self::Input, Self::Intermediate];

    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Input => "input",
            Self::Intermediate => "intermediate",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A video's sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AudioInfo {
    /// The codec's short name, such as `aac`.
    pub codec: String,
    /// Samples a second.
    pub sample_rate: u32,
    /// Number of channels.
    pub channels: u32,
}

/// What does not fit the table's columns. Members this version does not know are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VideoMetadata {
    /// Pixels across, as displayed (rotation applied).
    #[serde(default)]
    pub width: Option<u32>,
    /// Pixels down, as displayed.
    #[serde(default)]
    pub height: Option<u32>,
    /// The sound, or `null` for a silent video.
    #[serde(default)]
    pub audio: Option<AudioInfo>,
    /// Inputs and parameters, of a stitched video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stitch: Option<StitchRecord>,
    /// The operation and its inputs, of a video that was derived from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<MadeBy>,
    /// What is not as it should be with this video, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Anything else, such as the container's name or what an older program stored.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

/// A node that uses a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowUse {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its name.
    pub name: String,
    /// The node in it.
    pub node_id: NodeId,
    /// The node's type.
    pub node_type: String,
    /// What the video is to the node.
    pub role: Role,
}

/// A video of the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Video {
    /// The video's id.
    pub id: VideoId,
    /// Its name; need not be unique.
    pub name: String,
    /// SHA-256 of its bytes; unique in the library.
    pub file_hash: Sha256,
    /// Size of the file.
    pub size_bytes: i64,
    /// Length, or `null` where the probe failed.
    pub duration_seconds: Option<f64>,
    /// Width x height as displayed, such as `720x1280`.
    pub resolution: Option<String>,
    /// The same, reduced, such as `9:16`.
    pub aspect_ratio: Option<String>,
    /// The picture's codec, such as `h264`.
    pub codec: Option<String>,
    /// The average frame rate.
    pub fps: Option<f64>,
    /// Where it came from.
    pub source_type: SourceType,
    /// When it was stored.
    pub created_at: Timestamp,
    /// What does not fit the columns.
    pub metadata: VideoMetadata,
    /// How it was made, of a generated video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Where it is used.
    #[serde(default)]
    pub workflows: Vec<WorkflowUse>,
}

/// The outcome of an upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    /// The new video, or the one that was there already.
    pub video_id: VideoId,
    /// Whether these bytes were there already.
    pub duplicate: bool,
    /// The video.
    pub video: Video,
}

/// Which videos a list shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VideoFilter {
    /// Words searched in names and prompts.
    pub q: Option<String>,
    /// Where it came from.
    pub source_type: Option<SourceType>,
    /// At least so many pixels across.
    pub min_width: Option<u32>,
    /// At least so many pixels down.
    pub min_height: Option<u32>,
    /// At least so many seconds.
    pub min_duration: Option<f64>,
    /// At most so many seconds.
    pub max_duration: Option<f64>,
    /// Used by this workflow.
    pub workflow_id: Option<WorkflowId>,
}
