//! What the adapters' tests are made of: requests, answers, and a listener that answers over real HTTP.

#![expect(clippy::unwrap_used)]

use axum::Router;
use bytes::Bytes;
use http::{HeaderName, StatusCode};
use serde_json::json;

use super::{
    GenerateRequest, Picture,
    endpoint::Endpoint,
    failures::Failures,
    http::{Answer, Http},
};
use crate::domain::provider::Provider;

/// The key of every test.
pub(super) const KEY: &str = "sk-test-0123456789";

/// The beginning of an MP4 file.
pub(super) const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

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
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: http::HeaderMap::new(), body: body.to_owned().into() }
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

/// A provider at that base URL with [`KEY`].
pub(super) fn endpoint(provider: Provider, base_url: &str) -> Endpoint {
    Endpoint::new(provider, base_url, KEY.into(), Http::new().unwrap()).unwrap()
}

/// Serves on a free port of this machine until the test ends; gives the base URL.
pub(super) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base_url
}
