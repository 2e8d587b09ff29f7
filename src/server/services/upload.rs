//! An upload on its way: a limit on its size, a file in the store's staging folder, and in the end a video.

use bytes::Bytes;

use super::{
    events::Events,
    ingest::{Incoming, MetadataFailure, ingest},
};
use crate::{
    domain::{
        ApiError, ErrorKind,
        video::{SourceType, Uploaded},
    },
    server::{
        Error, Result,
        media::{
            content::Content,
            ffmpeg::Ffmpeg,
            staging::{StagedFile, Staging},
        },
        store::Db,
    },
};

/// An upload whose bytes are arriving. Dropped before it is finished it leaves nothing.
#[derive(Debug)]
pub struct Upload {
    staging: Staging,
    size_bytes: u64,
    most_bytes: u64,
}

/// An upload that has arrived whole and is on the disk.
#[derive(Debug)]
pub struct Arrived(StagedFile);

impl Upload {
    /// Begins an upload of at most `most_bytes`.
    ///
    /// # Errors
    /// Where the store cannot be written to.
    pub async fn begin(content: &Content, most_bytes: u64) -> Result<Self> {
        Ok(Self { staging: content.staging().await?, size_bytes: 0, most_bytes })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]; a full disk.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.size_bytes = self.size_bytes.saturating_add(piece.len() as u64);
        if self.size_bytes > self.most_bytes {
            return Err(too_large(self.most_bytes));
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
        self.staging.finish().await.map(Arrived)
    }

    /// Gives the upload up, and waits until nothing of it is left.
    pub async fn abandon(self) {
        self.staging.abandon().await;
    }
}

impl Arrived {
    /// Makes a video of it, or finds the one that has these bytes.
    ///
    /// # Errors
    /// As for [`ingest`].
    pub async fn keep(self, db: &Db, told: &Events, content: &Content, ffmpeg: &Ffmpeg, name: String) -> Result<Uploaded> {
        let incoming = Incoming {
            file: self.0,
            name,
            source_type: SourceType::Uploaded,
            generation: None,
            stitch: None,
            metadata_failure: MetadataFailure::Refuse,
        };
        let uploaded = ingest(db, content, ffmpeg, incoming).await?;
        told.ring();
        Ok(uploaded)
    }
}

/// The refusal of a file of more than `most_bytes`.
#[must_use]
pub fn too_large(most_bytes: u64) -> Error {
    Error::api(ErrorKind::TooLarge, format!("The file is larger than this server takes: {most_bytes} bytes (REELGRAPH_MAX_UPLOAD_BYTES)."))
}
