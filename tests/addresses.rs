//! Addresses that nobody would type: whatever stands in one, no route takes it for a fault of its own.

use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::TestServer;

/// What may stand where an id or a name stands.
fn pieces() -> Vec<String> {
    let pieces = [
        "..",
        ".",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "..%5c..",
        "\\..\\",
        "%00",
        "a%00.css",
        "%ff%fe",
        "%c3%28",
        "%",
        "%zz",
        "%0d%0aX:%20y",
        "%1b[2J",
        "a%2fb",
        ";",
        "é",
        "%F0%9F%98%80",
        "-1",
        "null",
        "{id}",
        "con",
        ".git",
        "%20",
        "~",
    ];
    let long = [400, 5000].map(|length| "x".repeat(length));
    let wide = "%E7%AC%AC".repeat(100);
    pieces.map(str::to_owned).into_iter().chain(long).chain([wide, format!("{}.css", "y".repeat(400)), "a/".repeat(200)]).collect()
}

/// The status of a request whose address goes out as it is.
async fn status(server: &TestServer, method: &str, address: &str, accept: &str) -> u16 {
    let mut stream = TcpStream::connect(server.client.address).await.unwrap();
    let head = format!(
        "{method} {address} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        server.client.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A stream of events has no end: its head is enough.
    let mut piece = [0; 4096];
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece).await.unwrap() {
            0 => break,
            length => answer.extend_from_slice(&piece[..length]),
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{method} {address}: {answer:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_is_a_fault_of_the_server() {
    let server = TestServer::start_with(|config| {
        std::fs::create_dir_all(config.site_root.join("pkg")).ok();
    })
    .await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    let mut routes: Vec<String> = description["paths"].as_object().unwrap().keys().cloned().collect();
    assert!(routes.len() > 30, "{routes:?}");
    routes.extend(
        ["/{piece}", "/pkg/{piece}", "/pkg/a/{piece}", "/workflows/{piece}", "/api/fn/{piece}", "/login/{piece}", "/favicon.svg/{piece}"]
            .map(str::to_owned),
    );
    let mut faults = Vec::new();
    for route in &routes {
        let Some((before, rest)) = route.split_once('{') else { continue };
        let after = rest.split_once('}').unwrap().1.replace(['{', '}'], "");
        for piece in pieces() {
            for (method, accept) in [
                ("GET", "text/html"),
                ("GET", "*/*"),
                ("HEAD", "*/*"),
                ("POST", "*/*"),
                ("PUT", "*/*"),
                ("PATCH", "*/*"),
                ("DELETE", "*/*"),
            ] {
                let address = format!("{before}{piece}{after}");
                let status = status(&server, method, &address, accept).await;
                // Of what is asked for nothing is there, but for the pages and files that a piece leads back to.
                if status >= 500 {
                    faults.push(format!("{status} {method} {address}"));
                }
            }
        }
    }
    for route in routes.iter().filter(|route| !route.contains('{')).chain([&"/".to_owned(), &"/jobs".to_owned(), &"/login".to_owned()]) {
        for piece in pieces() {
            for address in
                [format!("{route}?{piece}"), format!("{route}?q={piece}&cursor={piece}&limit={piece}&sort={piece}&after={piece}")]
            {
                let status = status(&server, "GET", &address, "text/html").await;
                if status >= 500 {
                    faults.push(format!("{status} GET {address}"));
                }
            }
        }
    }
    for odd in ["*", "//", "///pkg//", "/?", "/%", "/pkg", "/pkg/", "/pkg/?x"] {
        let status =
            status(&server, "OPTIONS", odd, "*/*").await.max(if odd == "*" { 0 } else { status(&server, "GET", odd, "text/html").await });
        if status >= 500 {
            faults.push(format!("{status} {odd}"));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(server.client.get("/api/workflows").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_like_anything_else_and_never_kept() {
    let server = TestServer::start().await;
    for name in ["nothing.css".to_owned(), "x".repeat(400), "%00".to_owned(), "..%2f..%2fCargo.toml".to_owned()] {
        let answer = server.client.get(&format!("/pkg/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(answer.header("cache-control"), "", "{name}");
        answer.problem(404);
    }
    server.client.post("/pkg/nothing.css", &json!({})).await.problem(405);
}
