//! Who may call: foreign hosts, other sites and callers without the token are refused, on server functions too.

use reqwest::Method;

use crate::support::TestServer;

#[tokio::test]
async fn a_foreign_host_is_refused_even_for_reading() {
    let server = TestServer::start().await;
    for path in ["/", "/healthz"] {
        for host in ["evil.example", "127.0.0.1", "localhost:1"] {
            let request = server.client.request(Method::GET, path).header("host", host);
            server.client.send(request).await.problem(403);
        }
    }
    let localhost = format!("localhost:{}", server.client.address.port());
    let request = server.client.request(Method::GET, "/healthz").header("host", localhost);
    server.client.send(request).await.expect(200);
}

#[tokio::test]
async fn every_answer_carries_a_strict_policy() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/api/nothing"] {
        let answer = server.client.get(path).await;
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
    let page = server.client.get("/").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{policy}");
    assert!(!policy.contains("'unsafe-inline' ;") && !policy.contains("unsafe-eval'; style-src 'unsafe"), "{policy}");
}
