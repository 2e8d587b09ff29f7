//! How something stored is named: by kind and id.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asset_kind::AssetKind,
    ids::{AssetId, ImageId, VideoId},
};

/// Something stored, named by kind and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct AssetRef {
    /// What it is.
    pub kind: AssetKind,
    /// Its id, unique among all kinds.
    pub id: AssetId,
}

impl AssetRef {
    /// The one of that kind and id; `None` where the text is no id.
    #[must_use]
    pub fn parse(kind: AssetKind, id: &str) -> Option<Self> {
        Some(Self { kind, id: id.parse().ok()? })
    }

    /// The clip, if it is one.
    #[must_use]
    pub fn video(self) -> Option<VideoId> {
        (self.kind == AssetKind::Video).then(|| self.id.into())
    }

    /// The still picture, if it is one.
    #[must_use]
    pub fn image(self) -> Option<ImageId> {
        (self.kind == AssetKind::Image).then(|| self.id.into())
    }
}

impl From<VideoId> for AssetRef {
    fn from(id: VideoId) -> Self {
        Self { kind: AssetKind::Video, id: id.into() }
    }
}

impl From<ImageId> for AssetRef {
    fn from(id: ImageId) -> Self {
        Self { kind: AssetKind::Image, id: id.into() }
    }
}
