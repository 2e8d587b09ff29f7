//! Where a provider's answers go that are too long for memory, and how long one may be.

use std::{io, path::PathBuf};

use tempfile::NamedTempFile;

/// The most of an answer that is held in memory, in bytes; what is longer is spooled.
pub(super) const IN_MEMORY: u64 = 1024 * 1024;

/// A folder for answers that are too long for memory, and the bounds of what a provider may send.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
    largest_clip: u64,
}

impl Spool {
    /// Spools to `folder`, whose leftovers are swept after a crash. No clip may be larger than `largest_clip` bytes.
    #[must_use]
    pub fn new(folder: PathBuf, largest_clip: u64) -> Self {
        Self { folder, largest_clip }
    }

    /// The largest clip that is taken from a provider, in bytes.
    #[must_use]
    pub fn largest_clip(&self) -> u64 {
        self.largest_clip
    }

    /// The longest answer that is read, in bytes: one with the largest clip in it, which base64 makes four thirds as long, and as much around
    /// it as is held in memory.
    #[must_use]
    pub fn longest_answer(&self) -> u64 {
        self.largest_clip.div_ceil(3).saturating_mul(4).saturating_add(IN_MEMORY)
    }

    /// A new file for an answer; deleted when it is dropped. Blocks.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub(super) fn file(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix("s-").suffix(".answer").tempfile_in(&self.folder)
    }
}
