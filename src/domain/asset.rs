//! What is stored, of whatever kind: what is known of it and where it is used.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asset_kind::AssetKind,
    asset_ref::AssetRef,
    ids::{AssetId, NodeId, Sha256, WorkflowId},
    origin::{Generation, MadeBy, SourceType, StitchRecord},
    page::Filter,
    timestamp::Timestamp,
};

/// Days that something stays in the trash before it goes for good.
pub const TRASH_DAYS: i64 = 30;

/// What something is to a node.
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

/// A node that uses something stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetUse {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its name.
    pub name: String,
    /// The node in it.
    pub node_id: NodeId,
    /// The node's type.
    pub node_type: String,
    /// What it is to the node.
    pub role: Role,
}

/// The sound of a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AudioInfo {
    /// The codec's short name, such as `aac`.
    pub codec: String,
    /// Samples a second.
    pub sample_rate: u32,
    /// Number of channels.
    pub channels: u32,
}

/// What was found out about the bytes. What a kind has no such fact of, or nobody could find out, is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// Length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Pixels across, as displayed (rotation applied).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels down, as displayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Width x height as displayed, such as `720x1280`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// The same, reduced, such as `9:16`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// The picture's codec, such as `h264`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// The average frame rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// The sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioInfo>,
}

impl Facts {
    /// Pixels across and down as displayed, where both are known.
    #[must_use]
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        self.width.zip(self.height).filter(|(width, height)| *width > 0 && *height > 0)
    }
}

/// Something stored, of whatever kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Asset {
    /// Its id, unique among all kinds.
    pub id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// Its name; need not be unique.
    pub name: String,
    /// SHA-256 of its bytes; unique among its kind.
    pub file_hash: Sha256,
    /// SHA-256 over those of its streams' packets: equal for the same footage in another container. Made after it was stored; `null` until then.
    pub stream_hash: Option<Sha256>,
    /// Size of the file.
    pub size_bytes: i64,
    /// What it is served as, where that is known.
    pub media_type: Option<String>,
    /// Where it came from.
    pub source_type: SourceType,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Since when it is in the trash.
    pub deleted_at: Option<Timestamp>,
    /// Since when its bytes are gone or not those of its hash. The right ones uploaded again heal it.
    #[serde(default)]
    pub damaged_at: Option<Timestamp>,
    /// What was found out about its bytes.
    pub facts: Facts,
    /// How it was made, of what a provider or the animatic made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Inputs and parameters, of what was stitched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stitch: Option<StitchRecord>,
    /// The operation and its inputs, of what was derived from other assets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<MadeBy>,
    /// What is not as it should be with it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Where it is used.
    #[serde(default)]
    pub uses: Vec<AssetUse>,
}

impl Asset {
    /// Its name among all that is stored.
    #[must_use]
    pub fn reference(&self) -> AssetRef {
        AssetRef { kind: self.kind, id: self.id }
    }
}

/// What is known of an asset that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingAsset {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes: the same file uploaded again takes its place.
    pub file_hash: Sha256,
    /// Why it is gone, in words.
    pub reason: String,
    /// When it went.
    pub deleted_at: Timestamp,
}

/// The outcome of an upload, whatever was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    /// The new asset, or the one that was there already.
    pub asset: Asset,
    /// Whether these bytes were there already.
    pub duplicate: bool,
    /// Whether they were in the trash, and are back.
    #[serde(default)]
    pub restored: bool,
}

/// Which assets a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssetFilter {
    /// Of this kind; of every kind without.
    pub kind: Option<AssetKind>,
    /// What is in the trash, instead of what is not.
    #[serde(default)]
    pub trashed: bool,
}

impl Filter for AssetFilter {}
