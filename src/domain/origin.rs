//! Where something stored came from, and what is kept of how it was made.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{asset_ref::AssetRef, ids::VideoId, timestamp::Timestamp};

/// Where something stored came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceType {
    /// Made by a provider or as an animatic.
    Generated,
    /// Given by the user.
    Uploaded,
    /// Joined from other videos.
    Stitched,
    /// A frame of a clip.
    Grabbed,
    /// Made of other assets by an operation, which `made_by` names.
    Derived,
}

impl SourceType {
    /// Every source.
    pub const ALL: [Self; 5] = [Self::Generated, Self::Uploaded, Self::Stitched, Self::Grabbed, Self::Derived];

    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Uploaded => "uploaded",
            Self::Stitched => "stitched",
            Self::Grabbed => "grabbed",
            Self::Derived => "derived",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// How a generated video was made: the first making, where equal bytes were made twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Generation {
    /// `openai`, `google`, `xai` or `animatic`.
    pub provider: Option<String>,
    /// The provider's model.
    pub model: Option<String>,
    /// What was asked for.
    pub prompt: Option<String>,
    /// Seconds, size, seed and so on, as sent.
    #[schema(value_type = Object)]
    pub generation_params: Value,
    /// The job that made it.
    pub job_id: Option<String>,
    /// The provider's own name for the job.
    pub provider_job_id: Option<String>,
    /// How it ended.
    pub status: Option<String>,
    /// When the request was sent.
    pub started_at: Option<Timestamp>,
    /// When the clip was there.
    pub completed_at: Option<Timestamp>,
}

/// How a stitched video was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StitchRecord {
    /// The joined videos in their order.
    pub input_video_ids: Vec<VideoId>,
    /// Transition, size, frame rate and the way that was taken.
    #[schema(value_type = Object)]
    pub params: Value,
}

/// The operation that made something of other assets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MadeBy {
    /// The operation's name.
    pub operation: String,
    /// The operation's version.
    pub version: u32,
    /// What it was made of, in order.
    pub inputs: Vec<AssetRef>,
    /// How it was made.
    #[schema(value_type = Object)]
    pub params: Value,
}

/// How something came to be stored, with what is kept of that.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// The user gave it.
    Uploaded,
    /// A provider made it, or the animatic.
    Generated(Generation),
    /// It was joined from clips.
    Stitched(StitchRecord),
    /// It is a frame of a clip.
    Grabbed,
    /// An operation made it of other assets.
    Derived(MadeBy),
}

impl Origin {
    /// The source that is told of it.
    #[must_use]
    pub fn source_type(&self) -> SourceType {
        match self {
            Self::Uploaded => SourceType::Uploaded,
            Self::Generated(_) => SourceType::Generated,
            Self::Stitched(_) => SourceType::Stitched,
            Self::Grabbed => SourceType::Grabbed,
            Self::Derived(_) => SourceType::Derived,
        }
    }
}
