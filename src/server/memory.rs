//! Gives memory that nothing uses back to the system. The C library keeps what a crowd of connections took, in case another comes, and
//! each connection to the database what it has read.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::server::store::Db;

/// How often.
const INTERVAL: Duration = Duration::from_secs(5);

/// Gives back what is free every [`INTERVAL`], until `stop`.
pub async fn run(db: Db, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = db.let_go_of_pages().await {
            tracing::debug!(cause = %error, "the database let go of no pages");
        }
        // It walks through all that is free: a millisecond or some. Whether it could be begun matters to nobody.
        let _ = tokio::task::spawn_blocking(give_back).await;
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    // SAFETY: it takes no pointer, and glibc says that it may be called from every thread (malloc_trim(3)).
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other libraries give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
