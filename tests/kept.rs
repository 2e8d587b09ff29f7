//! What was made is kept, also where its metadata cannot be read: it may have been paid for.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::support::{
    Client,
    graphs::{definition, node, shot},
    process::ServerProcess,
};

/// A server whose ffprobe runs, but cannot read a file that is not in the library yet.
fn half_blind(dir: &Path) -> ServerProcess {
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    let ffprobe = which("ffprobe");
    let script = format!("#!/bin/sh\ncase \"$*\" in */s-*) echo cannot read >&2; exit 1;; *) exec {} \"$@\";; esac\n", ffprobe.display());
    fs::write(bin.join("ffprobe"), script).unwrap();
    fs::set_permissions(bin.join("ffprobe"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap();
    ServerProcess::start_with(dir, |command| {
        command.env("PATH", path);
    })
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap()
}

/// The clip is there, whole, with a warning instead of its metadata.
async fn expect_kept(client: &Client, id: &Value) -> Value {
    let id = id.as_str().unwrap();
    let video = client.get(&format!("/api/videos/{id}")).await.expect(200).json();
    for unknown in ["duration_seconds", "resolution", "aspect_ratio", "codec", "fps"] {
        assert_eq!(video[unknown], Value::Null, "{unknown}");
    }
    assert!(video["metadata"]["warning"].as_str().unwrap().contains("could not be read"), "{video:#}");
    let bytes = client.get(&format!("/api/videos/{id}/download")).await.expect(200).body;
    assert_eq!(json!(bytes.len()), video["size_bytes"]);
    video
}

/// Rehearses the workflow and gives the execution once it has succeeded.
async fn run(client: &Client, definition: Value) -> Value {
    let execution = client.post("/api/executions", &json!({ "definition": definition, "mode": "draft" })).await.expect(202).json();
    let path = format!("/api/executions/{}", execution["execution_id"].as_str().unwrap());
    let ended = client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_clip_that_cannot_be_probed_is_kept_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let server = half_blind(dir.path());
    let ended = run(&server.client, definition(&[shot("shot", json!({ "prompt": "A door" }))], &[])).await;
    expect_kept(&server.client, &ended["nodes"][0]["video_id"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stitched_clip_that_cannot_be_probed_is_kept_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let server = half_blind(dir.path());
    let nodes = [
        shot("first", json!({ "prompt": "A door" })),
        shot("second", json!({ "prompt": "It opens" })),
        node("stitch", "VideoStitcher", json!({ "order": ["first", "second"] })),
    ];
    let ended = run(&server.client, definition(&nodes, &["first.video stitch.videos", "second.video stitch.videos"])).await;
    let of = |id: &str| ended["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == id).unwrap()["video_id"].clone();
    let video = expect_kept(&server.client, &of("stitch")).await;
    let stitch = &video["metadata"]["stitch"];
    assert_eq!(stitch["input_video_ids"], json!([of("first"), of("second")]));
    assert_eq!((&stitch["params"]["way"], &stitch["params"]["checked"]), (&json!("encoded"), &json!(false)), "{video:#}");
}
