//! A clip as the page shows it: which video it is, and how far its bytes have come.

use std::sync::Arc;

use crate::domain::{ImageId, VideoId, image::Image, video::Video, workflow::MissingVideo};

/// A clip of a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// The video.
    pub video_id: VideoId,
    /// What the library knows of it; `None` until it was asked, and for a video that is gone.
    pub video: Option<Arc<Video>>,
    /// How far its bytes have come.
    pub stage: Stage,
}

/// How far a clip's bytes have come.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Not asked for yet.
    Waiting,
    /// On its way.
    Downloading {
        /// Bytes that have arrived.
        received: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Can be played.
    Ready {
        /// An object URL of the kept bytes, or the address it streams from.
        url: String,
    },
    /// Deleted from the library.
    Missing(MissingVideo),
    /// Could not be brought.
    Failed {
        /// What happened and what to do.
        reason: String,
    },
}

impl Clip {
    /// A clip whose bytes have not been asked for.
    #[must_use]
    pub fn waiting(video: Arc<Video>) -> Self {
        Self { video_id: video.id, video: Some(video), stage: Stage::Waiting }
    }

    /// A clip that is gone.
    #[must_use]
    pub fn missing(video_id: VideoId, missing: MissingVideo) -> Self {
        Self { video_id, video: None, stage: Stage::Missing(missing) }
    }

    /// The same clip at another stage.
    #[must_use]
    pub fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// Its name in the library, or the one it had.
    #[must_use]
    pub fn name(&self) -> &str {
        match (&self.video, &self.stage) {
            (Some(video), _) => &video.name,
            (None, Stage::Missing(missing)) => &missing.name,
            (None, _) => "Clip",
        }
    }

    /// Width over height as displayed; 16:9 where it is not known.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let size = self.video.as_ref().and_then(|video| Some((video.metadata.width?, video.metadata.height?)));
        size.filter(|(width, height)| *width > 0 && *height > 0).map_or(16.0 / 9.0, |(width, height)| f64::from(width) / f64::from(height))
    }

    /// Seconds of one frame.
    #[must_use]
    pub fn frame_seconds(&self) -> f64 {
        let fps = self.video.as_ref().and_then(|video| video.fps).filter(|fps| *fps > 0.0);
        1.0 / fps.unwrap_or(24.0)
    }
}

/// Where a video's bytes are.
#[must_use]
pub fn download_url(id: VideoId) -> String {
    format!("/api/videos/{id}/download")
}

/// Where a video's poster is.
#[must_use]
pub fn poster_url(id: VideoId) -> String {
    format!("/api/videos/{id}/thumbnail")
}

/// Where an image's bytes are.
#[must_use]
pub fn image_url(id: ImageId) -> String {
    format!("/api/images/{id}/download")
}

/// Width over height of an image as displayed.
#[must_use]
pub fn image_ratio(image: &Image) -> f64 {
    f64::from(image.width.max(1)) / f64::from(image.height.max(1))
}
