//! Puts into the search index what is not in it: the rows of an older database, and what another program has written. The server does so beside
//! its work, and `reelgraph reindex` makes all of it anew.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::server::{
    Result,
    store::{Db, search},
};

/// Rows that are written at a time: the writer is held for some milliseconds.
const ROWS: u32 = 200;
/// How often it is looked for what is missing.
const INTERVAL: Duration = Duration::from_secs(15 * 60);

/// Keeps the index complete until `stop`.
pub async fn run(db: Db, stop: CancellationToken) {
    loop {
        let indexing = async {
            match complete(&db, |_| {}).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "rows were put into the search index"),
                Err(error) => tracing::warn!(cause = %error, "the search index could not be completed; it is tried again"),
            }
            tokio::time::sleep(INTERVAL).await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = indexing => {}
        }
    }
}

/// Makes the index anew; until it is done a running server finds what is in it so far. `said` is told how many rows are. Gives their number.
///
/// # Errors
/// The database's.
pub async fn anew(db: &Db, said: impl FnMut(u64)) -> Result<u64> {
    let mut tx = db.begin().await?;
    search::clear(&mut tx).await?;
    tx.commit().await?;
    complete(db, said).await
}

async fn complete(db: &Db, mut said: impl FnMut(u64)) -> Result<u64> {
    let mut rows = 0;
    loop {
        match search::put_some(db, ROWS).await? {
            0 => return Ok(rows),
            more => rows += more,
        }
        said(rows);
        // Others write too.
        tokio::task::yield_now().await;
    }
}
