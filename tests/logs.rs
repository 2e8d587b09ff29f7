//! The log: where it cannot be written, nothing stops; what it holds is a line an event, with no secret and nothing that others made up.

use std::{fs::File, process::Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client,
    graphs::{definition, shot},
    process::{ServerProcess, by_shell},
};

/// Makes more lines than a pipe holds, then a run, to its end.
async fn much_is_done(client: &Client) {
    for number in 0..1500 {
        client.get(&format!("/api/nothing/{number}/{}", "x".repeat(100))).await.problem(404);
    }
    let body = json!({ "mode": "draft", "definition": definition(&[shot("one", json!({ "prompt": "Unheard" }))], &[]) });
    let id = client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    client.wait_for(&format!("/api/executions/{id}"), |run| run["status"] == "succeeded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_hears_stops_nothing() {
    for case in ["closed", "broken", "full disk", "unread"] {
        let dir = tempfile::tempdir().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        let mut unread = Some(reader);
        let server = ServerProcess::start_unheard(dir.path(), |command| match case {
            "closed" => *command = by_shell(command, "", "2>&-"),
            "broken" => {
                unread = None;
                command.stderr(writer);
            }
            "full disk" => {
                command.stderr(Stdio::from(File::options().write(true).open("/dev/full").unwrap()));
            }
            _ => {
                command.stderr(writer);
            }
        })
        .await;
        much_is_done(&server.client).await;
        let figures = server.client.get("/metrics").await.expect(200).text();
        let lost = figures.lines().find_map(|line| line.strip_prefix("reelgraph_log_lines_lost_total ")).unwrap();
        // Closed, there is nowhere to write to; unread, a pipe and a queue take these lines and more.
        assert_eq!(["broken", "full disk"].contains(&case), lost != "0", "{case}: {lost} lines");
        assert_eq!(server.terminate(), Some(0), "{case}");
        drop(unread);
    }
}

#[tokio::test]
async fn a_request_is_a_line_with_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        // Color is for terminals, whatever is asked for.
        command.env_remove("NO_COLOR");
    });
    let answer = server.client.get("/api/nothing?key=s3cret").await;
    let id = answer.header("x-request-id");
    let length = answer.body.len();
    answer.problem(404);
    let proxied = server.client.request(Method::GET, "/healthz").header("x-request-id", "from-the-proxy.1");
    assert_eq!(server.client.send(proxied).await.header("x-request-id"), "from-the-proxy.1");
    let hostile = server.client.request(Method::GET, "/healthz").header("x-request-id", "a b\"} made=\"up");
    assert_eq!(server.client.send(hostile).await.header("x-request-id").len(), 36);
    let log = server.ended();
    let line = log.lines().find(|line| line.contains(&id)).unwrap_or_else(|| panic!("{id} is not in\n{log}"));
    for part in ["method=\"GET\"", "path=\"/api/nothing\"", "status=404", "milliseconds=", &format!("bytes={length}")] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(log.contains("from-the-proxy.1") && !log.contains("made=") && !log.contains('\u{1b}'), "{log}");
}

#[tokio::test]
async fn as_json_each_line_is_an_object() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("REELGRAPH_LOG_FORMAT", "json");
    });
    let id = server.client.get("/api/nothing").await.header("x-request-id");
    let log = server.ended();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let line = lines.iter().find(|line| line["span"]["id"] == id.as_str()).unwrap_or_else(|| panic!("{id} is not in\n{log}"));
    assert_eq!((&line["status"], &line["path"], &line["level"]), (&json!(404), &json!("/api/nothing"), &json!("INFO")));
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("RUST_LOG", "trace").env("REELGRAPH_ACCESS_TOKEN", "s3cret-token").env("OPENAI_API_KEY", "s3cret-provider");
    });
    let ask = |path: &str| server.client.request(Method::GET, path);
    server.client.send(ask("/api/workflows?token=s3cret-query").bearer_auth("s3cret-wrong")).await.problem(401);
    server.client.send(ask("/api/workflows").bearer_auth("s3cret-token")).await.expect(200);
    server.client.send(ask("/api/workflows").header("cookie", "reelgraph_session=s3cret-cookie")).await.problem(401);
    let form = server.client.request(Method::POST, "/login").header("content-type", "application/x-www-form-urlencoded");
    let session = server.client.send(form.body("token=s3cret-token")).await.expect(303).header("set-cookie");
    let session = session.split([';', '=']).nth(1).unwrap().to_owned();
    let log = server.ended();
    assert!(log.contains("answered"), "{log}");
    for secret in ["s3cret", &session] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{told:?}");
    }
}
