//! Omni: what is sent, and what the answers on record mean.

#![expect(clippy::unwrap_used)]

use super::*;
use crate::{
    domain::provider::Provider,
    server::providers::sample_answers::{MP4, MP4_BASE64, answer, clip_in, endpoint, failures, picture, request},
};

const JOB: &str = "v1_ChdTbXNIYXFyUEV0ZUttdGtQNXVqVHdRRRIXU21zSGFxclBFdGVLbXRrUDV1alR3UUU";
const CLIP: &str = "https://generativelanguage.googleapis.com/v1beta/files/qu4d28uipuqh:download?alt=media";

fn job(status: &str, more: &Value) -> String {
    let mut job = json!({ "id": JOB, "status": status, "object": "interaction", "model": "gemini-omni-1.2-flash" });
    job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job.to_string()
}

fn completed_with(content: &Value, video_tokens: u64) -> String {
    let steps = json!([
        { "type": "user_input", "content": [{ "type": "video", "uri": "https://elsewhere/given" }, { "type": "text", "text": "A boat" }] },
        { "type": "thought", "signature": "EpcwCpQwAQw51sdI" },
        { "type": "model_output", "content": content },
    ]);
    let tokens = json!([{ "modality": "text", "tokens": 32 }, { "modality": "video", "tokens": video_tokens }]);
    job("completed", &json!({ "usage": { "output_tokens_by_modality": tokens }, "steps": steps }))
}

fn read(body: &str) -> Result<Polled> {
    polled(&failures(Provider::Google), &answer(200, body))
}

fn ended(body: &str) -> crate::server::error::ProviderError {
    match read(body).unwrap() {
        Polled::Ended(error) | Polled::Withheld { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_runs_in_the_background_and_its_length_is_a_text() {
    let mut request = request("gemini-omni-1.2-flash");
    request.params = json!({ "negative_prompt": "cars" });
    assert_eq!(
        body(&request),
        json!({
            "model": "gemini-omni-1.2-flash",
            "input": [{ "type": "text", "text": "A paper boat on a rainy street\n\nAvoid: cars" }],
            "background": true,
            "store": true,
            "response_format": { "type": "video", "delivery": "uri", "aspect_ratio": "16:9", "resolution": "720p", "duration": "6s" },
        })
    );
}

#[test]
fn pictures_stand_before_the_text_which_says_what_they_are() {
    let mut request = request("gemini-omni-1.2-flash");
    request.first_frame = Some(picture());
    assert_eq!(body(&request)["input"][0], json!({ "type": "image", "data": "iVBORw0KGgo=", "mime_type": "image/png" }));
    assert_eq!(body(&request)["input"][1]["text"], "<FIRST_FRAME> A paper boat on a rainy street");
    request.last_frame = Some(Picture { media_type: "image/jpeg", ..picture() });
    assert_eq!(body(&request)["input"][1]["mime_type"], "image/jpeg");
    assert_eq!(body(&request)["input"][2]["text"], "<FIRST_FRAME> <LAST_FRAME> A paper boat on a rainy street");
    request.prompt = "[# Sources <FIRST_FRAME>@Image1 <LAST_FRAME>@Image2] A boat".into();
    assert_eq!(body(&request)["input"][2]["text"], request.prompt.as_str(), "the user's own marks stay");
}

#[test]
fn a_clip_is_read_by_address_and_from_the_answer() {
    for status in ["queued", "in_progress", "a word of tomorrow"] {
        let unknown_word = (status == "a word of tomorrow").then(|| status.to_owned());
        assert_eq!(read(&job(status, &json!({}))).unwrap(), Polled::Working { progress: None, ask_again: None, unknown_word });
    }
    let by_address = completed_with(&json!([{ "type": "video", "mime_type": "video/mp4", "uri": CLIP }]), 34752);
    assert_eq!(read(&by_address).unwrap(), Polled::Ready { clip: Clip::At(CLIP.into()), usd_micros: None });
    let inline = completed_with(
        &json!([{ "type": "text", "text": "Here" }, { "type": "video", "mime_type": "video/mp4", "data": MP4_BASE64 }]),
        34752,
    );
    assert_eq!(clip_in(read(&inline).unwrap()), MP4);
}

#[test]
fn every_face_of_moderation_is_known() {
    let refusal = "I can't generate that video because it may violate our usage policies.";
    let text_only = ended(&completed_with(&json!([{ "type": "text", "text": refusal }]), 0));
    assert!(text_only.class == ProviderClass::Moderated && text_only.message.contains(refusal), "{text_only:?}");
    let text = "The request was blocked because it contains prohibited content.";
    let failed = ended(&job("failed", &json!({ "errors": [{ "code": "prohibited_content", "message": text }] })));
    assert!(failed.class == ProviderClass::Moderated && failed.message.contains(text), "{failed:?}");
    assert_eq!(ended(&completed_with(&json!([]), 0)).class, ProviderClass::Moderated);
    assert_eq!(ended(&job("completed", &json!({}))).class, ProviderClass::Moderated);
}

#[test]
fn a_job_that_ended_says_why() {
    let error = json!({ "errors": [{ "code": "api_error", "message": "An internal error has occurred. Please retry." }] });
    assert_eq!(ended(&job("failed", &error)).class, ProviderClass::Failed);
    for (status, class) in [
        ("cancelled", ProviderClass::Failed),
        ("incomplete", ProviderClass::Failed),
        ("requires_action", ProviderClass::Failed),
        ("budget_exceeded", ProviderClass::NoCredit),
    ] {
        assert_eq!(ended(&job(status, &json!({}))).class, class, "{status}");
    }
}

#[test]
fn a_clip_that_was_made_and_cannot_be_read_is_not_given_up() {
    for body in [
        completed_with(&json!([]), 34752),
        completed_with(&json!([{ "type": "video" }]), 34752),
        completed_with(&json!([{ "type": "video", "data": "<html>" }]), 34752),
        "<html>".into(),
        "{}".into(),
    ] {
        assert_eq!(read(&body).unwrap_err().class, ProviderClass::Transient(None), "{body}");
    }
}

#[test]
fn a_file_that_is_still_written_is_waited_for() {
    let state = |state: &str| of_file(&failures(Provider::Google), &answer(200, &json!({ "name": "files/a", "state": state }).to_string()));
    assert_eq!(state("PROCESSING"), Some(Polled::working(None, Some(FILE_WAIT))));
    assert!(matches!(state("FAILED"), Some(Polled::Withheld { error, .. }) if error.class == ProviderClass::Failed));
    assert_eq!(state("ACTIVE"), None);
}

#[test]
fn only_googles_own_files_are_asked_for() {
    let endpoint = endpoint(Provider::Google, "https://generativelanguage.googleapis.com");
    assert_eq!(own_file(&endpoint, CLIP).as_deref(), Some("qu4d28uipuqh"));
    for other in ["https://elsewhere.example/v1beta/files/a:download", "https://generativelanguage.googleapis.com/other/a", "x"] {
        assert_eq!(own_file(&endpoint, other), None, "{other}");
    }
}
