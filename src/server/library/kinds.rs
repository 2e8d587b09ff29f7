//! How the bytes of each kind of media are looked into. What else there is to say of a kind is its entry in `domain::asset_kind`.

use std::path::Path;

use async_trait::async_trait;

use crate::{
    domain::{ApiError, AssetKind, ErrorKind, asset::Facts},
    server::{
        Error, Result,
        media::{ffmpeg::Ffmpeg, picture, poster, probe, probed::Probed},
    },
};

/// How the bytes of a kind are looked into.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Whether ffmpeg has to be there for that.
    fn needs_ffmpeg(&self) -> bool;

    /// Looks at the bytes.
    ///
    /// # Errors
    /// In words for the user where they are none of this kind, or damaged; [`Error::ToolMissing`]; [`Error::Io`].
    async fn examine(&self, ffmpeg: &Ffmpeg, path: &Path) -> Result<Examined>;

    /// Writes a small picture of it, a JPEG, to `output`; `facts` is what is known of it.
    ///
    /// # Errors
    /// In words where there is nothing to be seen of it; [`Error::ToolMissing`]; [`Error::Timeout`]; [`Error::Io`].
    async fn poster(&self, ffmpeg: &Ffmpeg, path: &Path, facts: &Facts, output: &Path) -> Result<()>;
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
    /// What its probe told, where it was probed.
    pub probed: Option<Probed>,
    /// What could not be found out, in words.
    pub warning: Option<String>,
}

/// How those of a kind are looked into.
#[must_use]
pub fn of(kind: AssetKind) -> &'static dyn Kind {
    match kind {
        AssetKind::Video => &Videos,
        AssetKind::Image => &Images,
    }
}

/// How many first bytes tell the kind of a file.
pub const HEAD: usize = 64;

/// The kind of a file of which nobody said it, by its first bytes: a picture where it begins as one, else a clip.
#[must_use]
pub fn by_head(head: &[u8]) -> AssetKind {
    if picture::begins_as_one(head) { AssetKind::Image } else { AssetKind::Video }
}

struct Videos;

#[async_trait]
impl Kind for Videos {
    fn needs_ffmpeg(&self) -> bool {
        true
    }

    async fn examine(&self, ffmpeg: &Ffmpeg, path: &Path) -> Result<Examined> {
        match probe::probe(ffmpeg, path).await.map(of_probed) {
            // A tool that starts and gives up on the file has judged the file.
            Err(Error::Tool { tool, exit, stderr }) => {
                tracing::info!(tool, exit, stderr, "a file could not be read as a video");
                let detail = "This file cannot be read as a video to its end; it may be damaged or cut off.";
                Err(ApiError::new(ErrorKind::NotAVideo, detail).into())
            }
            read => read,
        }
    }

    async fn poster(&self, ffmpeg: &Ffmpeg, path: &Path, facts: &Facts, output: &Path) -> Result<()> {
        poster::poster(ffmpeg, path, facts.duration_seconds, output).await
    }
}

/// What is found out about a clip that was probed already: whoever made it has checked it.
#[must_use]
pub fn of_probed(probed: Probed) -> Examined {
    let probe = &probed.probe;
    let facts = Facts {
        duration_seconds: Some(probe.duration_seconds),
        width: Some(probe.width),
        height: Some(probe.height),
        resolution: Some(probe.resolution()),
        aspect_ratio: Some(probe.aspect_ratio()),
        codec: Some(probe.codec.clone()),
        fps: Some(probe.fps),
        audio: probe.audio.clone(),
    };
    let (media_type, container) = (Some(probe.media_type.clone()), Some(probe.container.clone()));
    Examined { facts, media_type, container, probed: Some(probed), warning: None }
}

struct Images;

#[async_trait]
impl Kind for Images {
    fn needs_ffmpeg(&self) -> bool {
        false
    }

    async fn examine(&self, _: &Ffmpeg, path: &Path) -> Result<Examined> {
        let found = picture::examine(path).await?;
        let facts = Facts { width: Some(found.width), height: Some(found.height), ..Facts::default() };
        Ok(Examined { facts, media_type: Some(found.media_type.to_owned()), ..Examined::default() })
    }

    async fn poster(&self, _: &Ffmpeg, path: &Path, _: &Facts, output: &Path) -> Result<()> {
        let jpeg = picture::poster(path).await?;
        tokio::fs::write(output, jpeg).await.map_err(Error::io(output))
    }
}
