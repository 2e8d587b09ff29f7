//! What the adapters' tests are made of: requests, answers, and a listener that answers over real HTTP.

#![expect(clippy::unwrap_used)]

use axum::Router;
use bytes::Bytes;
use http::{HeaderName, StatusCode};
use serde_json::json;

use super::{
    GenerateRequest, Picture,
    answer::Answer,
    api::{Clip, Polled},
    body::Body,
    endpoint::Endpoint,
    failures::Failures,
    http::Http,
    spool::Spool,
};
use crate::domain::provider::Provider;

/// The key of every test.
pub(super) const KEY: &str = "sk-test-0123456789";

/// The beginning of an MP4 file.
pub(super) const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

/// The same in base64.
pub(super) const MP4_BASE64: &str = "AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDE=";

/// The clip that a done job holds in its answer.
#[track_caller]
pub(super) fn clip_in(polled: Polled) -> Vec<u8> {
    let Polled::Ready { clip: Clip::Inline(clip), .. } = polled else { panic!("{polled:?}") };
    let output = tempfile::NamedTempFile::new().unwrap();
    clip.save(output.path(), 1 << 30).unwrap();
    std::fs::read(output.path()).unwrap()
}

/// Six seconds, 1280x720.
pub(super) fn request(model: &str) -> GenerateRequest {
    GenerateRequest {
        provider: "any".into(),
        model: model.into(),
        prompt: "A paper boat on a rainy street".into(),
        seconds: 6.0,
        size: (1280, 720),
        seed: Some(7),
        take: 1,
        params: json!({}),
        first_frame: None,
        last_frame: None,
    }
}

/// A picture of eight bytes.
pub(super) fn picture() -> Picture {
    Picture { media_type: "image/png", bytes: Bytes::from_static(b"\x89PNG\r\n\x1a\n") }
}

/// An answer without headers.
pub(super) fn answer(status: u16, body: &str) -> Answer {
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: http::HeaderMap::new(), body: Body::Held(body.to_owned().into()) }
}

/// The answer with one header more.
pub(super) fn with_header(mut answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    answer
}

/// The words of a provider whose key is [`KEY`].
pub(super) fn failures(provider: Provider) -> Failures {
    Failures::new(provider, KEY.into())
}

/// A client that spools to the system's folder for such files and takes clips of 1 GiB.
pub(super) fn http() -> Http {
    Http::new(Spool::new(std::env::temp_dir(), 1 << 30)).unwrap()
}

/// A provider at that base URL with [`KEY`].
pub(super) fn endpoint(provider: Provider, base_url: &str) -> Endpoint {
    Endpoint::new(provider, base_url, KEY.into(), http()).unwrap()
}

/// Serves on a free port of this machine until the test ends; gives the base URL.
pub(super) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base_url
}
