//! xAI's Grok Imagine.
//!
//! Format: <https://docs.x.ai/docs/model-capabilities/video/generation>, and the recorded answers of
//! <https://github.com/vercel/ai/tree/main/packages/xai/src>. There is no way to stop a job, and no list of jobs.

use std::{path::Path, time::SystemTime};

use async_trait::async_trait;
use http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    GenerateRequest,
    answer::Answer,
    api::{Clip, Created, Polled, Result, VideoApi},
    endpoint::Endpoint,
    failures::{Call, Failures},
    fields,
    http::{Http, SetupError},
    wait,
};
use crate::{
    domain::{Timestamp, provider::Provider},
    server::error::ProviderClass,
};

/// Ticks, in which xAI counts costs, in a millionth of a US dollar: 10^10 are one dollar.
const TICKS_PER_USD_MICRO: i64 = 10_000;

/// xAI's API.
#[derive(Debug, Clone)]
pub struct Xai {
    endpoint: Endpoint,
}

impl Xai {
    /// The API at `base_url`, which ends in `/v1`. Over `http://` the key travels in the clear.
    ///
    /// # Errors
    /// Where the base URL or the key cannot be used; the text names the setting.
    pub fn new(base_url: &str, key: SecretString, http: Http) -> Result<Self, SetupError> {
        Ok(Self { endpoint: Endpoint::new(Provider::Xai, base_url, key, http)? })
    }
}

#[async_trait]
impl VideoApi for Xai {
    async fn create(&self, request: &GenerateRequest) -> Result<Created> {
        if request.last_frame.is_some() {
            let what = "xAI takes a first picture but no last one; take the last picture off, or another provider.";
            return Err(self.endpoint.failures.not_offered(what));
        }
        let sent = self.endpoint.request(Method::POST, self.endpoint.url(["videos", "generations"])).json(&body(request));
        self.endpoint.create(sent, |answer| fields::job(answer, "/request_id").or_else(|| fields::job(answer, "/id"))).await
    }

    async fn poll(&self, job: &str) -> Result<Polled> {
        let request = self.endpoint.request(Method::GET, self.endpoint.url(["videos", job]));
        polled(&self.endpoint.failures, &self.endpoint.ask(Call::Poll, request).await?)
    }

    async fn download(&self, clip: &Clip, output: &Path) -> Result<()> {
        self.endpoint.download(clip, output).await
    }

    async fn cancel(&self, _job: &str) -> Result<bool> {
        Ok(false)
    }

    async fn find(&self, _request: &GenerateRequest, _sent_at: Timestamp) -> Result<Option<String>> {
        Ok(None)
    }
}

/// The body of a create request. The resolution is always named: xAI's own default is 480p.
fn body(request: &GenerateRequest) -> Value {
    let size = fields::size(request);
    let mut body = json!({
        "model": request.model,
        "prompt": fields::whole_prompt(request),
        "duration": fields::seconds_number(request.seconds),
        "aspect_ratio": size.aspect(),
        "resolution": size.resolution(),
    });
    if let Some(picture) = &request.first_frame {
        body["image"] = json!({ "url": format!("data:{};base64,{}", picture.media_type, fields::base64_of(picture)) });
    }
    body
}

/// What an answer says of a job. While it is pending the body may be empty.
fn polled(failures: &Failures, answer: &Answer) -> Result<Polled> {
    let job = match answer.json() {
        Ok(job) => job,
        Err(_) if answer.status == http::StatusCode::ACCEPTED => Value::Null,
        Err(error) => return Err(failures.unreadable(answer, &error.to_string())),
    };
    let place = fields::text(&job, "/video/url");
    let status = fields::text(&job, "/status").map(str::to_ascii_lowercase);
    Ok(match (status.as_deref(), place) {
        (Some("done") | None, _) if job.pointer("/video/respect_moderation") == Some(&Value::Bool(false)) => {
            let reason = "It withholds the clip it had made, and bills it all the same.";
            Polled::Withheld { error: failures.ended_as(ProviderClass::Moderated, reason, answer), usd_micros: usd_micros(&job) }
        }
        (Some("done") | None, Some(place)) => Polled::Ready { clip: Clip::At(place.to_owned()), usd_micros: usd_micros(&job) },
        (Some("done"), None) => return Err(failures.unreadable(answer, "the job is done and no clip is named")),
        (Some("failed" | "error"), _) => {
            Polled::ended_where_moderation_bills(failures.ended(&failures.fault(&job), answer), usd_micros(&job))
        }
        (Some("expired"), _) => {
            Polled::Withheld { error: failures.ended_as(ProviderClass::Expired, "The job has expired there.", answer), usd_micros: None }
        }
        (None, None) if answer.status != http::StatusCode::ACCEPTED => return Err(failures.unreadable(answer, "it has no status")),
        (status, _) => {
            let unknown = status.filter(|status| !["pending", "queued", "processing", "in_progress"].contains(status));
            Polled::Working {
                progress: job.get("progress").and_then(fields::progress),
                ask_again: wait::poll_after(&answer.headers, SystemTime::now()),
                unknown_word: unknown.map(|word| failures.word(word)),
            }
        }
    })
}

/// What the job cost in millionths of a US dollar.
fn usd_micros(job: &Value) -> Option<i64> {
    let ticks = job.pointer("/usage/cost_in_usd_ticks")?.as_i64().filter(|ticks| *ticks >= 0)?;
    Some(ticks / TICKS_PER_USD_MICRO + i64::from(ticks % TICKS_PER_USD_MICRO * 2 >= TICKS_PER_USD_MICRO))
}

#[cfg(test)]
#[path = "xai_tests.rs"]
mod tests;
