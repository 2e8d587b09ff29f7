//! An upload on its way: a limit on its size, a file in the store's staging folder, and in the end an asset.

use std::sync::Arc;

use bytes::Bytes;

use super::ingest::{Incoming, Kept, MetadataFailure, ingest};
use crate::{
    domain::{ApiError, AssetKind, ErrorKind, origin::Origin},
    server::{
        Error, Result,
        media::{
            content::Content,
            staging::{StagedFile, Staging},
        },
        studio::Studio,
    },
};

/// How many bytes an upload of that kind may have where the server takes uploads of up to `configured`.
#[must_use]
pub fn most_bytes(kind: AssetKind, configured: u64) -> u64 {
    kind.spec().most_bytes.map_or(configured, |most| most.min(configured))
}

/// The refusal of a file of more than `most_bytes`.
#[must_use]
pub fn too_large(kind: AssetKind, most_bytes: u64) -> Error {
    let limit = if kind.spec().most_bytes == Some(most_bytes) {
        format!("The file is larger than {} may be: {most_bytes} bytes.", kind.spec().one)
    } else {
        format!("The file is larger than this server takes: {most_bytes} bytes (REELGRAPH_MAX_UPLOAD_BYTES).")
    };
    Error::api(ErrorKind::TooLarge, limit)
}

/// An upload whose bytes are arriving. Dropped before it is finished it leaves nothing.
#[derive(Debug)]
pub struct Upload {
    staging: Staging,
    kind: AssetKind,
    size_bytes: u64,
    most_bytes: u64,
}

/// An upload that has arrived whole and is on the disk.
#[derive(Debug)]
pub struct Arrived {
    file: StagedFile,
    kind: AssetKind,
}

impl Upload {
    /// Begins an upload where the server takes files of up to `configured` bytes.
    ///
    /// # Errors
    /// Where the store cannot be written to.
    pub async fn begin(content: &Content, kind: AssetKind, configured: u64) -> Result<Self> {
        Ok(Self { staging: content.staging().await?, kind, size_bytes: 0, most_bytes: most_bytes(kind, configured) })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]; a full disk.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.size_bytes = self.size_bytes.saturating_add(piece.len() as u64);
        if self.size_bytes > self.most_bytes {
            return Err(too_large(self.kind, self.most_bytes));
        }
        self.staging.write(piece).await
    }

    /// Ends the upload.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where nothing has arrived; a full disk.
    pub async fn finish(self) -> Result<Arrived> {
        if self.size_bytes == 0 {
            self.abandon().await;
            return Err(ApiError::invalid("/file", "The file is empty.").into());
        }
        Ok(Arrived { file: self.staging.finish().await?, kind: self.kind })
    }

    /// Gives the upload up, and waits until nothing of it is left.
    pub async fn abandon(self) {
        self.staging.abandon().await;
    }
}

impl Arrived {
    /// Makes an asset of it, or finds the one that has these bytes.
    ///
    /// # Errors
    /// As for [`ingest`].
    pub async fn keep(self, studio: &Studio, name: String) -> Result<Kept> {
        let Self { file, kind } = self;
        let incoming = Incoming { file, kind, name, origin: Origin::Uploaded, probed: None, metadata_failure: MetadataFailure::Refuse };
        let kept = ingest(studio, Arc::new(incoming)).await?;
        studio.events.notify();
        Ok(kept)
    }
}
