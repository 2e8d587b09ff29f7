//! What comes of a clip's address, over real HTTP.

#![expect(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body as HttpBody, Bytes},
    extract::Request,
    response::{IntoResponse, Redirect},
    routing::{any, get},
};
use http::HeaderMap;

use super::*;
use crate::{
    domain::provider::Provider,
    server::{
        error::ProviderClass,
        providers::{
            body::Body,
            http::Http,
            sample_answers::{KEY, MP4, MP4_BASE64, endpoint, serve},
            spool::Spool,
        },
    },
};

async fn fetch(base_url: &str, address: &str) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("clip.mp4");
    endpoint(Provider::Google, base_url).download(&Clip::At(address.to_owned()), &output).await?;
    Ok(std::fs::read(output).unwrap())
}

/// Answers every request so, and remembers their headers.
fn remembering(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> (Router, Arc<Mutex<Vec<HeaderMap>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let remembered = seen.clone();
    let handler = move |request: Request| {
        remembered.lock().unwrap().push(request.headers().clone());
        let answer = answer.clone();
        async move { answer }
    };
    (Router::new().fallback(any(handler)), seen)
}

#[tokio::test]
async fn the_key_is_not_sent_to_another_host_on_a_redirect_nor_ever_again() {
    let (home, seen_at_home) = remembering(MP4);
    let home = serve(home).await;
    let (elsewhere, seen_elsewhere) = remembering(Redirect::temporary(&format!("{home}/back")));
    let elsewhere = serve(elsewhere).await;
    let place = format!("{elsewhere}/clip");
    let router = Router::new().route("/clip", get(move || async move { Redirect::to("/moved") })).route(
        "/moved",
        get(move |headers: HeaderMap| async move {
            assert!(headers.contains_key("x-goog-api-key"), "the provider itself gets the key after a redirect of its own");
            Redirect::to(&place)
        }),
    );
    let base_url = serve(router).await;
    assert_eq!(fetch(&base_url, &format!("{base_url}/clip")).await.unwrap(), MP4);
    for seen in [seen_elsewhere, seen_at_home] {
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        assert!(!format!("{:?}", seen[0]).contains("sk-test"), "{:?}", seen[0]);
    }
}

#[tokio::test]
async fn a_clip_at_another_host_is_fetched_without_the_key() {
    let (elsewhere, seen) = remembering(MP4);
    let elsewhere = serve(elsewhere).await;
    assert_eq!(fetch("https://provider.invalid", &format!("{elsewhere}/clip")).await.unwrap(), MP4);
    assert!(!seen.lock().unwrap()[0].contains_key("x-goog-api-key"));
}

#[tokio::test]
async fn what_is_cut_short_or_no_video_may_be_fetched_again() {
    let cut = || async {
        let pieces = [Ok(Bytes::from_static(MP4)), Err(std::io::Error::other("gone"))];
        ([("content-length", "1000")], HttpBody::from_stream(futures_util::stream::iter(pieces)))
    };
    let router = Router::new()
        .route("/cut", get(cut))
        .route("/page", get(|| async { "<html>Sign in</html>" }))
        .route("/short", get(|| async { "\0\0" }))
        .route("/later", get(|| async { http::StatusCode::ACCEPTED }))
        .route("/busy", get(|| async { (http::StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")]) }))
        .route("/round", get(|| async { Redirect::to("/round") }))
        .route("/file", get(|| async { Redirect::to("file:///etc/passwd") }));
    let base_url = serve(router).await;
    for path in ["cut", "page", "short", "later", "busy", "round", "file"] {
        let error = fetch(&base_url, &format!("{base_url}/{path}")).await.unwrap_err();
        assert!(matches!(error.class, ProviderClass::Transient(_)), "{path}: {error:?}");
    }
    let gone = fetch(&base_url, &format!("{base_url}/gone")).await.unwrap_err();
    assert_eq!(gone.class, ProviderClass::Expired);
}

#[tokio::test]
async fn a_clip_past_the_limit_of_uploads_is_not_taken_whether_or_not_its_length_is_told() {
    let pieces = || futures_util::stream::iter([MP4; 100].map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece))));
    let router = Router::new()
        .route("/told", get(|| async { MP4.repeat(100) }))
        .route("/untold", get(move || async move { HttpBody::from_stream(pieces()) }));
    let base_url = serve(router).await;
    for (largest, is_taken) in [(3_200, true), (3_199, false)] {
        let http = Http::new(Spool::new("/nowhere".into(), largest)).unwrap();
        let endpoint = Endpoint::new(Provider::Google, &base_url, KEY.into(), http).unwrap();
        for path in ["told", "untold"] {
            let folder = tempfile::tempdir().unwrap();
            let output = folder.path().join("clip.mp4");
            let taken = endpoint.download(&Clip::At(format!("{base_url}/{path}")), &output).await;
            assert_eq!((taken.is_ok(), output.exists()), (is_taken, is_taken), "{path}");
            if let Err(error) = taken {
                assert!(matches!(error.class, ProviderClass::Transient(_)) && error.message.contains("3199 bytes"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_clip_within_an_answer_is_written_and_must_be_a_video() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("clip.mp4");
    std::fs::write(&output, "something longer than the clip that stood here before").unwrap();
    let endpoint = endpoint(Provider::Google, "https://provider.invalid");
    let within = |base64: &str| {
        let body = Body::Held(serde_json::json!({ "clip": base64 }).to_string().into());
        Clip::Inline(Inline::found(&body, "AAAA", "/clip".into()).unwrap())
    };
    endpoint.download(&within(MP4_BASE64), &output).await.unwrap();
    assert_eq!(std::fs::read(&output).unwrap(), MP4);
    for wrong in ["YSB0ZXh0LCBubyB2aWRlbw==", "AAA", "<html>"] {
        let error = endpoint.download(&within(wrong), &output).await.unwrap_err();
        assert_eq!(error.class, ProviderClass::Transient(None), "{wrong}");
        assert_eq!(std::fs::read(&output).unwrap(), MP4, "what came before stays");
    }
}

#[test]
fn videos_are_known_by_how_they_begin() {
    assert!(is_video(MP4) && is_video(&[0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4]));
    assert!(!is_video(b"") && !is_video(b"\0\0\0\x20moov") && !is_video(b"<html><b"));
}
