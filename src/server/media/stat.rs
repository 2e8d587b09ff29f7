//! What the file system says of a file, and whether it says anything.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use crate::server::{Error, Result};

/// What the file system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Its length.
    pub size_bytes: i64,
    /// When it was last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

impl Stat {
    pub(super) fn of(path: &Path) -> Result<Option<Self>> {
        Ok(there(path, fs::metadata(path))?.filter(fs::Metadata::is_file).map(Self::from))
    }
}

impl From<fs::Metadata> for Stat {
    fn from(found: fs::Metadata) -> Self {
        let mtime_ns = found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
        Self { size_bytes: i64::try_from(found.len()).unwrap_or(i64::MAX), mtime_ns }
    }
}

/// What was found at a path; `None` where there is nothing.
pub(super) fn there<T>(path: &Path, found: io::Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::Io { path: path.to_path_buf(), source: error }),
    }
}
