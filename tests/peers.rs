//! Peers that are slow, or dead: nothing that they began stays open for long, and what others do is not held up.

use std::time::Duration;

use reelgraph::server::config::Config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    PATIENCE, TestServer, clips,
    process::{ServerProcess, by_shell},
    stream::EventStream,
};

/// Bounds for a test that waits for their end.
fn short(config: &mut Config) {
    config.patience.head = Duration::from_millis(300);
    config.patience.idle = Duration::from_millis(500);
    config.patience.body = Duration::from_millis(500);
    config.patience.answer = Duration::from_millis(500);
}

async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.client.address).await.unwrap()
}

/// What the server still says before it closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection stays open");
    // Cut while something that it sent was still on the way.
    assert!(read.is_ok() || read.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head of a request for `path` as far as `Host`.
fn head(server: &TestServer, first: &str) -> String {
    format!("{first} HTTP/1.1\r\nHost: {}\r\n", server.client.address)
}

/// How many connections the server counts, that of the question among them.
async fn open_connections(server: &TestServer) -> usize {
    // A connection of its own, which is closed with the answer.
    let mut stream = connect(server).await;
    stream.write_all(format!("{}Connection: close\r\n\r\n", head(server, "GET /metrics")).as_bytes()).await.unwrap();
    let metrics = rest(&mut stream).await;
    metrics.lines().find_map(|line| line.strip_prefix("reelgraph_http_connections ")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn whoever_sends_no_byte_half_a_head_or_one_letter_at_a_time_is_let_go() {
    let server = TestServer::start_with(short).await;
    let mut silent = connect(&server).await;
    let mut half = connect(&server).await;
    half.write_all(b"GET /healthz HTTP/1.1\r\nHo").await.unwrap();
    let (mut slow, mut letters) = connect(&server).await.into_split();
    let dribble = tokio::spawn(async move {
        letters.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        while letters.write_all(b"x: y\r\n").await.is_ok() {
            // The pace of a peer that is never silent for long; nothing to wait for.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut bytes = Vec::new();
    assert_eq!((rest(&mut silent).await, rest(&mut half).await), (String::new(), String::new()));
    let _ = tokio::time::timeout(PATIENCE, slow.read_to_end(&mut bytes)).await.expect("a slow head is waited for");
    assert_eq!(bytes, b"");
    tokio::time::timeout(PATIENCE, dribble).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_idle_after_an_answer_is_closed() {
    let server = TestServer::start_with(short).await;
    let mut stream = connect(&server).await;
    // Several requests, one after the other on one connection: the bound is that of the wait, not of the connection.
    for _ in 0..3 {
        stream.write_all(format!("{}\r\n", head(&server, "GET /healthz")).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok") {
            answer.push(stream.read_u8().await.unwrap());
        }
    }
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_answered_and_leaves_nothing() {
    let server = TestServer::start_with(short).await;
    let json = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"name\":";
    let form = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.mp4\"\r\n\r\nabc";
    for (path, rest_of_request) in [
        ("/api/workflows", json),
        ("/api/fn/create_workflow", json),
        ("/api/videos/upload", form),
        ("/login", "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ntok"),
    ] {
        let mut stream = connect(&server).await;
        let request = format!("{}{rest_of_request}", head(&server, &format!("POST {path}")));
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await.to_lowercase();
        assert!(answer.starts_with("http/1.1 408 "), "{path}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("connection: close"), "{path}: {answer}");
    }
    assert_eq!(std::fs::read_dir(server.dir.path().join("videos/.staging")).unwrap().count(), 0);
    server.client.upload("kept.mp4", clips::short(0)).await.expect(201);
}

#[tokio::test]
async fn a_body_that_comes_slowly_but_fast_enough_is_taken() {
    let server = TestServer::start_with(|config| {
        short(config);
        config.patience.body_bytes = 8;
    })
    .await;
    let body = format!("{{\"name\": \"Slow\", \"definition\": {{\"schema\": 1, \"nodes\": [], \"connections\": []}}}}{}", " ".repeat(100));
    let mut stream = connect(&server).await;
    let request = head(&server, "POST /api/workflows");
    let request = format!("{request}Connection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    for piece in body.as_bytes().chunks(16) {
        stream.write_all(piece).await.unwrap();
        // Slower in all than a period, faster than its share in each.
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[tokio::test]
async fn whoever_takes_nothing_of_a_long_answer_is_let_go() {
    let server = TestServer::start_with(short).await;
    // More than the system's buffers between the two hold.
    let node = |number: usize| {
        let params = serde_json::json!({ "text": "x".repeat(100_000) });
        serde_json::json!({ "id": format!("p{number}"), "type": "Prompt", "position": { "x": 0, "y": 0 }, "params": params })
    };
    let nodes: Vec<_> = (0..150).map(node).collect();
    let long = serde_json::json!({ "name": "Long", "definition": { "schema": 1, "connections": [], "nodes": nodes } });
    let id = server.client.post("/api/workflows", &long).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned();
    let mut stream = connect(&server).await;
    stream.write_all(format!("{}\r\n", head(&server, &format!("GET /api/workflows/{id}"))).as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    until_alone(&server).await;
}

/// Waits until nobody but the question is connected: kept connections of the test's own client end by the same bound.
async fn until_alone(server: &TestServer) {
    let began = tokio::time::Instant::now();
    while open_connections(server).await > 1 {
        assert!(began.elapsed() < PATIENCE, "connections stay open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_events_is_never_idle() {
    let server = TestServer::start_with(short).await;
    let mut stream = EventStream::open(&server.client, "", None).await;
    // Later than any bound of a peer: one that came first is gone.
    let mut silent = connect(&server).await;
    for _ in 0..3 {
        assert_eq!(rest(&mut silent).await, "");
        silent = connect(&server).await;
    }
    let run = serde_json::json!({ "mode": "draft", "definition": crate::support::graphs::episode() });
    server.client.post("/api/executions", &run).await.expect(202);
    assert_eq!(stream.next().await.unwrap().id, Some(1));
}

#[tokio::test]
async fn a_thousand_idle_connections_cost_little_and_end() {
    let dir = tempfile::tempdir().unwrap();
    // What many systems give at first; more is there to be had.
    let server = ServerProcess::start_with(dir.path(), |command| *command = by_shell(command, "ulimit -Sn 1024; ", ""));
    server.client.get("/api/workflows").await.expect(200);
    let before = server.peak_memory_kib();
    let mut connections = Vec::new();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(server.client.address).await.unwrap();
        stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.client.address).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok") {
            answer.push(stream.read_u8().await.unwrap());
        }
        connections.push(stream);
    }
    let metrics = server.client.get("/metrics").await.expect(200).text();
    let counted = metrics.lines().find_map(|line| line.strip_prefix("reelgraph_http_connections ")).unwrap();
    assert!(counted.parse::<usize>().unwrap() > 1000, "{counted}");
    let cost = server.peak_memory_kib() - before;
    assert!(cost < 50 * 1024, "{cost} KiB");
    // Nobody who says nothing holds up the end.
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn a_server_without_free_descriptors_goes_on_once_there_are_some() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| *command = by_shell(command, "ulimit -n 64; ", ""));
    let mut connections = Vec::new();
    for _ in 0..100 {
        connections.push(TcpStream::connect(server.client.address).await.unwrap());
    }
    let began = std::time::Instant::now();
    while !server.log().contains("no connection can be accepted") {
        assert!(began.elapsed() < PATIENCE, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    drop(connections);
    server.client.get("/healthz").await.expect(200);
    assert_eq!(server.log().matches("no connection can be accepted").count(), 1);
    assert_eq!(server.terminate(), Some(0));
}
