//! Grok Imagine: what is sent, and what the answers on record mean.

#![expect(clippy::unwrap_used)]

use super::*;
use crate::server::providers::sample_answers::{KEY, answer, failures, http, picture, request};

fn read(status: u16, body: &str) -> Result<Polled> {
    polled(&failures(Provider::Xai), &answer(status, body))
}

fn ended(body: &str) -> ProviderClass {
    match read(200, body).unwrap() {
        Polled::Ended(error) | Polled::Withheld { error, .. } => error.class,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_names_length_shape_and_picture() {
    let mut request = request("grok-imagine-video-1.5");
    assert_eq!(
        body(&request),
        json!({
            "model": "grok-imagine-video-1.5", "prompt": "A paper boat on a rainy street", "duration": 6, "aspect_ratio": "16:9",
            "resolution": "720p",
        })
    );
    request.first_frame = Some(picture());
    assert_eq!(body(&request)["image"]["url"], "data:image/png;base64,iVBORw0KGgo=");
}

#[test]
fn a_job_is_pending_with_and_without_a_body() {
    assert_eq!(read(202, "").unwrap(), Polled::working(None, None));
    assert_eq!(read(202, "ok").unwrap(), Polled::working(None, None));
    for status in [200, 202] {
        let working = Polled::working(Some(0.4), None);
        assert_eq!(read(status, r#"{"status":"pending","progress":40}"#).unwrap(), working);
    }
    assert_eq!(read(200, "").unwrap_err().class, ProviderClass::Transient(None));
    assert_eq!(read(200, "{}").unwrap_err().class, ProviderClass::Transient(None));
    assert_eq!(read(200, r#"{"status":"done"}"#).unwrap_err().class, ProviderClass::Transient(None));
}

#[test]
fn a_clip_comes_with_its_price() {
    let done = r#"{"status":"done","video":{"url":"https://vidgen.x.ai/output/video-001.mp4","duration":6,"respect_moderation":true},"model":"grok-imagine-video-1.5","progress":100,"usage":{"cost_in_usd_ticks":500000000}}"#;
    let clip = Clip::At("https://vidgen.x.ai/output/video-001.mp4".into());
    assert_eq!(read(200, done).unwrap(), Polled::Ready { clip: clip.clone(), usd_micros: Some(50_000) });
    let free = done.replace(r#","usage":{"cost_in_usd_ticks":500000000}"#, "");
    assert_eq!(read(200, &free).unwrap(), Polled::Ready { clip, usd_micros: None });
    assert_eq!(usd_micros(&json!({ "usage": { "cost_in_usd_ticks": 15_000 } })), Some(2), "rounded");
}

#[test]
fn a_job_that_ended_says_why() {
    let blocked = r#"{"status":"done","video":{"url":"https://vidgen.x.ai/output/video-001.mp4","duration":6,"respect_moderation":false},"model":"grok-imagine-video-1.5","progress":100}"#;
    assert_eq!(
        ended(r#"{"status":"failed","error":{"code":"internal_error","message":"Video generation failed"}}"#),
        ProviderClass::Failed
    );
    assert_eq!(ended(r#"{"status":"expired"}"#), ProviderClass::Expired);
    let rejected = r#"{"status":"failed","error":{"code":"x","message":"Generated video rejected by content moderation."},"usage":{"cost_in_usd_ticks":500000000}}"#;
    for (body, told) in [(blocked, None), (rejected, Some(50_000))] {
        let Polled::Withheld { error, usd_micros } = read(200, body).unwrap() else { panic!("{body}") };
        assert_eq!((error.class, usd_micros), (ProviderClass::Moderated, told), "what moderation stops is billed");
    }
}

#[tokio::test]
async fn what_it_cannot_do_is_not_sent() {
    let api = Xai::new("http://127.0.0.1:9", KEY.into(), http()).unwrap();
    let mut request = request("grok-imagine-video");
    request.last_frame = Some(picture());
    assert_eq!(api.create(&request).await.unwrap_err().class, ProviderClass::Rejected);
    assert!(!api.cancel("x").await.unwrap());
    assert_eq!(api.find(&request, Timestamp::now()).await.unwrap(), None);
}
