//! Gemini Omni through Google's Interactions API.
//!
//! Format: <https://ai.google.dev/gemini-api/docs/omni>, <https://ai.google.dev/gemini-api/docs/api-errors> and the types of
//! <https://github.com/googleapis/python-genai>. `output_video` exists in Google's libraries only; over HTTP the clip is a part of
//! `steps`. Whether a finished job holds the clip itself or an address differs by date, whatever was asked for, so both are read.

use std::time::{Duration, SystemTime};

use http::Method;
use reqwest::{RequestBuilder, Url};
use serde_json::{Value, json};

use super::address;
use crate::server::{
    error::ProviderClass,
    providers::{
        GenerateRequest, Picture,
        answer::Answer,
        api::{Clip, Created, Polled, Result},
        endpoint::Endpoint,
        failures::{Call, Failures},
        fields, wait,
    },
};

/// The version of the Interactions API that is spoken.
const REVISION: (&str, &str) = ("api-revision", "2026-05-20");

/// When to ask again for a file that is still being written.
const FILE_WAIT: Duration = Duration::from_secs(5);

/// Sends the paid request. In the background: else its answer would come only with the clip, after minutes.
pub(super) async fn create(endpoint: &Endpoint, request: &GenerateRequest) -> Result<Created> {
    let sent = ask(endpoint, Method::POST, &["interactions"]).json(&body(request));
    endpoint.create(sent, |answer| fields::job(answer, "/id")).await
}

/// Asks how a job stands, and if it is done, whether its file is.
pub(super) async fn poll(endpoint: &Endpoint, job: &str) -> Result<Polled> {
    let answer = endpoint.ask(Call::Poll, ask(endpoint, Method::GET, &["interactions", job])).await?;
    let polled = polled(&endpoint.failures, &answer)?;
    let Polled::Ready { clip: Clip::At(address), .. } = &polled else { return Ok(polled) };
    let Some(file) = own_file(endpoint, address) else { return Ok(polled) };
    // Where the file's state cannot be had, the download tells.
    let Ok(state) = endpoint.ask(Call::Poll, endpoint.request(Method::GET, address::url(endpoint, ["files", &file]))).await else {
        return Ok(polled);
    };
    Ok(of_file(&endpoint.failures, &state).unwrap_or(polled))
}

/// Tells Google to stop.
pub(super) async fn cancel(endpoint: &Endpoint, job: &str) -> Result<bool> {
    let request = ask(endpoint, Method::POST, &["interactions", job, "cancel"]);
    Ok(endpoint.ask_if_offered(Call::Cancel, request).await?.is_some())
}

fn ask(endpoint: &Endpoint, method: Method, path: &[&str]) -> RequestBuilder {
    endpoint.request(method, address::url(endpoint, path.iter().copied())).header(REVISION.0, REVISION.1)
}

/// The body of a create request. The length is a text with its unit; a number is refused, and without one the model decides.
fn body(request: &GenerateRequest) -> Value {
    let size = fields::size(request);
    let picture = |picture: &Picture| json!({ "type": "image", "data": fields::base64_of(picture), "mime_type": picture.media_type });
    let mut input: Vec<Value> = request.first_frame.iter().chain(&request.last_frame).map(picture).collect();
    input.push(json!({ "type": "text", "text": prompt(request) }));
    json!({
        "model": request.model,
        "input": input,
        "background": true,
        "store": true,
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "aspect_ratio": size.aspect(),
            "resolution": size.resolution(),
            "duration": format!("{}s", fields::seconds_text(request.seconds)),
        },
    })
}

/// The prompt, and before it what the pictures are: without these marks Omni takes pictures for things to show.
fn prompt(request: &GenerateRequest) -> String {
    let prompt = fields::whole_prompt(request);
    if request.first_frame.is_none() || prompt.contains("FIRST_FRAME>") {
        return prompt;
    }
    let last = if request.last_frame.is_some() { "<LAST_FRAME> " } else { "" };
    format!("<FIRST_FRAME> {last}{prompt}")
}

/// What an answer says of a job.
fn polled(failures: &Failures, answer: &Answer) -> Result<Polled> {
    let job = answer.json().map_err(|error| failures.unreadable(answer, &error.to_string()))?;
    let Some(status) = fields::text(&job, "/status") else { return Err(failures.unreadable(answer, "it has no status")) };
    let ended = |class, reason: &str| Ok(Polled::Ended(failures.ended_as(class, reason, answer)));
    match status {
        "completed" => completed(failures, answer, &job),
        // Whether Google bills what it blocks here is nowhere said: it counts.
        "failed" => Ok(Polled::ended_where_moderation_bills(failures.ended(&failures.fault(&job), answer), None)),
        "cancelled" => ended(ProviderClass::Failed, "The job was cancelled there."),
        "incomplete" => ended(ProviderClass::Failed, "The job ended before it was complete."),
        "requires_action" => ended(ProviderClass::Failed, "The job asks for something that a video never needs."),
        "budget_exceeded" => ended(ProviderClass::NoCredit, "The budget that is set there is used up."),
        status => {
            let unknown_word = (!matches!(status, "queued" | "in_progress")).then(|| failures.word(status));
            Ok(Polled::Working { progress: None, ask_again: wait::poll_after(&answer.headers, SystemTime::now()), unknown_word })
        }
    }
}

/// A job that is complete has a clip, or was silently refused.
fn completed(failures: &Failures, answer: &Answer, job: &Value) -> Result<Polled> {
    let of_type = |part: &Value, wanted: &str| fields::text(part, "/type") == Some(wanted);
    if let Some((place, video)) = output(job).rfind(|(_, part)| of_type(part, "video")) {
        let clip = match (fields::text(video, "/uri"), fields::text(video, "/data")) {
            (Some(uri), _) => Clip::At(address::media_address(uri)),
            (None, Some(data)) => {
                let clip = answer.clip(data, format!("{place}/data"));
                Clip::Inline(clip.ok_or_else(|| failures.unreadable(answer, "the clip is no base64"))?)
            }
            (None, None) => return Err(failures.unreadable(answer, "the clip has neither an address nor bytes")),
        };
        return Ok(Polled::Ready { clip, usd_micros: None });
    }
    let fault = failures.fault(job);
    let withheld = |error| Ok(Polled::Withheld { error, usd_micros: None });
    if fault.message.is_some() {
        return withheld(failures.ended(&fault, answer));
    }
    // It was made and is to be paid: better asked for again than given up.
    if video_tokens(job) > 0 {
        return Err(failures.unreadable(answer, "a clip was made and is not in it"));
    }
    let texts = output(job).filter(|(_, part)| of_type(part, "text"));
    let words: Vec<&str> = texts.filter_map(|(_, part)| fields::text(part, "/text")).collect();
    let reason = match words.is_empty() {
        true => "It ended without a clip and without a reason; in some regions Google makes no clip from some pictures.".into(),
        false => words.join(" "),
    };
    withheld(failures.ended_as(ProviderClass::Moderated, &reason, answer))
}

/// The parts of what the model gave back, not of what it was given, each with its JSON pointer.
fn output(job: &Value) -> impl DoubleEndedIterator<Item = (String, &Value)> {
    let given_back = entries(job, "/steps").filter(|(_, step)| fields::text(step, "/type") == Some("model_output"));
    given_back
        .flat_map(|(step, given)| entries(given, "/content").map(move |(part, content)| (format!("/steps/{step}/content/{part}"), content)))
}

fn entries<'a>(value: &'a Value, pointer: &str) -> impl DoubleEndedIterator<Item = (usize, &'a Value)> + use<'a> {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter().enumerate()
}

fn video_tokens(job: &Value) -> u64 {
    let by_modality = job.pointer("/usage/output_tokens_by_modality").and_then(Value::as_array).into_iter().flatten();
    by_modality.filter(|entry| fields::text(entry, "/modality") == Some("video")).filter_map(|entry| entry.get("tokens")?.as_u64()).sum()
}

/// The file's name at Google, where the address is one of Google's own files: `…/files/{name}:download`.
fn own_file(endpoint: &Endpoint, address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| endpoint.is_own(url))?;
    let (_, file) = url.path().rsplit_once("/files/")?;
    let name = file.split(':').next()?;
    (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
}

/// What a file's state changes: nothing, unless it is still being written or could not be.
fn of_file(failures: &Failures, answer: &Answer) -> Option<Polled> {
    let file = answer.json().ok()?;
    match fields::text(&file, "/state")? {
        "PROCESSING" => Some(Polled::working(None, Some(FILE_WAIT))),
        "FAILED" => Some(Polled::Withheld { error: failures.ended(&failures.fault(&file), answer), usd_micros: None }),
        _ => None,
    }
}

#[cfg(test)]
#[path = "omni_tests.rs"]
mod tests;
