//! What each API takes, as its documentation and its SDK have it: fields, choices, lengths, pictures. Anything else is refused, with these words.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

type Verdict = Result<(), String>;

/// A body of the Interactions API for Gemini Omni.
pub fn omni(body: &Value) -> Verdict {
    const FIELDS: [&str; 9] = [
        "model",
        "input",
        "background",
        "store",
        "response_format",
        "generation_config",
        "previous_interaction_id",
        "webhook_config",
        "stream",
    ];
    only(body, "", &FIELDS)?;
    let format = &body["response_format"];
    only(format, "response_format.", &["type", "delivery", "aspect_ratio", "resolution", "duration"])?;
    one_of(format, "type", &["video"])?;
    one_of(format, "delivery", &["inline", "uri"])?;
    one_of(format, "aspect_ratio", &["16:9", "9:16"])?;
    one_of(format, "resolution", &["360p", "720p", "1080p", "4k"])?;
    let longest = if body["model"] == "gemini-omni-1.2-flash" { 15 } else { 10 };
    let seconds = format["duration"].as_str().and_then(|text| text.strip_suffix('s')?.parse::<u32>().ok());
    if !seconds.is_some_and(|seconds| (3..=longest).contains(&seconds)) {
        return Err("Invalid value at 'response_format.duration': expected a duration string such as '6s'.".into());
    }
    if body["background"] == true && (body["store"] == false || body["stream"] == true) {
        return Err("background requires store, and no stream.".into());
    }
    let parts = body["input"].as_array().ok_or("Invalid value at 'input'.")?;
    let (text, pictures) = parts.split_last().ok_or("Invalid value at 'input'.")?;
    only(text, "input.", &["type", "text"])?;
    one_of(text, "type", &["text"])?;
    for part in pictures {
        only(part, "input.", &["type", "data", "mime_type"])?;
        one_of(part, "type", &["image"])?;
        picture(&part["data"], &part["mime_type"])?;
    }
    Ok(())
}

/// A body of `predictLongRunning` for this Veo model, in the Gemini API.
pub fn veo(model: &str, body: &Value) -> Verdict {
    only(body, "", &["instances", "parameters", "webhookConfig"])?;
    let (instance, parameters) = (&body["instances"][0], &body["parameters"]);
    only(instance, "instances.", &["prompt", "image", "lastFrame", "referenceImages", "video"])?;
    let taken = ["aspectRatio", "resolution", "durationSeconds", "negativePrompt", "personGeneration", "sampleCount", "enhancePrompt"];
    only(parameters, "parameters.", &taken)?;
    one_of(parameters, "aspectRatio", &["16:9", "9:16"])?;
    one_of(parameters, "resolution", &["720p", "1080p", "4k"])?;
    let seconds = parameters["durationSeconds"].as_u64().ok_or("Invalid value at 'durationSeconds'.")?;
    let (is_large, is_largest) = (parameters["resolution"] != "720p", parameters["resolution"] == "4k");
    if ![4, 6, 8].contains(&seconds) || is_large && seconds != 8 || is_largest && model != "veo-3.1-generate-preview" {
        return Err("Request contains an invalid argument.".into());
    }
    for name in ["image", "lastFrame"] {
        if let Some(given) = instance.get(name) {
            only(given, "instances.image.", &["bytesBase64Encoded", "mimeType"])?;
            picture(&given["bytesBase64Encoded"], &given["mimeType"])?;
        }
    }
    match instance.get("lastFrame").is_some() && instance.get("image").is_none() {
        true => Err("lastFrame needs an image.".into()),
        false => Ok(()),
    }
}

/// A body of xAI's video generation.
pub fn xai(body: &Value) -> Verdict {
    only(body, "", &["model", "prompt", "duration", "aspect_ratio", "resolution", "image", "reference_images", "user"])?;
    one_of(body, "aspect_ratio", &["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"])?;
    let larger = body["model"] == "grok-imagine-video-1.5";
    one_of(body, "resolution", if larger { &["480p", "720p", "1080p"] } else { &["480p", "720p"] })?;
    if !body["duration"].as_u64().is_some_and(|seconds| (1..=15).contains(&seconds)) {
        return Err("duration must be a number from 1 to 15".into());
    }
    let Some(image) = body.get("image") else { return Ok(()) };
    only(image, "image.", &["url"])?;
    let url = image["url"].as_str().unwrap_or_default();
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((kind, data)) => picture(&data.into(), &kind.into()),
        None if url.starts_with("https://") => Ok(()),
        None => Err("image.url must be an https or a data address".into()),
    }
}

fn only(object: &Value, place: &str, names: &[&str]) -> Verdict {
    let fields = object.as_object().ok_or_else(|| format!("Invalid value at '{place}'."))?;
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(strange) => Err(format!("Unknown parameter: '{place}{strange}'.")),
        None => Ok(()),
    }
}

fn one_of(object: &Value, name: &str, choices: &[&str]) -> Verdict {
    match object[name].as_str() {
        Some(given) if choices.contains(&given) => Ok(()),
        _ => Err(format!("Invalid value at '{name}': {}. Supported values are: {choices:?}.", object[name])),
    }
}

/// A picture as text, of the type it is said to have.
fn picture(data: &Value, kind: &Value) -> Verdict {
    let bytes = data.as_str().and_then(|text| STANDARD.decode(text).ok());
    let format = bytes.and_then(|bytes| image::guess_format(&bytes).ok());
    match format.map(|format| format.to_mime_type()) {
        Some(format) if *kind == format => Ok(()),
        _ => Err("Unable to process input image.".into()),
    }
}
