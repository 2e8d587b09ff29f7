//! Veo: what is sent, and what the answers on record mean.

#![expect(clippy::unwrap_used)]

use super::*;
use crate::{
    domain::provider::Provider,
    server::providers::sample_answers::{answer, clip_in, failures, picture, request},
};

const JOB: &str = "models/veo-3.1-lite-generate-preview/operations/321kvdcepmcg";
const CLIP: &str = "https://generativelanguage.googleapis.com/v1beta/files/qu4d28uipuqh:download?alt=media";

fn read(job: &Value) -> Result<Polled> {
    polled(&failures(Provider::Google), &answer(200, &job.to_string()))
}

fn done(response: &Value) -> Polled {
    read(&json!({ "name": JOB, "done": true, "response": response })).unwrap()
}

#[test]
fn the_request_has_every_field_in_its_place_and_no_seed() {
    let mut request = request("veo-3.1-lite-generate-preview");
    request.params = json!({ "negative_prompt": "cars" });
    request.first_frame = Some(picture());
    request.last_frame = Some(picture());
    let picture = json!({ "bytesBase64Encoded": "iVBORw0KGgo=", "mimeType": "image/png" });
    assert_eq!(
        body(&request),
        json!({
            "instances": [{ "prompt": "A paper boat on a rainy street", "image": picture, "lastFrame": picture }],
            "parameters": {
                "aspectRatio": "16:9", "resolution": "720p", "durationSeconds": 6, "sampleCount": 1, "negativePrompt": "cars",
            },
        })
    );
}

#[test]
fn a_job_goes_from_working_to_ready() {
    let working = Polled::working(None, None);
    assert_eq!(read(&json!({ "name": JOB })).unwrap(), working);
    assert_eq!(read(&json!({ "name": JOB, "done": false })).unwrap(), working);
    let ready = Polled::Ready { clip: Clip::At(CLIP.into()), usd_micros: None };
    assert_eq!(done(&json!({ "generateVideoResponse": { "generatedSamples": [{ "video": { "uri": CLIP } }] } })), ready);
    let inline = json!({ "raiMediaFilteredCount": 0, "videos": [{ "bytesBase64Encoded": "AAAAIGZ0eXBpc29t", "mimeType": "video/mp4" }] });
    assert_eq!(clip_in(done(&inline)), b"\0\0\0\x20ftypisom");
    let encoded = json!({ "generateVideoResponse": { "generatedVideos": [{ "video": { "encodedVideo": "AAAAIGZ0eXBpc29t" } }] } });
    assert_eq!(clip_in(done(&encoded)), b"\0\0\0\x20ftypisom");
}

#[test]
fn a_job_that_ended_says_why() {
    let class = |polled| match polled {
        Polled::Ended(error) => error.class,
        other => panic!("{other:?}"),
    };
    let failed = json!({ "name": JOB, "done": true, "error": { "code": 13, "message": "Video generation failed due to an internal server issue." } });
    assert_eq!(class(read(&failed).unwrap()), ProviderClass::Failed);
    let reason = "We encountered an issue with the prompt you submitted. You have not been charged for this attempt.";
    for response in [
        json!({ "generateVideoResponse": { "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [reason] } }),
        json!({ "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["58061214"] }),
        json!({ "generateVideoResponse": { "raiMediaFilteredCount": 1 } }),
    ] {
        assert_eq!(class(done(&response)), ProviderClass::Moderated, "{response}");
    }
    assert_eq!(class(done(&json!({}))), ProviderClass::Failed);
    for body in ["<html>", "[]", "{}"] {
        let error = polled(&failures(Provider::Google), &answer(200, body)).unwrap_err();
        assert_eq!(error.class, ProviderClass::Transient(None), "{body}");
    }
}
