//! What is known of a stored clip's footage: what its probe told is kept with its row, so that a clip is probed once, whoever reads it.

use std::{path::PathBuf, sync::Arc};

use crate::{
    domain::VideoId,
    server::{
        Result,
        media::{
            probe,
            probed::{Clip, Probed},
        },
        store::{Db, footage, kinds::StoredAsset},
        studio::Studio,
    },
};

/// A stored clip whose file lies at `path` and is whole, with what is known of it. One that was stored by an older program is probed now, and the
/// answer kept.
///
/// # Errors
/// As for [`probe::probe`]; the database's.
pub async fn clip(studio: &Studio, stored: &StoredAsset, path: PathBuf) -> Result<Clip> {
    let id = stored.asset.id.into();
    let known = match kept(&studio.db, id).await? {
        Some(known) => known,
        None => {
            let turn = studio.content.reading_turn(&stored.asset.file_hash);
            let _mine = turn.lock().await;
            match kept(&studio.db, id).await? {
                Some(known) => known,
                None => {
                    let probed = probe::probe(&studio.ffmpeg, &path).await?;
                    if let Err(error) = keep(&studio.db, id, &probed).await {
                        tracing::warn!(%id, cause = %error, "what a probe told could not be kept; the clip is probed again");
                    }
                    probed
                }
            }
        }
    };
    Ok(Clip { path, probed: Arc::new(known) })
}

async fn kept(db: &Db, id: VideoId) -> Result<Option<Probed>> {
    Ok(footage::report(db.reader(), id).await?.and_then(|text| Probed::from_stored(&text)))
}

async fn keep(db: &Db, id: VideoId, probed: &Probed) -> Result<()> {
    let report = probed.to_stored()?;
    let mut tx = db.begin().await?;
    footage::set_report(&mut *tx, id, &report).await?;
    Ok(tx.commit().await?)
}
