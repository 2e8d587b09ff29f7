//! The ledger as an operation sees it: the entry of the one job that it does.

use async_trait::async_trait;

use super::patience::until_written;
use crate::{
    domain::{ErrorKind, Timestamp, spend::SpendState},
    server::{
        Error, Result,
        money::ledger,
        providers::{Ledger, Stage},
        state::AppState,
        store::{jobs::Lease, spends::Entry},
    },
};

/// The ledger's entry of a job that is being done.
pub(super) struct JobLedger<'a> {
    state: &'a AppState,
    lease: &'a Lease,
    entry: Entry,
}

impl<'a> JobLedger<'a> {
    /// The entry of the job that the lease holds; `None` where nobody is paid for it.
    ///
    /// # Errors
    /// [`ErrorKind::ProviderFailed`] where the provider refused it before the server stopped; the database's.
    pub(super) async fn of(state: &'a AppState, lease: &'a Lease) -> Result<Option<Self>> {
        let Some(entry) = ledger::entry(&state.studio.db, lease.job_id).await? else { return Ok(None) };
        if entry.state == SpendState::Refused {
            let message = "The provider refused this before the server stopped; nothing was made. The ledger has its answer. Run it again.";
            return Err(Error::api(ErrorKind::ProviderFailed, message));
        }
        Ok(Some(Self { state, lease, entry }))
    }

    /// A step that has happened is not forgotten because the disk is full: the next one waits until it is written down.
    async fn written<T, F: Future<Output = Result<T>>>(&self, attempt: impl FnMut() -> F) -> Result<T> {
        until_written(&self.state.stop, "the ledger", attempt).await
    }
}

#[async_trait]
impl Ledger for JobLedger<'_> {
    fn stage(&self) -> Stage {
        match (&self.entry.provider_job_id, self.entry.state) {
            (Some(job), _) => Stage::Accepted(job.clone()),
            (None, SpendState::Intended) => Stage::Intended,
            (None, _) => Stage::Sent(self.entry.sent_at.unwrap_or_else(Timestamp::now)),
        }
    }

    async fn sending(&self) -> Result<()> {
        let (db, caps) = (&self.state.studio.db, &self.state.config.caps);
        self.written(|| ledger::sending(db, caps, self.lease)).await
    }

    async fn not_taken(&self, answer: Option<&str>, again: bool) -> Result<()> {
        self.written(|| ledger::not_taken(&self.state.studio.db, self.lease.job_id, answer, again)).await
    }

    async fn accepted(&self, provider_job_id: &str, answer: &str) -> Result<()> {
        self.written(|| ledger::accepted(&self.state.studio.db, self.lease.job_id, provider_job_id, answer)).await?;
        // Where it was given up meanwhile, the provider can be told now.
        self.state.studio.events.notify();
        Ok(())
    }

    async fn is_taken(&self, provider_job_id: &str) -> Result<bool> {
        self.written(|| ledger::is_taken(&self.state.studio.db, provider_job_id)).await
    }

    async fn priced(&self, usd_micros: i64) -> Result<()> {
        self.written(|| ledger::priced(&self.state.studio.db, self.lease.job_id, usd_micros)).await
    }

    async fn lost(&self, usd_micros: Option<i64>) -> Result<()> {
        self.written(|| ledger::lost(&self.state.studio.db, self.lease.job_id, usd_micros)).await
    }

    async fn answered(&self, answer: &str) -> Result<()> {
        self.written(|| ledger::answered(&self.state.studio.db, self.lease.job_id, answer)).await
    }
}
