//! What a step gives: a clip or a still picture.

use super::{
    asset::AssetKind,
    ids::{ImageId, VideoId},
};

/// A clip or a still picture that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Media {
    /// A clip.
    Video(VideoId),
    /// A still picture.
    Image(ImageId),
}

impl Media {
    /// The one of that kind and id; `None` where the text is no id.
    #[must_use]
    pub fn parse(kind: AssetKind, id: &str) -> Option<Self> {
        match kind {
            AssetKind::Video => id.parse().ok().map(Self::Video),
            AssetKind::Image => id.parse().ok().map(Self::Image),
        }
    }

    /// What a row or an answer with a column for each names; a clip before a picture.
    #[must_use]
    pub fn of(video: Option<VideoId>, image: Option<ImageId>) -> Option<Self> {
        video.map(Self::Video).or(image.map(Self::Image))
    }

    /// The clip, if it is one.
    #[must_use]
    pub fn video(self) -> Option<VideoId> {
        match self {
            Self::Video(id) => Some(id),
            Self::Image(_) => None,
        }
    }

    /// The still picture, if it is one.
    #[must_use]
    pub fn image(self) -> Option<ImageId> {
        match self {
            Self::Video(_) => None,
            Self::Image(id) => Some(id),
        }
    }
}
