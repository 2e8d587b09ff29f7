//! The ffmpeg and ffprobe programs.

/// The located programs.
#[derive(Debug, Clone, Default)]
pub struct Ffmpeg;

impl Ffmpeg {
    /// Whether both programs are there.
    ///
    /// # Errors
    /// [`crate::server::Error::ToolMissing`] naming the one that is not.
    pub fn available(&self) -> crate::server::Result<()> {
        Ok(())
    }
}
