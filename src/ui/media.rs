//! What a node shows: which asset it is, and how far its bytes have come.

use std::sync::Arc;

use crate::domain::{Asset, AssetRef, asset::MissingAsset};

/// What a node shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Which asset it is.
    pub asset: AssetRef,
    /// What the library knows of it; `None` until it was asked, and for what is gone.
    pub known: Option<Arc<Asset>>,
    /// How far its bytes have come.
    pub stage: Stage,
}

/// How far the bytes of something have come.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Not asked for yet.
    Waiting,
    /// On their way.
    Downloading {
        /// Bytes that have arrived.
        received: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Can be shown.
    Ready {
        /// An object URL of the kept bytes, or the address they stream from.
        url: String,
    },
    /// Deleted from the library.
    Missing(MissingAsset),
    /// Could not be brought.
    Failed {
        /// What happened and what to do.
        reason: String,
    },
}

impl Media {
    /// Something whose bytes have not been asked for.
    #[must_use]
    pub fn waiting(known: Arc<Asset>) -> Self {
        Self { asset: known.reference(), known: Some(known), stage: Stage::Waiting }
    }

    /// Something that is gone.
    #[must_use]
    pub fn missing(asset: AssetRef, missing: MissingAsset) -> Self {
        Self { asset, known: None, stage: Stage::Missing(missing) }
    }

    /// The same at another stage.
    #[must_use]
    pub fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// Its name in the library, or the one it had.
    #[must_use]
    pub fn name(&self) -> &str {
        match (&self.known, &self.stage) {
            (Some(known), _) => &known.name,
            (None, Stage::Missing(missing)) => &missing.name,
            (None, _) => self.asset.kind.spec().title,
        }
    }

    /// Width over height as displayed; 16:9 where it is not known.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let dimensions = self.known.as_ref().and_then(|known| known.facts.dimensions());
        dimensions.map_or(16.0 / 9.0, |(width, height)| f64::from(width) / f64::from(height))
    }

    /// Seconds of one frame.
    #[must_use]
    pub fn frame_seconds(&self) -> f64 {
        let fps = self.known.as_ref().and_then(|known| known.facts.fps).filter(|fps| *fps > 0.0);
        1.0 / fps.unwrap_or(24.0)
    }
}

/// Where an asset's bytes are.
#[must_use]
pub fn download_url(asset: AssetRef) -> String {
    format!("{}/{}/download", asset.kind.spec().address, asset.id)
}

/// Where an asset's poster is.
#[must_use]
pub fn poster_url(asset: AssetRef) -> String {
    format!("/api/assets/{}/thumbnail", asset.id)
}
