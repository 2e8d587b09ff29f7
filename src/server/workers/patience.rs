//! Waiting for a disk that is full, or a database that another program holds: what a worker has to write down is tried again in growing pauses,
//! for as long as the server runs. What was made, or paid for, is worth that.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio_util::sync::CancellationToken;

use crate::server::{Error, Result};

/// The first pause; each is longer than the one before.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15);

/// Growing pauses without end, never quite the same, so that not all workers try at once.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default().with_min_delay(FIRST).with_max_delay(LONGEST).with_factor(2.0).with_jitter().without_max_times().build()
}

/// Tries `attempt` until it succeeds, or fails for a reason that does not pass by itself. `what` says in the log what waits.
///
/// # Errors
/// [`Error::Cancelled`] where `stop` came first; what `attempt` fails with for good.
pub(super) async fn until_written<T, F>(stop: &CancellationToken, what: &str, mut attempt: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut pauses = pauses();
    loop {
        match attempt().await {
            Err(error) if error.is_passing() => tracing::warn!(what, cause = %error, "waits until this can be written; trying again"),
            ended => return ended,
        }
        tokio::select! {
            () = stop.cancelled() => return Err(Error::Cancelled),
            () = tokio::time::sleep(pauses.next().unwrap_or(LONGEST)) => {}
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn full() -> Error {
        Error::Io { path: "x".into(), source: std::io::ErrorKind::StorageFull.into() }
    }

    #[tokio::test]
    async fn what_passes_is_waited_for_and_what_does_not_is_told() {
        let stop = CancellationToken::new();
        let mut tries = 0;
        let written = until_written(&stop, "a test", || {
            tries += 1;
            std::future::ready(if tries < 2 { Err(full()) } else { Ok(tries) })
        });
        assert_eq!(written.await.unwrap(), 2);
        let told = until_written(&stop, "a test", || std::future::ready(Err::<(), _>(Error::Internal("broken".into())))).await;
        assert!(matches!(told, Err(Error::Internal(_))));
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait() {
        let stop = CancellationToken::new();
        stop.cancel();
        let ended = until_written(&stop, "a test", || std::future::ready(Err::<(), _>(full()))).await;
        assert!(matches!(ended, Err(Error::Cancelled)));
    }
}
