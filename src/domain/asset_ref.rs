//! The kinds of stored media, and how a thing is named by kind and id.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{AssetId, ImageId, VideoId};

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

    /// The name, as it stands in JSON and in the database; also the kind in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Image => "image",
        }
    }

    /// The kind as a title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Video => "Video",
            Self::Image => "Image",
        }
    }

    /// What people call one.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Video => "clip",
            Self::Image => "image",
        }
    }

    /// What a field for files of this kind offers, as HTML's `accept`.
    #[must_use]
    pub fn accept(self) -> &'static str {
        match self {
            Self::Video => "video/*,.mkv,.avi,.ts,.mov",
            Self::Image => "image/png,image/jpeg,image/webp",
        }
    }

    /// Where one is uploaded.
    #[must_use]
    pub fn upload_path(self) -> &'static str {
        match self {
            Self::Video => "/api/videos/upload",
            Self::Image => "/api/images/upload",
        }
    }

    /// The kind of a file with that media type, as far as it tells: a video where it tells nothing.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Self {
        let main = media_type.split('/').next().and_then(Self::from_name);
        main.unwrap_or(Self::Video)
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_kind_that_its_media_type_tells() {
        for (media_type, kind) in [("image/png", AssetKind::Image), ("video/mp4", AssetKind::Video), ("", AssetKind::Video)] {
            assert_eq!(AssetKind::of_media_type(media_type), kind, "{media_type}");
        }
    }
}
