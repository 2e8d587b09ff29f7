//! Veo in the Gemini API's `predictLongRunning` form. Google stopped it on 2026-10-22; other servers still speak it.
//!
//! Format: <https://github.com/googleapis/python-genai> (`models.py`, `_GenerateVideos*_to_mldev`), with the recorded answers of
//! <https://github.com/google-gemini/cookbook/blob/main/quickstarts/Get_started_Veo_REST.ipynb>. There is no way to stop a job.

use std::time::SystemTime;

use http::Method;
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

/// Sends the paid request.
pub(super) async fn create(endpoint: &Endpoint, request: &GenerateRequest) -> Result<Created> {
    let url = address::url(endpoint, ["models", &format!("{}:predictLongRunning", request.model)]);
    let sent = endpoint.request(Method::POST, url).json(&body(request));
    // A name of another form could not be told from one of Omni's later.
    endpoint.create(sent, |answer| fields::job(answer, "/name").filter(|name| address::is_veo(name))).await
}

/// Asks how a job stands.
pub(super) async fn poll(endpoint: &Endpoint, job: &str) -> Result<Polled> {
    let request = endpoint.request(Method::GET, address::url(endpoint, job.split('/')));
    polled(&endpoint.failures, &endpoint.ask(Call::Poll, request).await?)
}

/// The body of a create request. No seed, which this API refuses, and nothing about persons, where what it accepts depends on the
/// country and on what else is asked for.
fn body(request: &GenerateRequest) -> Value {
    let size = fields::size(request);
    let picture = |picture: &Picture| json!({ "bytesBase64Encoded": fields::base64_of(picture), "mimeType": picture.media_type });
    let mut instance = json!({ "prompt": request.prompt });
    for (name, frame) in [("image", &request.first_frame), ("lastFrame", &request.last_frame)] {
        if let Some(frame) = frame {
            instance[name] = picture(frame);
        }
    }
    let mut parameters = json!({
        "aspectRatio": size.aspect(),
        "resolution": size.resolution(),
        "durationSeconds": fields::seconds_number(request.seconds),
        "sampleCount": 1,
    });
    if let Some(words) = fields::negative_prompt(request) {
        parameters["negativePrompt"] = json!(words);
    }
    json!({ "instances": [instance], "parameters": parameters })
}

/// What an answer says of a job. One that runs has no `done`.
fn polled(failures: &Failures, answer: &Answer) -> Result<Polled> {
    let job = answer.json().map_err(|error| failures.unreadable(answer, &error.to_string()))?;
    if !job.is_object() {
        return Err(failures.unreadable(answer, "it is no JSON object"));
    }
    if job.get("error").is_some_and(Value::is_object) {
        return Ok(Polled::Ended(failures.ended(&failures.fault(&job), answer)));
    }
    if job.get("done") != Some(&Value::Bool(true)) {
        if job.get("name").is_none() {
            return Err(failures.unreadable(answer, "it names no operation"));
        }
        return Ok(Polled::working(None, wait::poll_after(&answer.headers, SystemTime::now())));
    }
    // Vertex, and servers that copy it, put the same one level higher.
    let places = ["/response/generateVideoResponse", "/response"];
    let (place, made) = places.into_iter().find_map(|place| Some((place, job.pointer(place)?))).unwrap_or(("", &Value::Null));
    if let Some(clip) = clip(answer, place, made) {
        return clip
            .map(|clip| Polled::Ready { clip, usd_micros: None })
            .ok_or_else(|| failures.unreadable(answer, "the clip is no base64"));
    }
    let reasons: Vec<&str> =
        made.get("raiMediaFilteredReasons").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if !reasons.is_empty() || made.get("raiMediaFilteredCount").and_then(Value::as_u64).is_some_and(|count| count > 0) {
        let reason = if reasons.is_empty() { "It gave no reason.".into() } else { reasons.join(" ") };
        return Ok(Polled::Ended(failures.ended_as(ProviderClass::Moderated, &reason, answer)));
    }
    Ok(Polled::Ended(failures.ended_as(ProviderClass::Failed, "It ended without a clip and without a reason.", answer)))
}

/// The clip of an answer: by address, or in it. `Some(None)`: it is in there and cannot be read.
#[expect(clippy::option_option, reason = "no clip, and one that cannot be read, are not the same")]
fn clip(answer: &Answer, place: &str, made: &Value) -> Option<Option<Clip>> {
    let samples = ["/generatedSamples/0", "/generatedVideos/0", "/videos/0"];
    let videos = samples.iter().flat_map(|sample| [format!("{sample}/video"), (*sample).to_owned()]);
    let (video, sample) = videos.into_iter().find_map(|sample| Some((made.pointer(&sample)?, sample)))?;
    if let Some(uri) = fields::text(video, "/uri") {
        return Some(Some(Clip::At(address::media_address(uri))));
    }
    let names = ["/bytesBase64Encoded", "/encodedVideo"];
    let (name, begin) = names.into_iter().find_map(|name| Some((name, fields::text(video, name)?)))?;
    Some(answer.clip(begin, format!("{place}{sample}{name}")).map(Clip::Inline))
}

#[cfg(test)]
#[path = "veo_tests.rs"]
mod tests;
