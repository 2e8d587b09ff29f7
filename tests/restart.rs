//! What `kill -9` and SIGTERM leave: executions go on after the next start, and nothing half done stays.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    Client,
    graphs::{definition, node, shot},
    process::ServerProcess,
};

async fn start(client: &Client, definition: &Value) -> String {
    let body = json!({ "definition": definition, "mode": "draft" });
    let path = client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    format!("/api/executions/{path}")
}

fn status<'a>(execution: &'a Value, id: &str) -> &'a str {
    let node = execution["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == id).unwrap();
    node["status"].as_str().unwrap()
}

/// Two shots that take a few seconds, and their stitch, which has to encode because of its size.
fn slow() -> Value {
    let params = |prompt| json!({ "prompt": prompt, "seconds": 10, "size": "720x1280" });
    definition(
        &[
            shot("first", params("Before the kill")),
            shot("second", params("After the kill")),
            node("stitch", "VideoStitcher", json!({ "size": "1080x1920", "transition": "fade" })),
        ],
        &["first.video stitch.videos", "second.video stitch.videos"],
    )
}

async fn sound(dir: &Path, client: &Client) {
    let videos = client.get("/api/videos").await.expect(200).json();
    for video in videos.as_array().unwrap() {
        let bytes = client.get(&format!("/api/videos/{}/download", video["id"].as_str().unwrap())).await.expect(200).body;
        assert_eq!(bytes.len() as i64, video["size_bytes"].as_i64().unwrap());
    }
    let stored = files(&dir.join("videos")).into_iter().filter(|path| !path.ends_with(".jpg") && !path.ends_with(".json")).count();
    assert_eq!(stored, videos.as_array().unwrap().len(), "every file has its row: {:?}", files(&dir.join("videos")));
}

fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

async fn killed_while(running: &'static str) {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(dir.path());
    let path = start(&server.client, &slow()).await;
    server.client.wait_for(&path, |execution| status(execution, running) == "running").await;
    server.kill();
    let server = ServerProcess::start(dir.path());
    let execution = server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    let jobs = server.client.get("/api/jobs").await.expect(200).json();
    let steps = jobs.as_array().unwrap().iter().filter(|job| job["kind"] != "poster");
    assert_eq!(steps.count(), 3, "the same jobs go on: {jobs:#}");
    sound(dir.path(), &server.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_while_it_generates_goes_on_after_the_restart() {
    killed_while("first").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_while_it_stitches_goes_on_after_the_restart() {
    killed_while("stitch").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_the_server_gives_its_jobs_back_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(dir.path());
    let path = start(&server.client, &slow()).await;
    server.client.wait_for(&path, |execution| status(execution, "first") == "running").await;
    let asked = std::time::Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(asked.elapsed().as_secs() < 10, "it took {:?}", asked.elapsed());
    let server = ServerProcess::start(dir.path());
    let execution = server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
}
