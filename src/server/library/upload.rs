//! An upload on its way: a limit on its size, a file in the store's staging folder, and in the end a video or an image.

use bytes::Bytes;

use super::{
    images::{self, IncomingImage},
    ingest::{Incoming, MetadataFailure, ingest},
};
use crate::{
    domain::{ApiError, ErrorKind, image::UploadedImage, origin::SourceType, video::Uploaded},
    server::{
        Error, Result,
        events::Events,
        media::{
            content::Content,
            ffmpeg::Ffmpeg,
            picture,
            staging::{StagedFile, Staging},
        },
        store::Db,
    },
};

/// What an upload is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A video.
    Video,
    /// A still picture.
    Image,
}

impl Expected {
    /// What it is, in a word.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Image => "image",
        }
    }

    /// How many bytes it may have where the server takes uploads of up to `configured`.
    #[must_use]
    pub fn most_bytes(self, configured: u64) -> u64 {
        match self {
            Self::Video => configured,
            Self::Image => configured.min(picture::MAX_BYTES),
        }
    }

    /// The refusal of a file of more than `most_bytes`.
    #[must_use]
    pub fn too_large(self, most_bytes: u64) -> Error {
        let limit = if self == Self::Image && most_bytes == picture::MAX_BYTES {
            format!("The file is larger than an image may be: {most_bytes} bytes.")
        } else {
            format!("The file is larger than this server takes: {most_bytes} bytes (REELGRAPH_MAX_UPLOAD_BYTES).")
        };
        Error::api(ErrorKind::TooLarge, limit)
    }
}

/// An upload whose bytes are arriving. Dropped before it is finished it leaves nothing.
#[derive(Debug)]
pub struct Upload {
    staging: Staging,
    expected: Expected,
    size_bytes: u64,
    most_bytes: u64,
}

/// An upload that has arrived whole and is on the disk.
#[derive(Debug)]
pub struct Arrived(StagedFile);

impl Upload {
    /// Begins an upload where the server takes files of up to `configured` bytes.
    ///
    /// # Errors
    /// Where the store cannot be written to.
    pub async fn begin(content: &Content, expected: Expected, configured: u64) -> Result<Self> {
        Ok(Self { staging: content.staging().await?, expected, size_bytes: 0, most_bytes: expected.most_bytes(configured) })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]; a full disk.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.size_bytes = self.size_bytes.saturating_add(piece.len() as u64);
        if self.size_bytes > self.most_bytes {
            return Err(self.expected.too_large(self.most_bytes));
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
    pub async fn keep(self, db: &Db, events: &Events, content: &Content, ffmpeg: &Ffmpeg, name: String) -> Result<Uploaded> {
        let incoming = Incoming {
            file: self.0,
            name,
            source_type: SourceType::Uploaded,
            generation: None,
            stitch: None,
            made_by: None,
            metadata_failure: MetadataFailure::Refuse,
        };
        let uploaded = ingest(db, content, ffmpeg, incoming).await?;
        events.ring();
        Ok(uploaded)
    }

    /// Makes an image of it, or finds the one that has these bytes.
    ///
    /// # Errors
    /// As for [`images::ingest`].
    pub async fn keep_image(self, db: &Db, content: &Content, name: String) -> Result<UploadedImage> {
        images::ingest(db, content, IncomingImage { file: self.0, name, source_type: SourceType::Uploaded }).await
    }
}
