//! What was made is kept, also where its metadata cannot be read: it may have been paid for.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use reelgraph::{
    domain::video::{SourceType, StitchRecord},
    server::{
        media::staging::StagedFile,
        services::ingest::{self, Incoming, MetadataFailure},
    },
};
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer,
    graphs::{definition, shot},
    process::ServerProcess,
};

/// A folder of programs in which ffprobe runs, but reads no file.
fn blind(dir: &Path) -> std::ffi::OsString {
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    let script = "#!/bin/sh\ncase \"$*\" in *-version*) echo ffprobe version 7.0;; *) echo cannot read >&2; exit 1;; esac\n";
    fs::write(bin.join("ffprobe"), script).unwrap();
    fs::set_permissions(bin.join("ffprobe"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap()
}

async fn expect_kept(client: &Client, id: &str, size_bytes: Option<u64>) {
    let video = client.get(&format!("/api/videos/{id}")).await.expect(200).json();
    for unknown in ["duration_seconds", "resolution", "aspect_ratio", "codec", "fps"] {
        assert_eq!(video[unknown], Value::Null, "{unknown}");
    }
    assert!(video["metadata"]["warning"].as_str().unwrap().contains("could not be read"), "{video:#}");
    let bytes = client.get(&format!("/api/videos/{id}/download")).await.expect(200).body;
    assert_eq!(json!(bytes.len()), video["size_bytes"]);
    assert!(size_bytes.is_none_or(|size| size == bytes.len() as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_clip_that_cannot_be_probed_is_kept_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let path = blind(dir.path());
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("PATH", path);
    });
    let run = json!({ "definition": definition(&[shot("shot", json!({ "prompt": "A door" }))], &[]), "mode": "draft" });
    let execution = server.client.post("/api/executions", &run).await.expect(202).json();
    let path = format!("/api/executions/{}", execution["execution_id"].as_str().unwrap());
    let ended = server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    expect_kept(&server.client, ended["nodes"][0]["video_id"].as_str().unwrap(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stitched_clip_that_cannot_be_probed_is_kept_with_a_warning() {
    let server = TestServer::start().await;
    let state = server.state();
    let staged = state.content.staging_path("mp4").unwrap();
    fs::write(&staged, b"not to be read").unwrap();
    let incoming = Incoming {
        file: StagedFile::read(staged).await.unwrap(),
        name: "Episode".into(),
        source_type: SourceType::Stitched,
        generation: None,
        stitch: Some(StitchRecord { input_video_ids: Vec::new(), params: json!({ "transition": "cut" }) }),
        metadata_failure: MetadataFailure::KeepWithWarning,
    };
    let kept = ingest::ingest(&state.db, &state.content, &state.ffmpeg, incoming).await.unwrap();
    expect_kept(&server.client, &kept.video_id.to_string(), Some(14)).await;
    let video = server.client.get(&format!("/api/videos/{}", kept.video_id)).await.expect(200).json();
    assert_eq!(video["metadata"]["stitch"]["params"]["transition"], "cut");
}
