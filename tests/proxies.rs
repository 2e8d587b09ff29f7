//! Providers behind a proxy, as the environment of the real program names it.

use std::{path::Path, sync::Arc};

use serde_json::Value;

use crate::{
    double::{Shared, proxy::Proxy},
    support::{
        paid::{KEYS, ask, double, entry, settled},
        process::ServerProcess,
    },
};

/// A server whose provider is at that address, with these variables set.
fn start(dir: &Path, base_url: &str, variables: &[(&str, &str)]) -> ServerProcess {
    ServerProcess::start_with(dir, |command| {
        command.env("OPENAI_API_KEY", KEYS[0]).env("OPENAI_BASE_URL", base_url).envs(variables.iter().copied());
    })
}

async fn doubles() -> (Arc<Shared>, Proxy, tempfile::TempDir) {
    let double = double().await;
    let proxy = Proxy::start(double.address()).await;
    (double, proxy, tempfile::tempdir().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_reached_through_the_proxy_alone_and_those_in_no_proxy_without() {
    let (double, proxy, dir) = doubles().await;
    let address = format!("http://{}", proxy.address);
    // No name server knows this host.
    let server = start(dir.path(), "http://provider.invalid/openai/v1", &[("HTTP_PROXY", &address)]);
    let job = ask(&server.client, "openai", "a lantern behind a proxy").await;
    assert_eq!(settled(&server.client, &job).await["status"], "succeeded");
    let lines = proxy.lines();
    assert_eq!(lines.len(), double.book.open().requests.len(), "{lines:?}");
    assert!(lines[0].starts_with("POST http://provider.invalid/openai/v1/videos HTTP/1.1"), "{lines:?}");
    assert!(lines.last().unwrap().contains("/content HTTP/1.1"), "{lines:?}");

    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &double.openai_base(), &[("http_proxy", &address), ("NO_PROXY", "localhost,127.0.0.1")]);
    let job = ask(&server.client, "openai", "a lantern beside the proxy").await;
    assert_eq!(settled(&server.client, &job).await["status"], "succeeded");
    assert_eq!(proxy.lines().len(), lines.len(), "{:?}", proxy.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_lets_nothing_through_is_told_and_nothing_counts_as_sent() {
    let (double, proxy, dir) = doubles().await;
    let refusing = format!("http://someone:s3cret-word@{}", proxy.address);
    let server = start(dir.path(), "https://provider.invalid/v1", &[("HTTPS_PROXY", &refusing)]);
    let client = &server.client;
    let job = ask(client, "openai", "a lantern before a wall").await;
    let is_told = |job: &Value| job["message"].as_str().is_some_and(|message| message.contains("HTTPS_PROXY"));
    let told = client.wait_for(&format!("/api/jobs/{job}"), is_told).await;
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("could not be reached") && message.contains("Nothing was sent."), "{message}");
    // It waits to be sent, for the first time.
    assert_eq!(told["status"], "queued", "{told:#}");
    assert_eq!(entry(client, &job).await["state"], "intended");
    assert!(proxy.lines().iter().all(|line| line == "CONNECT provider.invalid:443 HTTP/1.1"), "{:?}", proxy.lines());
    assert!(double.book.open().requests.is_empty());
    assert!(!format!("{told} {}", server.log()).contains("s3cret-word"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_not_there_is_told_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "https://provider.invalid/v1", &[("HTTPS_PROXY", ""), ("https_proxy", "http://127.0.0.1:9")]);
    let job = ask(&server.client, "openai", "a lantern before nothing").await;
    let is_told = |job: &Value| job["message"].as_str().is_some_and(|message| message.contains("HTTPS_PROXY"));
    let told = server.client.wait_for(&format!("/api/jobs/{job}"), is_told).await;
    assert!(told["message"].as_str().unwrap().contains("Nothing was sent."), "{told:#}");
}
