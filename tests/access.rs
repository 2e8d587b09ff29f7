//! Who may call: foreign hosts, other sites and callers without the token are refused, on server functions too.

use reqwest::Method;
use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn a_foreign_host_is_refused_even_for_reading() {
    let server = TestServer::start().await;
    for path in ["/", "/metrics", "/api/workflows"] {
        for host in ["evil.example", "127.0.0.1", "localhost:1"] {
            let request = server.client.request(Method::GET, path).header("host", host);
            server.client.send(request).await.problem(403);
        }
    }
    let localhost = format!("localhost:{}", server.client.address.port());
    let request = server.client.request(Method::GET, "/api/workflows").header("host", localhost);
    server.client.send(request).await.expect(200);
    for path in ["/healthz", "/readyz"] {
        let by_monitor = server.client.request(Method::GET, path).header("host", "10.0.0.7");
        server.client.send(by_monitor).await.expect(200);
    }
}

#[tokio::test]
async fn every_answer_carries_a_strict_policy() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/api/workflows", "/api/nothing"] {
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

#[tokio::test]
async fn another_site_changes_nothing() {
    let server = TestServer::start().await;
    let workflow = json!({"name": "From elsewhere", "definition": {"schema": 1, "nodes": [], "connections": []}});
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for path in ["/api/workflows", "/api/executions", "/api/videos/upload", "/api/fn/create_workflow", "/login"] {
            let request = server.client.request(Method::POST, path).header(name, value).json(&workflow);
            server.client.send(request).await.problem(403);
        }
    }
    assert_eq!(server.client.get("/api/workflows").await.expect(200).json(), json!([]));
    let own = server.client.url("");
    let request =
        server.client.request(Method::POST, "/api/workflows").header("origin", own).header("sec-fetch-site", "same-origin").json(&workflow);
    server.client.send(request).await.expect(201);
    server.client.post("/api/workflows", &workflow).await.expect(201);
}

#[tokio::test]
async fn with_a_token_everything_wants_it() {
    let server = TestServer::start_with(|config| config.access_token = Some("s3cret".into())).await;
    server.client.get("/healthz").await.expect(200);
    for path in ["/readyz", "/api/workflows", "/pkg/reelgraph.js", "/metrics"] {
        let answer = server.client.get(path).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{path}");
        answer.problem(401);
    }
    let opened = server.client.request(Method::GET, "/api/workflows").header("accept", "text/html");
    server.client.send(opened).await.problem(401);
    let page = server.client.request(Method::GET, "/").header("accept", "text/html");
    assert_eq!(server.client.send(page).await.expect(303).header("location"), "/login");
    let bearer = |token: &str| server.client.request(Method::GET, "/api/workflows").bearer_auth(token);
    server.client.send(bearer("wrong")).await.problem(401);
    server.client.send(bearer("s3cret")).await.expect(200);

    let sign_in = |token: &str| {
        let form = format!("token={token}");
        server.client.request(Method::POST, "/login").header("content-type", "application/x-www-form-urlencoded").body(form)
    };
    server.client.send(sign_in("wrong")).await.expect(401);
    let cookie = server.client.send(sign_in("s3cret")).await.expect(303).header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("s3cret"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    let request = server.client.request(Method::GET, "/api/workflows").header("cookie", session);
    server.client.send(request).await.expect(200);
}
