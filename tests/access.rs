//! Who may call: foreign hosts, other sites and callers without the token are refused, on server functions too.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Answer, TestServer};

/// What a raw request is answered with.
async fn raw(server: &TestServer, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(server.client.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn guarded() -> TestServer {
    TestServer::start_with(|config| config.access_token = Some("s3cret".into())).await
}

async fn sign_in(server: &TestServer, token: &str) -> Answer {
    let request = server.client.request(Method::POST, "/login").header("content-type", "application/x-www-form-urlencoded");
    server.client.send(request.body(format!("token={token}"))).await
}

async fn with_cookie(server: &TestServer, method: Method, path: &str, cookie: &str) -> Answer {
    server.client.send(server.client.request(method, path).header("cookie", cookie)).await
}

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

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
    let shouted = server.client.request(Method::GET, "/api/workflows").header("authorization", "BEARER s3cret");
    server.client.send(shouted).await.expect(200);

    let sign_in = |token: &str| {
        let form = format!("token={token}");
        server.client.request(Method::POST, "/login").header("content-type", "application/x-www-form-urlencoded").body(form)
    };
    server.client.send(sign_in("wrong")).await.expect(401);
    let cookie = server.client.send(sign_in("s3cret")).await.expect(303).header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("s3cret") && !cookie.contains("Secure"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    let request = server.client.request(Method::GET, "/api/workflows").header("cookie", session);
    server.client.send(request).await.expect(200);
}

#[tokio::test]
async fn a_request_that_names_two_hosts_is_refused() {
    let server = TestServer::start().await;
    let host = server.client.address;
    for path in ["/api/workflows", "/healthz"] {
        for request in [
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
            format!("GET http://evil.example{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            format!("GET http://{host}{path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        ] {
            let answer = raw(&server, &request).await;
            assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("application/problem+json"), "{request}{answer}");
        }
        let same = format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert!(raw(&server, &same).await.starts_with("HTTP/1.1 200 "));
    }
    // A monitor of the oldest kind.
    assert!(raw(&server, "GET /healthz HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 200 "));
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_ends_for_every_copy_of_its_cookie() {
    let mut server = guarded().await;
    let mine = cookie(&sign_in(&server, "s3cret").await.expect(303));
    let other = cookie(&sign_in(&server, "s3cret").await.expect(303));
    assert_ne!(mine, other);
    server.restart_with(|config| config.access_token = Some("s3cret".into())).await;
    with_cookie(&server, Method::GET, "/api/workflows", &mine).await.expect(200);

    let gone = with_cookie(&server, Method::POST, "/logout", &mine).await.expect(303);
    assert_eq!(gone.header("location"), "/login");
    let mut cleared: Vec<_> = gone.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    cleared.sort_unstable();
    let is_cleared = |cookie: &str, name: &str| cookie.starts_with(&format!("{name}=;")) && cookie.contains("Max-Age=0");
    assert!(is_cleared(cleared[0], "__Host-reelgraph_session") && is_cleared(cleared[1], "reelgraph_session"), "{cleared:?}");
    with_cookie(&server, Method::GET, "/api/workflows", &mine).await.problem(401);
    with_cookie(&server, Method::GET, "/api/workflows", &other).await.expect(200);
    // Another site signs nobody out.
    let foreign = server.client.request(Method::POST, "/logout").header("cookie", &other).header("origin", "https://evil.example");
    server.client.send(foreign).await.problem(403);
    with_cookie(&server, Method::GET, "/api/workflows", &other).await.expect(200);

    server.restart_with(|config| config.access_token = Some("another".into())).await;
    with_cookie(&server, Method::GET, "/api/workflows", &other).await.problem(401);
    with_cookie(&server, Method::GET, "/api/workflows", "reelgraph_session=").await.problem(401);
}

#[tokio::test]
async fn under_https_the_cookie_is_for_that_host_and_https_alone() {
    let server = TestServer::start_with(|config| {
        config.access_token = Some("s3cret".into());
        config.public_origins = vec!["https://reels.example".into()];
    })
    .await;
    for host in ["reels.example", "REELS.example:443"] {
        let request = server.client.request(Method::POST, "/login").header("host", host).header("origin", "https://reels.example");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body("token=s3cret");
        let answer = server.client.send(request).await.expect(303);
        let set = answer.header("set-cookie");
        assert!(set.starts_with("__Host-reelgraph_session=") && set.contains("Secure") && !set.contains("Domain"), "{set}");
        let request = server.client.request(Method::GET, "/api/workflows").header("host", host).header("cookie", cookie(&answer));
        server.client.send(request).await.expect(200);
    }
}

#[tokio::test]
async fn wrong_tokens_are_slowed_down_where_they_come_from() {
    let server = TestServer::start_with(|config| {
        config.access_token = Some("s3cret".into());
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let from = |address: &str, token: &str| {
        server.client.request(Method::GET, "/api/workflows").header("x-forwarded-for", address).bearer_auth(token)
    };
    let session = cookie(&sign_in(&server, "s3cret").await.expect(303));
    for _ in 0..10 {
        let answer = server.client.send(from("made-up, 198.51.100.1", "wrong")).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        answer.problem(401);
    }
    for token in ["wrong", "s3cret"] {
        let answer = server.client.send(from("203.0.113.9, 198.51.100.1", token)).await;
        assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()), "{answer:?}");
        answer.problem(429);
    }
    server.client.send(from("198.51.100.2", "s3cret")).await.expect(200);
    server.client.send(from("198.51.100.1", "wrong").header("cookie", session)).await.expect(200);

    for _ in 0..10 {
        sign_in(&server, "wrong").await.expect(401);
    }
    let answer = sign_in(&server, "wrong").await.expect(429);
    assert!(answer.text().contains("Too many wrong tokens") && !answer.header("retry-after").is_empty(), "{}", answer.text());
}

#[tokio::test]
async fn who_is_no_trusted_proxy_is_not_believed() {
    let server = guarded().await;
    for host in 0..10 {
        let request = server.client.request(Method::GET, "/api/workflows").header("x-forwarded-for", format!("198.51.100.{host}"));
        server.client.send(request.bearer_auth("wrong")).await.problem(401);
    }
    let request = server.client.request(Method::GET, "/api/workflows").header("x-forwarded-for", "198.51.100.99");
    server.client.send(request.bearer_auth("s3cret")).await.problem(429);
}
