//! Posters: one small picture an asset, made by a job of its own or when it is first asked for, whichever comes first.

use std::{io::Cursor, path::PathBuf};

use image::{ImageFormat, Rgb, RgbImage};

use super::{assets, integrity, kinds};
use crate::{
    domain::{AssetRef, Sha256},
    server::{
        Error, Result,
        store::{Db, kinds::StoredAsset},
        studio::Studio,
    },
};

/// An asset's poster, a JPEG.
#[derive(Debug, Clone)]
pub struct Poster {
    /// SHA-256 of the asset's bytes.
    pub asset_hash: Sha256,
    /// The picture.
    pub bytes: Vec<u8>,
    /// Whether it will stay the same; not so where the asset could not be read just now.
    pub lasting: bool,
}

/// The poster of an asset. Whoever asks while it is made waits for it. What is in the trash has one only where `trashed` says so. A video without
/// a readable picture has a plain dark one.
///
/// # Errors
/// [`crate::domain::ErrorKind::NotFound`] and [`crate::domain::ErrorKind::Gone`] for the asset, [`Error::ToolMissing`], the store's.
pub async fn poster(studio: &Studio, asset: AssetRef, trashed: bool) -> Result<Poster> {
    let content = &studio.content;
    let found = visible(&studio.db, asset, trashed).await?;
    let hash = found.asset.file_hash;
    let path = content.poster_path(&hash);
    let turn = content.poster_turn(&hash);
    let _mine = turn.lock().await;
    let made = match tokio::fs::read(&path).await {
        Ok(bytes) => Ok((bytes, true)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(studio, &found, path).await,
        Err(source) => Err(Error::Io { path, source }),
    };
    made.map(|(bytes, lasting)| Poster { asset_hash: hash, bytes, lasting })
}

/// Makes the poster and keeps it; a plain one too, where the asset has been judged unreadable.
async fn make(studio: &Studio, found: &StoredAsset, path: PathBuf) -> Result<(Vec<u8>, bool)> {
    let Studio { db, content, ffmpeg, .. } = studio;
    let kind = kinds::of(found.asset.kind);
    if kind.needs_ffmpeg() {
        ffmpeg.available()?;
    }
    let source = assets::or_deleted(db, found, integrity::opened(db, content, found).await).await?;
    let staged = content.staging_path("jpg")?;
    match kind.poster(ffmpeg, &source, &found.asset.facts, &staged).await {
        Ok(()) => {}
        Err(Error::Timeout { .. }) => return Ok((plain()?, false)),
        Err(Error::Tool { stderr, .. }) => {
            tracing::info!(asset = %found.asset.id, stderr, "this asset has no readable picture; its poster is plain");
            tokio::fs::write(&staged, plain()?).await.map_err(Error::io(staged.to_path_buf()))?;
        }
        Err(Error::Api(error)) => {
            tracing::info!(asset = %found.asset.id, cause = %error, "this asset has no readable picture; its poster is plain");
            tokio::fs::write(&staged, plain()?).await.map_err(Error::io(staged.to_path_buf()))?;
        }
        Err(error) => return Err(error),
    }
    let bytes = tokio::fs::read(&staged).await.map_err(Error::io(staged.to_path_buf()))?;
    // Synced, or a power cut could leave an empty picture that looks made.
    let written = tokio::fs::File::open(&staged).await.map_err(Error::io(staged.to_path_buf()))?;
    written.sync_data().await.map_err(Error::io(staged.to_path_buf()))?;
    // Under the turn to change the store: an asset that was deleted meanwhile must not leave its poster behind.
    let _change = content.change().await;
    visible(db, found.asset.reference(), true).await?;
    staged.persist(&path).map_err(|error| Error::Io { path, source: error.error })?;
    Ok((bytes, true))
}

/// The asset, if it may be looked at: what is in the trash only where `trashed` says so.
async fn visible(db: &Db, asset: AssetRef, trashed: bool) -> Result<StoredAsset> {
    let found = assets::find(db, asset).await?;
    if found.asset.deleted_at.is_some() && !trashed { Err(assets::trashed_now()) } else { Ok(found) }
}

/// A dark 9:16 picture with nothing in it.
fn plain() -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(90, 160, Rgb([38, 38, 42]));
    picture.write_to(&mut bytes, ImageFormat::Jpeg).map_err(|error| Error::Internal(format!("the plain poster: {error}")))?;
    Ok(bytes.into_inner())
}
