//! What lies in the folders of the store.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    domain::Sha256,
    server::{Error, Result},
};

/// A file of the store.
#[derive(Debug, Clone)]
pub struct FoundFile {
    /// Where it lies.
    pub path: PathBuf,
    /// When its bytes were last changed, or when it was moved aside.
    pub modified: SystemTime,
    /// Device and number: links of one file have them in common.
    pub inode: (u64, u64),
    /// How many bytes it has.
    pub size_bytes: u64,
}

impl FoundFile {
    /// The hash in its name, if it has one.
    #[must_use]
    pub fn hash(&self) -> Option<Sha256> {
        self.path.file_stem()?.to_str()?.parse().ok()
    }

    /// Its path below `root`, for people.
    #[must_use]
    pub fn below(&self, root: &Path) -> String {
        self.path.strip_prefix(root).unwrap_or(&self.path).display().to_string()
    }
}

/// The files in a folder, by name; none where there is no such folder.
///
/// # Errors
/// Where it cannot be read.
pub async fn files(folder: PathBuf) -> Result<Vec<FoundFile>> {
    let listing = tokio::task::spawn_blocking(move || list(&folder));
    listing.await.map_err(|error| Error::Internal(format!("listing a folder ended: {error}")))?
}

/// The store's own files in the folder of one pair of digits: those that are named by a hash which begins with them. What someone else put into
/// the store is theirs.
///
/// # Errors
/// Where the folder cannot be read.
pub async fn stored(root: &Path, digits: u8) -> Result<Vec<(FoundFile, Sha256)>> {
    let found = files(root.join(format!("{digits:02x}"))).await?.into_iter();
    let named = found.filter_map(|file| file.hash().map(|hash| (file, hash)));
    Ok(named.filter(|(_, hash)| hash.bytes()[0] == digits).collect())
}

fn list(folder: &Path) -> Result<Vec<FoundFile>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io(folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io(folder))?;
        // A file may go while the folder is read.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let modified = metadata.modified().map_err(Error::io(entry.path()))?;
            let inode = (metadata.dev(), metadata.ino());
            found.push(FoundFile { path: entry.path(), modified, inode, size_bytes: metadata.len() });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}
