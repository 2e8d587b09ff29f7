//! What the library has to know of each kind of media: how its bytes are examined, which it accepts, what they are called.

use std::path::Path;

use async_trait::async_trait;

use crate::{
    domain::{ApiError, AssetKind, ErrorKind, Sha256, asset::Facts},
    server::{
        Error, Result,
        media::{
            ffmpeg::Ffmpeg,
            picture,
            probe::{self, Probe},
        },
    },
};

/// A kind of media.
#[async_trait]
pub trait Kind: Send + Sync {
    /// The most bytes that one may have, where that is fewer than the server takes.
    fn most_bytes(&self) -> Option<u64>;

    /// Whether ffmpeg has to be there to examine one.
    fn needs_ffmpeg(&self) -> bool;

    /// Whether every new one gets a poster.
    fn has_poster(&self) -> bool;

    /// What a file name ends in, of files with these media types.
    fn extensions(&self) -> &'static [(&'static str, &'static str)];

    /// Looks at the bytes.
    ///
    /// # Errors
    /// In words for the user where they are none of this kind, or damaged; [`Error::ToolMissing`]; [`Error::Io`].
    async fn examine(&self, ffmpeg: &Ffmpeg, path: &Path) -> Result<Examined>;
}

/// What was found out about a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examined {
    /// What is shown of it.
    pub facts: Facts,
    /// What it is served as.
    pub media_type: Option<String>,
    /// Its container, where it has one.
    pub container: Option<String>,
    /// A digest of its streams, to recognise the same footage in other bytes.
    pub stream_hash: Option<Sha256>,
    /// What could not be found out, in words.
    pub warning: Option<String>,
}

/// What there is to know of a kind.
#[must_use]
pub fn of(kind: AssetKind) -> &'static dyn Kind {
    match kind {
        AssetKind::Video => &Videos,
        AssetKind::Image => &Images,
    }
}

struct Videos;

#[async_trait]
impl Kind for Videos {
    fn most_bytes(&self) -> Option<u64> {
        None
    }

    fn needs_ffmpeg(&self) -> bool {
        true
    }

    fn has_poster(&self) -> bool {
        true
    }

    fn extensions(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("video/mp4", "mp4"),
            ("video/quicktime", "mov"),
            ("video/webm", "webm"),
            ("video/x-matroska", "mkv"),
            ("video/x-msvideo", "avi"),
            ("video/mp2t", "ts"),
        ]
    }

    async fn examine(&self, ffmpeg: &Ffmpeg, path: &Path) -> Result<Examined> {
        let read = async {
            let probe = probe::probe(ffmpeg, path).await?;
            Ok(of_probe(probe, probe::stream_hash(ffmpeg, path).await?))
        };
        match read.await {
            // A tool that starts and gives up on the file has judged the file.
            Err(Error::Tool { tool, exit, stderr }) => {
                tracing::info!(tool, exit, stderr, "a file could not be read as a video");
                let detail = "This file cannot be read as a video to its end; it may be damaged or cut off.";
                Err(ApiError::new(ErrorKind::NotAVideo, detail).into())
            }
            read => read,
        }
    }
}

fn of_probe(probe: Probe, stream_hash: Sha256) -> Examined {
    let facts = Facts {
        duration_seconds: Some(probe.duration_seconds),
        width: Some(probe.width),
        height: Some(probe.height),
        resolution: Some(probe.resolution()),
        aspect_ratio: Some(probe.aspect_ratio()),
        codec: Some(probe.codec),
        fps: Some(probe.fps),
        audio: probe.audio,
    };
    Examined { facts, media_type: Some(probe.media_type), container: Some(probe.container), stream_hash: Some(stream_hash), warning: None }
}

struct Images;

#[async_trait]
impl Kind for Images {
    fn most_bytes(&self) -> Option<u64> {
        Some(picture::MAX_BYTES)
    }

    fn needs_ffmpeg(&self) -> bool {
        false
    }

    fn has_poster(&self) -> bool {
        false
    }

    fn extensions(&self) -> &'static [(&'static str, &'static str)] {
        &[("image/png", "png"), ("image/jpeg", "jpg"), ("image/webp", "webp")]
    }

    async fn examine(&self, _: &Ffmpeg, path: &Path) -> Result<Examined> {
        let found = picture::examine(path).await?;
        let facts = Facts { width: Some(found.width), height: Some(found.height), ..Facts::default() };
        Ok(Examined { facts, media_type: Some(found.media_type.to_owned()), ..Examined::default() })
    }
}
