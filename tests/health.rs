//! The process's life: it answers at once, tells what is missing, and stops when told.

use clap::CommandFactory;
use reelgraph::server::config::Cli;
use serde_json::json;

use crate::support::{
    TestServer,
    graphs::{definition, shot},
    process::{ServerProcess, refused},
};

#[tokio::test]
async fn a_new_server_is_alive_and_ready() {
    let server = TestServer::start().await;
    assert_eq!(server.client.get("/healthz").await.expect(200).text(), "ok");
    let ready = server.client.get("/readyz").await.expect(200).json();
    assert_eq!(ready["ffmpeg"], "ok");
    server.client.get("/api/no-such-thing").await.problem(404);
    server.client.post("/healthz", &json!({})).await.problem(405);
}

#[tokio::test]
async fn sigterm_stops_it_gracefully() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(dir.path());
    server.client.get("/healthz").await.expect(200);
    assert!(dir.path().join("media.db").is_file());
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_bad_setting_stops_the_start_with_a_sentence_that_names_it() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_reelgraph"))
        .args(["serve", "--database-url", "postgres://db/reels"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("DATABASE_URL") && stderr.lines().count() == 1, "{stderr}");
}

#[tokio::test]
async fn an_empty_variable_counts_as_not_set() {
    let dir = tempfile::tempdir().unwrap();
    let cli = Cli::command();
    let settings = cli.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).filter(|name| *name != "LEPTOS_SITE_ADDR");
    let settings: Vec<_> = settings.collect();
    assert!(settings.len() > 15 && settings.contains(&"REELGRAPH_WORKERS"), "{settings:?}");
    let libraries = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "no_proxy", "NO_COLOR", "TMPDIR", "LEPTOS_WATCH"];
    let server = ServerProcess::start_with(dir.path(), |command| {
        for name in settings.into_iter().chain(libraries) {
            command.env(name, "");
        }
        // Its defaults are relative.
        command.current_dir(dir.path());
    });
    server.client.get("/healthz").await.expect(200);
    let page = server.client.get("/").await.expect(200);
    assert!(!page.header("content-security-policy").contains("ws:"));
}

#[test]
fn a_program_without_the_browsers_files_says_how_to_get_them() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = refused(dir.path(), |_| std::fs::remove_dir_all(dir.path().join("site")).unwrap());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("LEPTOS_SITE_ROOT") && said.contains("make build") && said.lines().count() == 1, "{said}");
}

#[tokio::test]
async fn without_ffmpeg_it_starts_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("PATH", dir.path());
    });
    server.client.get("/healthz").await.expect(200);
    let ready = server.client.get("/readyz").await.expect(503).json();
    assert!(ready["ffmpeg"].as_str().unwrap().contains("ffmpeg"), "{ready}");
    let refused = server.client.upload("a.mp4", crate::support::clips::short(0)).await.problem(503);
    assert!(refused["detail"].as_str().unwrap().contains("ffmpeg"), "{refused}");
}

#[tokio::test]
async fn metrics_count_what_is_asked_and_what_is_there() {
    let server = TestServer::start().await;
    let client = &server.client;
    let clip = crate::support::clips::short(0);
    let bytes = clip.len();
    let id = client.upload("a.mp4", clip).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    client.get("/made/up/by/a/stranger").await.problem(404);
    let metrics = client.get("/metrics").await.expect(200).text();
    for line in [
        r#"reelgraph_http_requests_total{method="POST",path="/api/videos/upload",status="201"} 1"#.to_owned(),
        r#"reelgraph_http_requests_total{method="GET",path="unmatched",status="404"} 1"#.to_owned(),
        r#"reelgraph_videos{source="uploaded"} 1"#.to_owned(),
        format!(r#"reelgraph_stored_bytes{{source="uploaded"}} {bytes}"#),
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("stranger"), "{metrics}");

    client.delete(&format!("/api/videos/{id}")).await.expect(204);
    let metrics = client.get("/metrics").await.expect(200).text();
    assert!(metrics.contains(r#"reelgraph_videos{source="uploaded"} 0"#), "{metrics}");
}

#[tokio::test]
async fn metrics_tell_of_the_lanes_the_cache_and_waits_for_the_database() {
    let server = TestServer::start().await;
    let one_shot = definition(&[shot("shot", json!({ "prompt": "A door opens" }))], &[]);
    for _ in 0..2 {
        let begun = server.client.post("/api/executions", &json!({ "definition": one_shot, "mode": "draft" })).await.expect(202).json();
        let path = format!("/api/executions/{}", begun["execution_id"].as_str().unwrap());
        server.client.wait_for(&path, |execution| execution["status"] == "succeeded").await;
    }
    let metrics = server.client.get("/metrics").await.expect(200).text();
    for line in [
        r#"reelgraph_steps{from="work"} 1"#,
        r#"reelgraph_steps{from="cache"} 1"#,
        r#"reelgraph_lane_jobs{lane="google",status="queued"} 0"#,
        r#"reelgraph_lane_jobs{lane="google",status="running"} 0"#,
        r#"reelgraph_lane_oldest_wait_seconds{lane="google"} 0"#,
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line} is not in\n{metrics}");
    }
    assert!(metrics.contains(r#"reelgraph_database_connections{for="writer",state="idle"} "#), "{metrics}");
    let waits = |line: &str| line.strip_prefix("reelgraph_database_write_wait_seconds_count ").and_then(|count| count.parse::<u64>().ok());
    assert!(metrics.lines().find_map(waits).is_some_and(|count| count > 4), "{metrics}");
}
