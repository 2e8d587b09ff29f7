//! What is stored: the kinds of media.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A kind of stored media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A clip.
    Video,
    /// A still picture.
    Image,
}

impl AssetKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Video, Self::Image];

    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Image => "image",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
