//! Files on their way into the store: written and hashed piece by piece on a thread that may block, gone if they are not finished.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use sha2::Digest;
use tempfile::{NamedTempFile, TempPath};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    domain::{ErrorKind, Sha256},
    server::{Error, Result},
};

/// Pieces on their way to the disk: with the pieces' size this bounds the memory of an upload.
const PIECES: usize = 16;

/// Held while somebody sends a file, until what became of it is known. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Arriving(Arc<()>);

impl Arriving {
    /// How many others of it there are.
    pub(super) fn others(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A whole file in the store's staging folder, synced and hashed; deleted when dropped.
#[derive(Debug)]
pub struct StagedFile {
    path: TempPath,
    hash: Sha256,
    size_bytes: u64,
    /// None where it was made here.
    _arriving: Option<Arriving>,
}

impl StagedFile {
    /// Takes over what a tool has written to `path`, a path of [`super::content::Content::staging_path`]: syncs and hashes it.
    ///
    /// # Errors
    /// Where the file cannot be read or synced.
    pub async fn read(path: TempPath) -> Result<Self> {
        tokio::task::spawn_blocking(move || {
            let synced = fs::File::open(&path).and_then(|file| file.sync_data());
            let read = synced.and_then(|()| digest(&path)).map_err(Error::io(path.to_path_buf()));
            read.map(|(hash, size_bytes)| Self { path, hash, size_bytes, _arriving: None })
        })
        .await
        .map_err(|error| Error::Internal(format!("reading a staged file ended: {error}")))?
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        self.hash
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

/// The SHA-256 of a file, and how many bytes it has. Blocks.
///
/// # Errors
/// Where it cannot be read.
pub fn digest(path: &Path) -> std::io::Result<(Sha256, u64)> {
    let mut file = fs::File::open(path)?;
    let (mut hasher, mut size, mut buffer) = (sha2::Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((Sha256::new(hasher.finalize().into()), size));
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
    }
}

enum Piece {
    Bytes(Bytes),
    End,
}

/// A file being written. Dropped before [`Staging::finish`] it leaves nothing.
#[derive(Debug)]
pub struct Staging {
    pieces: mpsc::Sender<Piece>,
    /// `None` once it was waited for.
    writer: Option<JoinHandle<Result<StagedFile>>>,
}

impl Staging {
    pub(super) fn start(file: NamedTempFile, arriving: Arriving) -> Self {
        let (pieces, incoming) = mpsc::channel(PIECES);
        Self { pieces, writer: Some(tokio::task::spawn_blocking(move || write(file, incoming, arriving))) }
    }

    /// Appends a piece.
    ///
    /// # Errors
    /// Where an earlier piece could not be written.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        match self.pieces.send(Piece::Bytes(piece)).await {
            Ok(()) => Ok(()),
            // The writer hangs up only when it has failed.
            Err(_) => Err(self.ended().await.err().unwrap_or_else(|| Error::Internal("the writer ended early".into()))),
        }
    }

    /// Ends the file: every byte is on the disk when this returns.
    ///
    /// # Errors
    /// Where a piece could not be written or the file cannot be synced.
    pub async fn finish(mut self) -> Result<StagedFile> {
        // A writer that has hung up says why below.
        let _ = self.pieces.send(Piece::End).await;
        self.ended().await
    }

    /// Gives the file up, and waits until it is gone.
    pub async fn abandon(self) {
        drop(self.pieces);
        if let Some(writer) = self.writer {
            // Its only result is the refusal that was asked for, or a failure that no longer matters.
            let _ = writer.await;
        }
    }

    async fn ended(&mut self) -> Result<StagedFile> {
        match self.writer.take() {
            Some(writer) => writer.await.map_err(|error| Error::Internal(format!("the writer ended: {error}")))?,
            None => Err(Error::Internal("a staged file was written to after it had failed".into())),
        }
    }
}

fn write(mut file: NamedTempFile, mut incoming: mpsc::Receiver<Piece>, arriving: Arriving) -> Result<StagedFile> {
    let (mut hasher, mut size_bytes) = (sha2::Sha256::new(), 0);
    loop {
        match incoming.blocking_recv() {
            Some(Piece::Bytes(piece)) => {
                file.as_file_mut().write_all(&piece).map_err(Error::io(file.path()))?;
                hasher.update(&piece);
                size_bytes += piece.len() as u64;
            }
            Some(Piece::End) => break,
            None => return Err(Error::api(ErrorKind::Interrupted, "The file did not arrive whole.")),
        }
    }
    file.as_file().sync_data().map_err(Error::io(file.path()))?;
    let hash = Sha256::new(hasher.finalize().into());
    Ok(StagedFile { path: file.into_temp_path(), hash, size_bytes, _arriving: Some(arriving) })
}
