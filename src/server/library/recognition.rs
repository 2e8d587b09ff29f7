//! Gives each clip the digest by which its footage is recognised in another file, when nobody waits for anything: after an upload was answered, and
//! after the jobs that somebody asked for. Clips that were stored by an older program come last.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{footage, integrity};
use crate::{
    domain::{ApiError, ErrorKind, Sha256, Timestamp, VideoId},
    server::{
        Error, Result,
        media::streams,
        store::{
            assets,
            footage::{set_stream_hash, unread},
            jobs::{self, lane},
        },
        studio::Studio,
    },
};

/// How often it is looked for what is missing where nothing tells of it, and how long after a fault it is tried again.
const INTERVAL: Duration = Duration::from_secs(15 * 60);
/// How long it waits while others work before it looks again.
const STEPPED_ASIDE: Duration = Duration::from_millis(500);
/// A pause after each clip, in times of what its reading took: the disk is others' too.
const PAUSE: u32 = 1;

/// Hashes the streams of every clip that lacks it, until `stop`.
pub async fn run(studio: Studio, stop: CancellationToken) {
    let mut changes = studio.events.changes();
    loop {
        let work = async {
            changes.mark_unchanged();
            match next(&studio).await {
                Ok(Next::Another) => {}
                Ok(Next::Aside) => tokio::time::sleep(STEPPED_ASIDE).await,
                Ok(Next::None) => {
                    // Whoever told is gone only with the server.
                    let _ = tokio::time::timeout(INTERVAL, changes.changed()).await;
                }
                Err(error) => {
                    tracing::warn!(cause = %error, "the streams of a clip could not be hashed just now; it is tried again");
                    tokio::time::sleep(INTERVAL).await;
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = work => {}
        }
    }
}

/// What became of a look.
enum Next {
    /// A clip was hashed, or found not to be hashable.
    Another,
    /// Somebody waits for something else.
    Aside,
    /// Every clip is.
    None,
}

async fn next(studio: &Studio) -> Result<Next> {
    let db = &studio.db;
    let Some(id) = unread(db.reader()).await? else { return Ok(Next::None) };
    if studio.content.is_receiving() || jobs::is_busy(db.reader(), lane::LOCAL).await? {
        return Ok(Next::Aside);
    }
    let began = tokio::time::Instant::now();
    let found = match hash(studio, &id).await {
        Ok(hash) => Some(hash),
        // Noted in its row, or gone with it: it is not asked for again.
        Err(Error::Api(error)) if matches!(error.kind, ErrorKind::Damaged | ErrorKind::Gone | ErrorKind::NotFound) => {
            return Ok(Next::Aside);
        }
        Err(error) if is_of_the_clip(&error) => {
            tracing::warn!(id, cause = %error, "the streams of this clip cannot be hashed; its footage is not recognised in other files");
            None
        }
        Err(error) => return Err(error),
    };
    let mut tx = db.begin().await?;
    set_stream_hash(&mut *tx, &id, found, Timestamp::now()).await?;
    tx.commit().await?;
    tokio::time::sleep(began.elapsed() * PAUSE).await;
    Ok(Next::Another)
}

async fn hash(studio: &Studio, id: &str) -> Result<Sha256> {
    let known: VideoId = id.parse().map_err(|_| Error::Row { table: "videos", column: "id", value: id.to_owned() })?;
    let stored = assets::row(studio.db.reader(), known.into()).await?.ok_or_else(|| ApiError::not_found("video"))?;
    let path = integrity::opened(&studio.db, &studio.content, &stored).await?;
    let clip = footage::clip(studio, &stored, path).await?;
    streams::stream_hash(&studio.ffmpeg, &clip).await
}

/// Whether the clip itself is at fault, or its row: trying again would end the same.
fn is_of_the_clip(error: &Error) -> bool {
    match error {
        Error::Api(error) => error.kind == ErrorKind::NotAVideo,
        Error::Tool { .. } | Error::Timeout { .. } => true,
        error => error.is_damaged_row(),
    }
}
