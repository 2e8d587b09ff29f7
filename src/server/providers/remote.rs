//! A paid clip, step by step: the request is written down, sent once, and from then on only asked after. What every provider has in common;
//! how each is spoken to is its [`VideoApi`].

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use serde_json::json;
use tokio::time::Instant;

use super::{
    Attempt, GenerateRequest, Generated, Ledger, Stage, VideoProvider,
    api::{Clip, Created, Polled, VideoApi},
};
use crate::{
    domain::{Timestamp, provider::Provider},
    server::{
        Error, Result,
        config::Pace,
        error::{ProviderClass, ProviderError},
    },
};

/// A provider's own hint is heeded up to here.
const LONGEST_HINT: Duration = Duration::from_secs(120);
/// After so many questions in vain a job no longer holds up the next.
const PATIENCE: u32 = 3;
/// What says nothing that is known is asked after so much more rarely.
const SLOWER: u32 = 4;
/// A download that breaks off is begun anew so often at least.
const DOWNLOADS: usize = 5;
/// The name of a job that was paid for is written down again so often where the database refuses.
const WRITES: usize = 8;
/// The share of the work that is the provider's making; the rest is the download.
const MAKING: f64 = 0.95;

/// A provider that is asked over HTTP and paid.
#[derive(Debug)]
pub struct Remote<A> {
    provider: Provider,
    api: A,
    pace: Pace,
}

impl<A: VideoApi> Remote<A> {
    /// The provider behind `api`, asked at this pace.
    pub fn new(provider: Provider, api: A, pace: Pace) -> Self {
        Self { provider, api, pace }
    }

    /// The waits between questions: growing, and never quite the same, so that many jobs do not ask at once.
    fn delays(&self) -> impl Iterator<Item = Duration> {
        let Pace { first, longest, .. } = self.pace;
        ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_factor(1.5)
            .with_jitter()
            .without_max_times()
            .build()
    }

    /// Sends the request. The answer is waited for and written down even if nobody wants the clip any more.
    async fn ask(&self, request: &GenerateRequest, attempt: Attempt<'_>) -> Result<String> {
        let Attempt { ledger, on_progress, cancel, .. } = attempt;
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        on_progress(0.0, &format!("Asking {}", self.provider.title()));
        ledger.sending().await?;
        match self.api.create(request).await {
            Ok(created) => {
                self.write_down(&created, ledger).await?;
                Ok(created.job)
            }
            Err(error) => {
                match error.class {
                    ProviderClass::Unknown => keep(ledger, &error).await?,
                    ProviderClass::NotReached | ProviderClass::Busy(_) => ledger.not_taken(error.raw.as_deref(), true).await?,
                    _ => ledger.not_taken(error.raw.as_deref(), false).await?,
                }
                Err(error.into())
            }
        }
    }

    /// Writes the name of a job down that exists now and is paid for, as often as it takes.
    async fn write_down(&self, created: &Created, ledger: &dyn Ledger) -> Result<()> {
        let mut delays = self.delays().take(WRITES);
        while let Err(error) = ledger.accepted(&created.job, &created.raw).await {
            let (title, job) = (self.provider.title(), &created.job);
            tracing::error!(provider = title, provider_job = job, cause = %error, "a job that was paid for could not be written down");
            let Some(wait) = delays.next() else {
                let message =
                    format!("{title} has taken the shot under the name {job}, but that could not be written down here. Check again.");
                return Err(unknown(message));
            };
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Looks for the job of a request whose answer was lost. Nothing is sent again, whatever is found.
    async fn look(&self, request: &GenerateRequest, sent_at: Timestamp, attempt: Attempt<'_>) -> Result<String> {
        let title = self.provider.title();
        (attempt.on_progress)(0.0, &format!("Looking for the shot at {title}"));
        match self.api.find(request, sent_at).await {
            // What looks alike may be another take, which has its own request.
            Ok(Some(job)) if !attempt.ledger.is_taken(&job).await? => {
                attempt.ledger.accepted(&job, "found in the provider's list").await?;
                Ok(job)
            }
            Ok(_) => Err(unknown(format!(
                "The request to {title} was sent, and no answer came back: it may be made and charged. Nothing is sent again by itself. \
                 Look into your account at {title}; check again, or give it up."
            ))),
            Err(error) => {
                Err(unknown(format!("Whether {title} has this shot could not be found out. {} Check again later.", error.message)))
            }
        }
    }

    /// Asks after the job until it is done.
    async fn follow(&self, job: &str, attempt: Attempt<'_>) -> Result<(Clip, Option<i64>)> {
        let Attempt { ledger, on_progress, leave_lane, cancel, .. } = attempt;
        let title = self.provider.title();
        let until = Instant::now() + self.pace.deadline;
        let mut delays = self.delays();
        let mut share: f64 = 0.0;
        // Questions without an answer that tells of headway, one upon the other.
        let mut in_vain = 0;
        loop {
            let polled = tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                polled = self.api.poll(job) => polled,
            };
            // What is wrong with the answer, if something is.
            let wrong = match &polled {
                Err(error) => format!("{} ", error.message),
                Ok(Polled::Working { unknown_word: Some(word), .. }) => format!("{title} says “{word}”, which is not known here. "),
                Ok(_) => String::new(),
            };
            let wait = match polled {
                Ok(Polled::Ready { clip, usd_micros }) => return Ok((clip, usd_micros)),
                Ok(Polled::Ended(error)) => {
                    keep(ledger, &error).await?;
                    return Err(error.into());
                }
                Ok(Polled::Withheld { error, usd_micros }) => return lost(ledger, error, usd_micros).await,
                Ok(Polled::Working { progress, ask_again, unknown_word }) => {
                    share = share.max(progress.unwrap_or_default().clamp(0.0, 1.0));
                    if let Some(word) = unknown_word {
                        tracing::info!(provider = title, word, "a job has a status that is not known; it counts as not done");
                        on_progress(share * MAKING, &format!("{title} says “{word}”, which is not known here; asking again"));
                        in_vain += 1;
                        let slower = (in_vain > PATIENCE).then_some(self.pace.longest * SLOWER);
                        ask_again.max(slower)
                    } else {
                        on_progress(share * MAKING, &format!("{title} is making it"));
                        in_vain = 0;
                        if ask_again.is_some() {
                            delays = self.delays();
                        }
                        ask_again
                    }
                }
                Err(ProviderError { class: class @ (ProviderClass::Transient(_) | ProviderClass::NotKnown), message, .. }) => {
                    tracing::info!(provider = title, message, "asking again");
                    on_progress(share * MAKING, &format!("{message} Asking again"));
                    in_vain += 1;
                    if let ProviderClass::Transient(after) = class { after } else { None }
                }
                Err(error) if error.class == ProviderClass::Expired => return lost(ledger, error, None).await,
                // The job is there and may be paid for: whatever keeps us from asking, it is not given up.
                Err(error) => return Err(unknown(format!("{title} has the shot, but cannot be asked about it. {}", error.message))),
            };
            if in_vain >= PATIENCE {
                leave_lane();
            }
            let wait = wait.map_or_else(|| delays.next().unwrap_or(self.pace.longest), |hint| hint.min(LONGEST_HINT));
            if Instant::now() + wait > until {
                let minutes = self.pace.deadline.as_secs().div_ceil(60);
                return Err(unknown(format!(
                    "{wrong}{title} has not finished within {minutes} minutes. The shot is still its job and may be charged: check again, or give it up."
                )));
            }
            tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn cut_short(&self) -> ProviderError {
        let message = format!("The clip that {} gave is cut short.", self.provider.title());
        ProviderError { class: ProviderClass::Transient(None), message, raw: None }
    }

    /// Brings the clip. Where it breaks off it is begun anew, and where it is not there yet it is waited for; what was paid for is not given up.
    /// Gives whether it is cut short, as far as it ever comes.
    async fn fetch(&self, job: &str, mut clip: Clip, output: &Path, attempt: Attempt<'_>) -> Result<bool> {
        let Attempt { ledger, on_progress, leave_lane, inspect, cancel } = attempt;
        let title = self.provider.title();
        on_progress(MAKING, &format!("Downloading the clip from {title}"));
        let mut delays = self.delays();
        let (mut tries, mut broken) = (0, 0);
        let until = Instant::now() + self.pace.late_clip;
        loop {
            let error = tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                done = self.api.download(&clip, output) => match done {
                    Ok(()) if !inspect.is_cut(output).await? => return Ok(false),
                    Ok(()) => self.cut_short(),
                    Err(error) => error,
                },
            };
            tracing::info!(provider = title, message = error.message, "a clip could not be fetched yet");
            tries += 1;
            if tries >= PATIENCE {
                leave_lane();
            }
            let is_gone = error.class == ProviderClass::Expired;
            if is_gone && Instant::now() >= until {
                return lost(ledger, error, None).await;
            }
            if is_gone || matches!(clip, Clip::Inline(_)) {
                // The job may hold the clip under another address by now, or in itself, or whole, or know that it is gone.
                let polled = tokio::select! {
                    () = cancel.cancelled() => return Err(Error::Cancelled),
                    polled = self.api.poll(job) => polled,
                };
                match polled {
                    Ok(Polled::Ready { clip: anew, .. }) => clip = anew,
                    Ok(Polled::Withheld { error, usd_micros }) => return lost(ledger, error, usd_micros).await,
                    Ok(Polled::Ended(_)) if is_gone => return lost(ledger, error, None).await,
                    Err(again) if again.class == ProviderClass::Expired => return lost(ledger, again, None).await,
                    Ok(Polled::Ended(_) | Polled::Working { .. }) | Err(_) => {}
                }
            }
            if is_gone {
                on_progress(MAKING, &format!("{title} has finished the clip, but it is not there yet; asking again"));
            } else {
                on_progress(MAKING, &format!("{} Fetching it again", error.message));
                broken += 1;
                if broken >= DOWNLOADS && Instant::now() >= until {
                    // A piece of what was paid for is better than none.
                    if tokio::fs::try_exists(output).await.unwrap_or_default() && inspect.is_cut(output).await? {
                        return Ok(true);
                    }
                    return Err(unknown(format!(
                        "The clip is ready at {title} but could not be downloaded. {} Check again.",
                        error.message
                    )));
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                () = tokio::time::sleep(delays.next().unwrap_or(self.pace.longest)) => {}
            }
        }
    }
}

#[async_trait]
impl<A: VideoApi> VideoProvider for Remote<A> {
    async fn generate(&self, request: &GenerateRequest, output: &Path, attempt: Attempt<'_>) -> Result<Generated> {
        let job = match attempt.ledger.stage() {
            Stage::Intended => self.ask(request, attempt).await?,
            Stage::Sent(at) => self.look(request, at, attempt).await?,
            Stage::Accepted(job) => job,
        };
        let (clip, usd_micros) = self.follow(&job, attempt).await?;
        if let Some(usd_micros) = usd_micros {
            attempt.ledger.priced(usd_micros).await?;
        }
        let is_cut = self.fetch(&job, clip, output, attempt).await?;
        let (width, height) = request.size;
        let mut params = request.params.as_object().cloned().unwrap_or_default();
        params.insert("seconds".into(), json!(request.seconds));
        params.insert("size".into(), json!(format!("{width}x{height}")));
        params.insert("take".into(), json!(request.take));
        Ok(Generated {
            provider: self.provider.name().into(),
            model: request.model.clone(),
            generation_params: params.into(),
            provider_job_id: Some(job),
            is_cut,
        })
    }

    async fn withdraw(&self, provider_job_id: &str) -> Result<bool> {
        Ok(self.api.cancel(provider_job_id).await?)
    }
}

/// The provider withholds the clip, or has it no more, or the whole job: it was made, for all anybody knows, and is billed, at this price in
/// millionths of a US dollar where the provider told it.
async fn lost<T>(ledger: &dyn Ledger, error: ProviderError, usd_micros: Option<i64>) -> Result<T> {
    keep(ledger, &error).await?;
    ledger.lost(usd_micros).await?;
    Err(error.into())
}

/// Keeps the answer that told of it, where there is one.
async fn keep(ledger: &dyn Ledger, error: &ProviderError) -> Result<()> {
    match &error.raw {
        Some(raw) => ledger.answered(raw).await,
        None => Ok(()),
    }
}

fn unknown(message: String) -> Error {
    ProviderError { class: ProviderClass::Unknown, message, raw: None }.into()
}
