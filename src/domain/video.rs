//! Videos: what the library knows of a clip, how it was made and where it is used.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{
    asset::{Asset, AssetUse, AudioInfo, Facts},
    ids::{Sha256, VideoId, WorkflowId},
    limits,
    origin::{Generation, MadeBy, SourceType, StitchRecord},
    page::{Filter, SortKey},
    timestamp::Timestamp,
};

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

impl VideoMetadata {
    /// What does not fit the columns of an asset, `other` with it.
    #[must_use]
    pub fn of(asset: &Asset, other: Map<String, Value>) -> Self {
        let Asset { facts: Facts { width, height, audio, .. }, stitch, made_by, warning, .. } = asset.clone();
        Self { width, height, audio, stitch, made_by, warning, other }
    }
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
    /// Since when it is in the trash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Since when its bytes are gone or not those of its hash. The right ones uploaded again heal it.
    #[serde(default)]
    pub damaged_at: Option<Timestamp>,
    /// What does not fit the columns.
    pub metadata: VideoMetadata,
    /// How it was made, of a generated video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// Where it is used.
    #[serde(default)]
    pub workflows: Vec<AssetUse>,
}

impl Video {
    /// A clip of the library, with what only its metadata hold.
    #[must_use]
    pub fn new(asset: Asset, other: Map<String, Value>) -> Self {
        let metadata = VideoMetadata::of(&asset, other);
        let Facts { duration_seconds, resolution, aspect_ratio, codec, fps, .. } = asset.facts;
        Self {
            id: asset.id.into(),
            name: asset.name,
            file_hash: asset.file_hash,
            size_bytes: asset.size_bytes,
            duration_seconds,
            resolution,
            aspect_ratio,
            codec,
            fps,
            source_type: asset.source_type,
            created_at: asset.created_at,
            deleted_at: asset.deleted_at,
            damaged_at: asset.damaged_at,
            metadata,
            generation: asset.generation,
            workflows: asset.uses,
        }
    }
}

/// The outcome of a video's upload. The page reads it as any upload's, `asset::Uploaded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UploadedVideo {
    /// The new video, or the one that was there already.
    pub video_id: VideoId,
    /// Whether these bytes were there already.
    pub duplicate: bool,
    /// Whether they were in the trash, and are back.
    #[serde(default)]
    pub restored: bool,
    /// The video.
    pub video: Video,
    /// The same, as every kind of asset is told.
    pub asset: Asset,
}

/// Which videos a list shows.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VideoFilter {
    /// Words that are all in the name or the prompt.
    #[param(schema_with = limits::search)]
    pub q: Option<String>,
    /// Where it came from.
    pub source_type: Option<SourceType>,
    /// At least so many pixels across.
    #[param(schema_with = limits::pixels)]
    pub min_width: Option<u32>,
    /// At least so many pixels down.
    #[param(schema_with = limits::pixels)]
    pub min_height: Option<u32>,
    /// At least so many seconds.
    #[param(schema_with = limits::seconds)]
    pub min_duration: Option<f64>,
    /// At most so many seconds.
    #[param(schema_with = limits::seconds)]
    pub max_duration: Option<f64>,
    /// Used by this workflow.
    pub workflow_id: Option<WorkflowId>,
}

impl Filter for VideoFilter {
    const SORT_KEYS: &'static [SortKey] = &[SortKey::CreatedAt, SortKey::UpdatedAt, SortKey::Name, SortKey::Duration, SortKey::Size];
}
