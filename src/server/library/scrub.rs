//! The scrub: reads every stored file at least every 30 days, one after the other and slowly, so that a file which rots is found while its bytes
//! may still be had elsewhere.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::integrity;
use crate::{
    domain::{AssetKind, Timestamp},
    server::{
        Result,
        media::content::Content,
        store::{Db, assets},
    },
};

/// A file is read again after so many seconds. The days up to 30 are for reading all that is due.
const DUE: f64 = 25.0 * 24.0 * 3600.0;
/// How often it is looked for what is due.
const INTERVAL: Duration = Duration::from_secs(15 * 60);
/// Rows read at a time.
const ROWS: u32 = 100;
/// A pause after each file, in times of what its reading took: the scrub has a part of the disk, not all of it.
const PAUSE: u32 = 3;

/// Scrubs what is due until `stop`.
pub async fn run(db: Db, content: Content, stop: CancellationToken) {
    loop {
        let scrubbing = async {
            match scrub(&db, &content, Timestamp::now(), PAUSE).await {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "stored files were read and verified"),
                Err(error) => tracing::warn!(cause = %error, "the stored files could not be verified; it is tried again"),
            }
            tokio::time::sleep(INTERVAL).await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = scrubbing => {}
        }
    }
}

/// Reads every file that is due at `now`, with a pause of so many times its reading after each. Gives how many there were.
///
/// # Errors
/// The store's.
pub async fn scrub(db: &Db, content: &Content, now: Timestamp, pause: u32) -> Result<u64> {
    let (before, mut files) = (now.plus_seconds(-DUE), 0);
    for kind in AssetKind::ALL {
        let mut first = None;
        loop {
            let due = assets::verified_before(db.reader(), kind, before, ROWS).await?;
            let next = due.first().map(|stored| stored.asset.id);
            // The same again: what was found could not be noted.
            if next.is_none() || next == first {
                break;
            }
            first = next;
            for stored in &due {
                let began = tokio::time::Instant::now();
                let finding = integrity::settle(db, content, stored).await?;
                integrity::log(stored, &finding);
                files += 1;
                tokio::time::sleep(began.elapsed() * pause).await;
            }
        }
    }
    Ok(files)
}
