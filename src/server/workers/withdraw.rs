//! Telling providers of jobs that nobody wants any more. A user's Stop is in the ledger; this carries it on, also after a restart.

use std::time::Duration;

use crate::server::{
    Error, Result,
    error::{ProviderClass, ProviderError},
    money::ledger,
    state::AppState,
    store::spends::Entry,
};

/// How often the ledger is looked at without a ring.
const IDLE: Duration = Duration::from_secs(30);

/// Tells them until the server stops.
pub(super) async fn tell_providers(state: AppState) {
    let mut changes = state.studio.events.changes();
    loop {
        changes.mark_unchanged();
        if let Err(error) = tell_all(&state).await {
            tracing::warn!(cause = %error, "providers could not be told what is no longer wanted; trying again");
        }
        tokio::select! {
            () = state.stop.cancelled() => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

async fn tell_all(state: &AppState) -> Result<()> {
    for entry in ledger::unwanted(&state.studio.db).await? {
        tokio::select! {
            () = state.stop.cancelled() => return Ok(()),
            told = tell(state, &entry) => told?,
        }
    }
    Ok(())
}

async fn tell(state: &AppState, entry: &Entry) -> Result<()> {
    let (Some(job), Ok(provider)) = (&entry.provider_job_id, state.studio.providers.get(&entry.provider)) else { return Ok(()) };
    match provider.withdraw(job).await {
        Ok(stopped) => tracing::info!(job = %entry.job_id, provider = entry.provider, stopped, "a job that nobody wants was withdrawn"),
        // It is told again later.
        Err(Error::Provider(ProviderError {
            class: ProviderClass::NotReached | ProviderClass::Transient(_) | ProviderClass::Busy(_),
            message,
            ..
        })) => {
            tracing::info!(job = %entry.job_id, provider = entry.provider, message, "a provider could not be told yet");
            return Ok(());
        }
        // Finished or gone there: nothing is left to stop.
        Err(error) => tracing::info!(job = %entry.job_id, provider = entry.provider, cause = %error, "a provider had nothing to stop"),
    }
    ledger::withdrawn(&state.studio.db, entry.job_id).await
}
