//! What of a request several providers want in the same spelling, and what of their answers is read in the same way.

use base64::{Engine, engine};
use serde_json::{Value, json};

use super::{GenerateRequest, Picture};
use crate::domain::provider::Size;

/// The longest job name that is believed, in bytes. The longest known one has some 150.
const LONGEST_JOB: usize = 1000;

/// The frame that is asked for.
#[must_use]
pub(super) fn size(request: &GenerateRequest) -> Size {
    Size { width: request.size.0, height: request.size.1 }
}

/// What is not to be seen, where the node says so.
#[must_use]
pub(super) fn negative_prompt(request: &GenerateRequest) -> Option<&str> {
    request.params.get("negative_prompt")?.as_str().map(str::trim).filter(|words| !words.is_empty())
}

/// The prompt, with what is not to be seen at its end: for models that have no field for it.
#[must_use]
pub(super) fn whole_prompt(request: &GenerateRequest) -> String {
    match negative_prompt(request) {
        Some(words) => format!("{}\n\nAvoid: {words}", request.prompt),
        None => request.prompt.clone(),
    }
}

/// The length as text, `8` or `7.5`.
#[must_use]
pub(super) fn seconds_text(seconds: f64) -> String {
    // Rust writes a whole f64 without a fraction.
    format!("{seconds}")
}

/// The length as a JSON number, whole where it is whole: `8`, not `8.0`.
#[must_use]
pub(super) fn seconds_number(seconds: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "lengths are minutes at most")]
    if seconds.fract() == 0.0 { json!(seconds as i64) } else { json!(seconds) }
}

/// The picture's bytes in base64.
#[must_use]
pub(super) fn base64_of(picture: &Picture) -> String {
    engine::general_purpose::STANDARD.encode(&picture.bytes)
}

/// A text that says something at a place in an answer, given as a JSON pointer.
#[must_use]
pub(super) fn text<'a>(answer: &'a Value, pointer: &str) -> Option<&'a str> {
    answer.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// The name of a job at a place in an answer, given as a JSON pointer.
#[must_use]
pub(super) fn job(answer: &Value, pointer: &str) -> Option<String> {
    let name = match answer.pointer(pointer)? {
        Value::String(name) => name.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!name.is_empty() && name.len() <= LONGEST_JOB && !name.contains(char::is_control)).then_some(name)
}

/// The share done, 0 to 1. Providers give per cent as a whole number, some gateways a fraction or a text.
#[must_use]
pub(super) fn progress(value: &Value) -> Option<f64> {
    let share = match value {
        Value::String(text) => text.trim_end_matches('%').trim().parse::<f64>().ok()? / 100.0,
        Value::Number(number) if number.is_f64() => number.as_f64().map(|share| if share <= 1.0 { share } else { share / 100.0 })?,
        value => value.as_f64()? / 100.0,
    };
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_share_however_it_is_written() {
        for (written, share) in
            [(json!(33), 0.33), (json!(1), 0.01), (json!(0.5), 0.5), (json!(50.5), 0.505), (json!("40%"), 0.4), (json!(400), 1.0)]
        {
            assert_eq!(progress(&written), Some(share), "{written}");
        }
        assert_eq!(progress(&json!(null)), None);
        assert_eq!(progress(&json!("soon")), None);
    }

    #[test]
    fn a_length_is_whole_where_it_is_whole() {
        assert_eq!((seconds_text(8.0).as_str(), seconds_text(7.5).as_str()), ("8", "7.5"));
        assert_eq!((seconds_number(8.0).to_string().as_str(), seconds_number(7.5).to_string().as_str()), ("8", "7.5"));
    }

    #[test]
    fn a_job_name_is_a_short_text() {
        assert_eq!(job(&json!({ "id": "a" }), "/id").as_deref(), Some("a"));
        assert_eq!(job(&json!({ "id": 7 }), "/id").as_deref(), Some("7"));
        for wrong in [json!(""), json!(null), json!({}), json!("a\nb"), json!("x".repeat(1001))] {
            assert_eq!(job(&json!({ "id": wrong }), "/id"), None);
        }
    }
}
