//! Making a clip through a provider and keeping it.

use async_trait::async_trait;

use super::{context::Context, pictures};
use crate::{
    domain::{
        ApiError, ErrorKind, Timestamp, VideoId,
        spend::SpendState,
        video::{Generation, SourceType},
    },
    server::{
        Error, Result,
        error::{ProviderClass, ProviderError},
        library::ingest::{self, Incoming, MetadataFailure},
        media::staging::StagedFile,
        money::ledger,
        operations::enqueue::GenerateInput,
        providers::{Attempt, Free, GenerateRequest, Ledger, Stage},
        state::AppState,
        store::{jobs::Lease, spends::Entry},
    },
};

/// The share of the work that is the provider's; the rest is reading and storing the clip.
const MAKING: f64 = 0.95;

/// Makes the clip and gives its id. Done again it makes the same bytes, which are stored once; what was paid for is not asked for again.
pub(super) async fn perform(context: &Context<'_>) -> Result<VideoId> {
    let state = context.state;
    let input: GenerateInput = serde_json::from_value(context.job.input.clone())?;
    let entry = ledger::entry(&state.db, context.job.job.id).await?;
    if entry.as_ref().is_some_and(|entry| entry.state == SpendState::Refused) {
        let message = "The provider refused this before the server stopped; nothing was made. The ledger has its answer. Run it again.";
        return Err(Error::api(ErrorKind::ProviderFailed, message));
    }
    let is_sent = entry.as_ref().is_some_and(|entry| entry.state != SpendState::Intended);
    let provider = state.providers.get(&input.provider).map_err(|error| match error.kind {
        // The key was taken away while the provider works on it: the job waits, it does not fail.
        ErrorKind::MissingSetting if is_sent => unknown(format!("{} Then check again.", error.message)),
        _ => error.into(),
    })?;
    let request = GenerateRequest {
        provider: input.provider,
        model: input.model,
        prompt: input.prompt,
        seconds: input.seconds,
        size: input.size,
        seed: input.seed,
        take: input.take,
        params: input.params,
        // What was sent once is only asked after: a picture that is gone by now must not keep the clip away.
        first_frame: if is_sent { None } else { pictures::frame(state, input.first_frame, input.size).await? },
        last_frame: if is_sent { None } else { pictures::frame(state, input.last_frame, input.size).await? },
    };
    let output = state.content.staging_path("mp4")?;
    let started_at = Timestamp::now();
    let on_progress = |share: f64, message: &str| context.tell(share * MAKING, message);
    let paid = entry.map(|entry| JobLedger { state, lease: context.lease, entry });
    let ledger: &dyn Ledger = paid.as_ref().map_or(&Free, |paid| paid);
    let attempt = Attempt { ledger, on_progress: &on_progress, cancel: &context.cancel };
    let generated = provider.generate(&request, &output, attempt).await.map_err(|error| match error {
        Error::Provider(_) | Error::Api(_) | Error::Cancelled => error,
        // The database, say: what may have been sent is not given up for that.
        error if paid.is_some() => unsettled(error),
        error => error,
    })?;
    context.tell(MAKING, "Storing the clip");
    let generation = Generation {
        provider: Some(generated.provider),
        model: Some(generated.model),
        prompt: Some(request.prompt),
        generation_params: generated.generation_params,
        job_id: Some(context.job.job.id.to_string()),
        provider_job_id: generated.provider_job_id,
        status: Some("succeeded".into()),
        started_at: Some(started_at),
        completed_at: Some(Timestamp::now()),
    };
    let incoming = Incoming {
        file: StagedFile::read(output).await.map_err(|error| if paid.is_some() { not_stored(error) } else { error })?,
        name: input.name,
        source_type: SourceType::Generated,
        generation: Some(generation),
        stitch: None,
        metadata_failure: MetadataFailure::KeepWithWarning,
    };
    let is_paid = paid.is_some();
    let kept = ingest::ingest(&state.db, &state.content, &state.ffmpeg, incoming).await;
    kept.map(|kept| kept.video_id).map_err(|error| if is_paid { not_stored(error) } else { error })
}

/// A clip that was paid for and could not be stored is still at the provider: the job waits for the user.
fn not_stored(error: Error) -> Error {
    let reason = ApiError::from(error).message;
    unknown(format!("The clip is made and paid for, but could not be stored. {reason} Then check again: it is downloaded once more."))
}

/// Something of ours failed while a paid request was under way.
fn unsettled(error: Error) -> Error {
    let reason = ApiError::from(error).message;
    unknown(format!("How this paid request stands could not be kept up. {reason} Then check again; nothing is sent twice."))
}

fn unknown(message: String) -> Error {
    ProviderError { class: ProviderClass::Unknown, message, raw: None }.into()
}

/// The ledger as a provider sees it: the entry of one job.
struct JobLedger<'a> {
    state: &'a AppState,
    lease: &'a Lease,
    entry: Entry,
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
        ledger::sending(&self.state.db, &self.state.config.caps, self.lease).await
    }

    async fn not_taken(&self, answer: Option<&str>, again: bool) -> Result<()> {
        ledger::not_taken(&self.state.db, self.lease.job_id, answer, again).await
    }

    async fn accepted(&self, provider_job_id: &str, answer: &str) -> Result<()> {
        ledger::accepted(&self.state.db, self.lease.job_id, provider_job_id, answer).await?;
        // Where it was given up meanwhile, the provider can be told now.
        self.state.events.ring();
        Ok(())
    }

    async fn is_taken(&self, provider_job_id: &str) -> Result<bool> {
        ledger::is_taken(&self.state.db, provider_job_id).await
    }

    async fn priced(&self, usd_micros: i64) -> Result<()> {
        ledger::priced(&self.state.db, self.lease.job_id, usd_micros).await
    }

    async fn lost(&self, usd_micros: Option<i64>) -> Result<()> {
        ledger::lost(&self.state.db, self.lease.job_id, usd_micros).await
    }

    async fn answered(&self, answer: &str) -> Result<()> {
        ledger::answered(&self.state.db, self.lease.job_id, answer).await
    }
}
