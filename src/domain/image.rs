//! Still pictures: what is known of one, where it came from, and which frame of a clip one may be.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asset::Asset,
    ids::{ImageId, Sha256},
    origin::SourceType,
    timestamp::Timestamp,
};

/// A still picture that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    /// The image's id.
    pub id: ImageId,
    /// Its name; need not be unique.
    pub name: String,
    /// SHA-256 of its bytes; unique among the images.
    pub file_hash: Sha256,
    /// Size of the file.
    pub size_bytes: i64,
    /// Pixels across, as displayed (the orientation in its EXIF applied).
    pub width: u32,
    /// Pixels down, as displayed.
    pub height: u32,
    /// `image/png`, `image/jpeg` or `image/webp`, by its content.
    pub media_type: String,
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
}

impl From<Asset> for Image {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id.into(),
            name: asset.name,
            file_hash: asset.file_hash,
            size_bytes: asset.size_bytes,
            width: asset.facts.width.unwrap_or_default(),
            height: asset.facts.height.unwrap_or_default(),
            media_type: asset.media_type.unwrap_or_default(),
            source_type: asset.source_type,
            created_at: asset.created_at,
            deleted_at: asset.deleted_at,
            damaged_at: asset.damaged_at,
        }
    }
}

/// The outcome of an image's upload. The page reads it as any upload's, `asset::Uploaded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UploadedImage {
    /// The new image, or the one that was there already.
    pub image_id: ImageId,
    /// Whether these bytes were there already.
    pub duplicate: bool,
    /// Whether they were in the trash, and are back.
    #[serde(default)]
    pub restored: bool,
    /// The image.
    pub image: Image,
    /// The same, as every kind of asset is told.
    pub asset: Asset,
}

/// A frame of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// The first one.
    First,
    /// The very last one.
    Last,
    /// The one with this number, counted from 0.
    Nth(u64),
}
