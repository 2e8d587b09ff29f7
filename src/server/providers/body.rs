//! What an answer holds: in memory, or in a file where it is too long for that.

use std::{fs::File, io, path::Path, sync::Arc};

use bytes::Bytes;
use serde_json::Value;
use tempfile::TempPath;

use super::outline::{self, NoOutline};

/// What an answer holds.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// In memory.
    Held(Bytes),
    /// In a file.
    Spooled(Arc<Spooled>),
}

/// A body that is too long for memory. The file is deleted with it.
#[derive(Debug)]
pub(super) struct Spooled {
    path: TempPath,
    beginning: Bytes,
    outline: Result<Value, NoOutline>,
}

impl Body {
    /// What was spooled to a file, of which this is the beginning; reads what it says. Blocks.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn spooled(path: TempPath, beginning: Bytes) -> io::Result<Self> {
        let outline = outline::of(reader(&path)?);
        Ok(Self::Spooled(Arc::new(Spooled { path, beginning, outline })))
    }

    /// What it says, as JSON. Of a long text in one that is spooled the beginning is there.
    ///
    /// # Errors
    /// Where it is none.
    pub fn json(&self) -> Result<Value, NoOutline> {
        match self {
            Self::Held(bytes) => serde_json::from_slice(bytes).map_err(|_| NoOutline::NotJson),
            Self::Spooled(spooled) => spooled.outline.clone(),
        }
    }

    /// Its beginning, at the least of the length that is read of a refusal.
    #[must_use]
    pub fn beginning(&self) -> &[u8] {
        match self {
            Self::Held(bytes) => bytes,
            Self::Spooled(spooled) => &spooled.beginning,
        }
    }

    /// Reads it from its beginning. Blocks.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn io::Read + '_>> {
        Ok(match self {
            Self::Held(bytes) => Box::new(&bytes[..]),
            Self::Spooled(spooled) => Box::new(reader(&spooled.path)?),
        })
    }
}

fn reader(path: &Path) -> io::Result<io::BufReader<File>> {
    Ok(io::BufReader::with_capacity(64 * 1024, File::open(path)?))
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Held(one), Self::Held(other)) => one == other,
            (Self::Spooled(one), Self::Spooled(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Body {}
