//! What the client makes of a network that fails, over real connections.

#![expect(clippy::unwrap_used)]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, routing::any};
use http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    domain::provider::Provider,
    server::{
        error::ProviderClass,
        providers::{
            answer,
            failures::Call,
            sample_answers::{endpoint, serve},
        },
    },
};

async fn create(base_url: &str) -> ProviderClass {
    let endpoint = endpoint(Provider::OpenAi, base_url);
    let request = endpoint.request(Method::POST, endpoint.url(["videos"])).body("prompt");
    endpoint.ask(Call::Create, request).await.unwrap_err().class
}

/// Takes one connection, reads from it until the request is whole, writes `reply` and closes.
async fn reply_once(reply: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"prompt") {
            assert!(connection.read_buf(&mut request).await.unwrap() > 0);
        }
        connection.write_all(reply).await.unwrap();
    });
    base_url
}

#[tokio::test]
async fn a_refused_connection_is_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(create(&base_url).await, ProviderClass::NotReached);
}

#[tokio::test]
async fn a_connection_that_drops_after_the_request_leaves_the_outcome_unknown() {
    for reply in
        [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-le", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":", b"no HTTP at all\r\n\r\n"]
    {
        assert_eq!(create(&reply_once(reply).await).await, ProviderClass::Unknown);
    }
}

#[tokio::test]
async fn a_refusal_counts_by_its_status_though_its_body_broke_off() {
    let reply = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n{\"error\":";
    assert_eq!(create(&reply_once(reply).await).await, ProviderClass::Rejected);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_paid_request() {
    let reached = Arc::new(AtomicBool::new(false));
    let target = reached.clone();
    let elsewhere = serve(Router::new().fallback(any(move || async move { target.store(true, Ordering::SeqCst) }))).await;
    let redirect = move || async move { (http::StatusCode::TEMPORARY_REDIRECT, [("location", elsewhere)]) };
    let base_url = serve(Router::new().fallback(any(redirect))).await;
    assert_eq!(create(&base_url).await, ProviderClass::Rejected);
    assert!(!reached.load(Ordering::SeqCst));
}

#[tokio::test]
async fn of_a_refusal_only_the_beginning_is_read() {
    let long = "x".repeat(answer::LARGEST_REFUSAL * 4);
    let base_url = serve(Router::new().fallback(any(move || async move { (http::StatusCode::BAD_REQUEST, long) }))).await;
    let endpoint = endpoint(Provider::OpenAi, &base_url);
    let error = endpoint.ask(Call::Create, endpoint.request(Method::POST, endpoint.url(["videos"]))).await.unwrap_err();
    assert!(error.class == ProviderClass::Rejected && error.message.len() < 700, "{}", error.message);
}
