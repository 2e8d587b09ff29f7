//! The animatic: a clip of the prompt's words, made locally with ffmpeg at no cost, that stands in for the real one.

use std::path::Path;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{GenerateRequest, Generated, VideoProvider};
use crate::{
    domain::ErrorKind,
    server::{Error, Result, media::ffmpeg::Ffmpeg},
};

/// Part of a draft step's content key: goes up whenever equal requests give other bytes than before.
pub const RENDERER_VERSION: u32 = 1;

/// Renders animatics.
#[derive(Debug)]
pub struct Animatic {
    ffmpeg: Ffmpeg,
}

impl Animatic {
    /// An animatic renderer that uses `ffmpeg`.
    #[must_use]
    pub fn new(ffmpeg: Ffmpeg) -> Self {
        Self { ffmpeg }
    }
}

#[async_trait]
impl VideoProvider for Animatic {
    async fn generate(
        &self,
        _request: &GenerateRequest,
        _output: &Path,
        _on_progress: &(dyn Fn(f64, &str) + Send + Sync),
        _cancel: &CancellationToken,
    ) -> Result<Generated> {
        self.ffmpeg.available()?;
        Err(Error::api(ErrorKind::Unavailable, "Animatics are not rendered yet."))
    }
}
