//! OpenAI's `/v1/videos`, at OpenAI or at any other server that speaks it: vLLM-Omni, LiteLLM, gateways.
//!
//! Format: <https://github.com/openai/openai-openapi> (`openapi.yaml`, "Videos"), and for other servers
//! <https://github.com/vllm-project/vllm-omni/blob/main/docs/serving/videos_api.md>. Gateways differ in their words for a status, put things
//! elsewhere and leave fields out, so only the name and the status of a job are relied on, each looked for by the [`Spelling`] of the host.

use std::{path::Path, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use http::Method;
use reqwest::multipart::{Form, Part};
use secrecy::SecretString;
use serde_json::Value;

use super::{
    GenerateRequest, Picture,
    answer::Answer,
    api::{Clip, Created, Polled, Result, VideoApi},
    endpoint::Endpoint,
    failures::{Call, Failures},
    fields,
    http::{Http, SetupError},
    inline::may_be_base64,
    wait,
};
use crate::{
    domain::{
        Timestamp,
        provider::{Dialect, JobState, Provider, Spelling},
    },
    server::error::ProviderClass,
};

/// OpenAI's own host. It stopped this API on 2026-09-24.
const OPENAI: &str = "api.openai.com";

/// How far the clocks may differ when a lost job is looked for, in seconds.
const SKEW_SECONDS: i64 = 30;

/// How long after sending a job may have been made at the latest, in seconds: as long as an answer is waited for, and as much again
/// for whoever hands it on. One that is younger belongs to a later request with the same words.
const LATEST_SECONDS: i64 = 120;

/// How many jobs a page of the list holds, the most that OpenAI gives.
const PAGE: usize = 100;

/// How many pages are looked through.
const MOST_PAGES: usize = 5;

/// A server that speaks `/v1/videos`.
#[derive(Debug, Clone)]
pub struct OpenAiVideos {
    endpoint: Endpoint,
    spelling: Arc<Spelling>,
}

impl OpenAiVideos {
    /// The server at `base_url`, which ends in `/v1`. Over `http://` the key travels in the clear. `dialects` go before the built-in ones.
    ///
    /// # Errors
    /// Where the base URL or the key cannot be used; the text names the setting.
    pub fn new(base_url: &str, key: SecretString, http: Http, dialects: &[Dialect]) -> Result<Self, SetupError> {
        let mut endpoint = Endpoint::new(Provider::OpenAi, base_url, key, http)?;
        let spelling = Arc::new(Spelling::of_host(endpoint.base().host_str(), dialects));
        endpoint.failures = endpoint.failures.with_reasons_at(spelling.fields.reason.clone());
        Ok(Self { endpoint, spelling })
    }

    /// The name of a job in an answer about it.
    fn job(&self, answer: &Value) -> Option<String> {
        self.spelling.fields.id.iter().find_map(|pointer| fields::job(answer, pointer))
    }

    /// The name of the job in an answer to the paid request. Beside an error a `request_id` is the question's own name, for the gateway's log, and
    /// there is no job.
    fn job_taken(&self, answer: &Value) -> Option<String> {
        let is_refusal = self.endpoint.failures.is_refusal(answer);
        let names_question = |pointer: &str| matches!(pointer.rsplit('/').next(), Some("request_id" | "requestId"));
        let mut places = self.spelling.fields.id.iter().filter(|pointer| !(is_refusal && names_question(pointer)));
        places.find_map(|pointer| fields::job(answer, pointer))
    }

    /// Whether this is OpenAI itself, and not another server that speaks its API.
    #[must_use]
    pub fn is_openai(&self) -> bool {
        self.endpoint.base().host_str() == Some(OPENAI)
    }

    fn form(&self, request: &GenerateRequest) -> Result<Form> {
        let form = fields(request, self.is_openai()).into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
        let Some(Picture { media_type, bytes }) = &request.first_frame else { return Ok(form) };
        let length = bytes.len() as u64;
        let part = Part::stream_with_length(bytes.clone(), length).file_name(media_type.replace('/', "."));
        let part = part.mime_str(media_type).map_err(|_| self.endpoint.failures.not_offered("The first picture is of no known type."))?;
        Ok(form.part("input_reference", part))
    }

    /// One page of the newest jobs, the newest first. `None` where the server has no list.
    async fn page(&self, after: Option<&str>) -> Result<Option<Value>> {
        let limit = PAGE.to_string();
        let mut url = self.endpoint.url(["videos"]);
        url.query_pairs_mut().extend_pairs([("limit", limit.as_str()), ("order", "desc")]).extend_pairs(after.map(|id| ("after", id)));
        let Some(answer) = self.endpoint.ask_if_offered(Call::Find, self.endpoint.request(Method::GET, url)).await? else {
            return Ok(None);
        };
        let list = answer.json().ok().filter(|list| list.get("data").is_some_and(Value::is_array));
        list.map(Some).ok_or_else(|| self.endpoint.failures.unreadable(&answer, "it holds no list of jobs"))
    }
}

#[async_trait]
impl VideoApi for OpenAiVideos {
    async fn create(&self, request: &GenerateRequest) -> Result<Created> {
        if request.last_frame.is_some() {
            let what = "OpenAI's API takes a first picture but no last one; take the last picture off, or another provider.";
            return Err(self.endpoint.failures.not_offered(what));
        }
        let sent = self.endpoint.request(Method::POST, self.endpoint.url(["videos"])).multipart(self.form(request)?);
        self.endpoint.create(sent, |answer| self.job_taken(answer)).await
    }

    async fn poll(&self, job: &str) -> Result<Polled> {
        let request = self.endpoint.request(Method::GET, self.endpoint.url(["videos", job]));
        let answer = self.endpoint.ask(Call::Poll, request.header("x-stainless-poll-helper", "true")).await?;
        let content = self.endpoint.url(["videos", job, "content"]);
        polled(&self.endpoint.failures, &self.spelling, &answer, content.as_str())
    }

    async fn download(&self, clip: &Clip, output: &Path) -> Result<()> {
        self.endpoint.download(clip, output).await
    }

    async fn cancel(&self, job: &str) -> Result<bool> {
        // The request that stops a running job deletes a finished one, with the clip that was paid for.
        match self.poll(job).await? {
            Polled::Ready { .. } => Err(self.endpoint.failures.not_offered("The clip is made already, so it was not stopped.")),
            Polled::Ended(_) | Polled::Withheld { .. } => Ok(true),
            Polled::Working { .. } => {
                let request = self.endpoint.request(Method::DELETE, self.endpoint.url(["videos", job]));
                Ok(self.endpoint.ask_if_offered(Call::Cancel, request).await?.is_some())
            }
        }
    }

    async fn find(&self, request: &GenerateRequest, sent_at: Timestamp) -> Result<Option<String>> {
        let wanted = Wanted::new(request, sent_at);
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let Some(list) = self.page(after.as_deref()).await? else { return Ok(None) };
            let jobs = list["data"].as_array().map_or(&[][..], Vec::as_slice);
            found.extend(jobs.iter().filter(|job| wanted.is(job)).filter_map(|job| self.job(job)));
            let reaches_back = jobs.last().and_then(created_at).is_none_or(|oldest| oldest < wanted.from);
            after = jobs.last().and_then(|job| self.job(job));
            if reaches_back || list["has_more"] != true {
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        // Of two that look alike nobody can tell which is ours.
        Ok(if found.len() == 1 { found.pop() } else { None })
    }
}

/// The text fields of a create request. `seconds` is a text there; a number is refused.
fn fields(request: &GenerateRequest, is_openai: bool) -> Vec<(&'static str, String)> {
    let mut fields = vec![("prompt", fields::whole_prompt(request))];
    if !request.model.is_empty() {
        fields.push(("model", request.model.clone()));
    }
    fields.extend([("seconds", fields::seconds_text(request.seconds)), ("size", fields::size(request).to_string())]);
    // Other servers' own field; OpenAI refuses what it does not know.
    fields.extend(request.seed.filter(|_| !is_openai).map(|seed| ("seed", seed.to_string())));
    fields
}

/// What an answer says of a job. `content` is where its clip is if the answer names no other place.
fn polled(failures: &Failures, spelling: &Spelling, answer: &Answer, content: &str) -> Result<Polled> {
    let whole = answer.json().map_err(|error| failures.unreadable(answer, &error.to_string()))?;
    let (place, job) = whole.get(0).map_or(("", &whole), |first| ("/0", first));
    let Some((word, state)) = spelling.state(job) else { return Err(failures.unreadable(answer, "it has no status")) };
    Ok(match state {
        None | Some(JobState::Working) => Polled::Working {
            progress: spelling.fields.progress.iter().find_map(|pointer| fields::progress(job.pointer(pointer)?)),
            ask_again: wait::poll_after(&answer.headers, SystemTime::now()),
            unknown_word: state.is_none().then(|| failures.word(&word)),
        },
        Some(JobState::Done) => {
            let clip = clip(spelling, answer, place, job).unwrap_or_else(|| Clip::At(content.to_owned()));
            Polled::Ready { clip, usd_micros: None }
        }
        Some(state @ (JobState::Failed | JobState::Moderated)) => {
            let fault = failures.fault(job);
            let fault = if state == JobState::Moderated { fault.by_moderation() } else { fault };
            Polled::Ended(failures.ended(&fault, answer))
        }
        Some(JobState::Cancelled) => Polled::Ended(failures.ended_as(ProviderClass::Failed, "The job was cancelled there.", answer)),
        Some(JobState::Expired) => {
            Polled::Withheld { error: failures.ended_as(ProviderClass::Expired, "The job has expired there.", answer), usd_micros: None }
        }
    })
}

/// Where an answer says that the clip is, or the clip itself. The job stands in it at `place`, a JSON pointer.
fn clip(spelling: &Spelling, answer: &Answer, place: &str, job: &Value) -> Option<Clip> {
    let found = |pointers: &'_ [String], is_one: fn(&str) -> bool| {
        let texts = pointers.iter().filter_map(|pointer| Some((pointer.clone(), fields::text(job, pointer)?)));
        texts.into_iter().find(|(_, text)| is_one(text))
    };
    let inline = |(pointer, begin): (String, &str)| answer.clip(begin, format!("{place}{pointer}")).map(Clip::Inline);
    match found(&spelling.fields.url, is_address) {
        Some(data) if is_data(data.1) => inline(data),
        Some((_, address)) => Some(Clip::At(address.to_owned())),
        None => found(&spelling.fields.base64, may_be_base64).and_then(inline),
    }
}

/// Whether a text may be an address, whole or from the host's root on, and not a name.
fn is_address(text: &str) -> bool {
    text.starts_with('/') || begins_with(text, "http://") || begins_with(text, "https://") || is_data(text)
}

/// Whether a text is an address that holds what it leads to.
fn is_data(text: &str) -> bool {
    begins_with(text, "data:")
}

fn begins_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme))
}

/// When a job was made, in seconds since 1970.
fn created_at(job: &Value) -> Option<i64> {
    let moment = job.get("created_at")?;
    #[expect(clippy::cast_possible_truncation, reason = "seconds")]
    moment.as_i64().or_else(|| moment.as_f64().map(|seconds| seconds as i64))
}

/// By what a lost job is known.
#[derive(Debug)]
struct Wanted {
    prompt: String,
    model: String,
    seconds: f64,
    size: String,
    from: i64,
    to: i64,
}

impl Wanted {
    fn new(request: &GenerateRequest, sent_at: Timestamp) -> Self {
        let sent_at = sent_at.date_time().unix_timestamp();
        Self {
            prompt: fields::whole_prompt(request),
            model: request.model.clone(),
            seconds: request.seconds,
            size: fields::size(request).to_string(),
            from: sent_at - SKEW_SECONDS,
            to: sent_at + LATEST_SECONDS + SKEW_SECONDS,
        }
    }

    fn is(&self, job: &Value) -> bool {
        let seconds = match job.get("seconds") {
            Some(Value::String(text)) => text.parse().ok(),
            number => number.and_then(Value::as_f64),
        };
        fields::text(job, "/prompt") == Some(self.prompt.as_str())
            && (self.model.is_empty() || fields::text(job, "/model") == Some(self.model.as_str()))
            && seconds == Some(self.seconds)
            && fields::text(job, "/size") == Some(self.size.as_str())
            && created_at(job).is_some_and(|moment| (self.from..=self.to).contains(&moment))
    }
}

#[cfg(test)]
#[path = "openai_videos_tests.rs"]
mod tests;
