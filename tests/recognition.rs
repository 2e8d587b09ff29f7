//! The digest by which footage is recognised in another file: made after the answer, for every clip once.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Client, clips, process::ServerProcess};

/// The digest of a clip, once its streams were read.
async fn digest(client: &Client, id: &Value) -> Value {
    let path = format!("/api/assets/{}", id.as_str().unwrap());
    client.wait_for(&path, |asset| asset["stream_hash"].is_string()).await["stream_hash"].clone()
}

async fn uploaded(client: &Client, bytes: Vec<u8>) -> Value {
    client.upload("clip.mp4", bytes).await.expect(201).json()["video_id"].clone()
}

/// A short clip, changed by ffmpeg's arguments.
fn changed(extension: &str, arguments: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from.mp4"), dir.path().join("to").with_extension(extension));
    std::fs::write(&from, clips::short(0)).unwrap();
    let made = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(from).args(arguments).arg(&to).status().unwrap();
    assert!(made.success());
    std::fs::read(to).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_footage_has_the_same_digest_in_another_container_and_after_a_stitch_of_it_alone() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(dir.path());
    let client = &server.client;
    let first = uploaded(client, clips::short(0)).await;
    let hash = digest(client, &first).await;
    for (extension, arguments) in [("mkv", &["-c", "copy"][..]), ("mp4", &["-c", "copy", "-metadata", "title=Other"])] {
        let other = uploaded(client, changed(extension, arguments)).await;
        assert_eq!(digest(client, &other).await, hash, "{extension}");
    }
    assert_ne!(digest(client, &uploaded(client, clips::short(1)).await).await, hash);
    // What is made comes to it like what is uploaded.
    let job = client.post("/api/videos/stitch", &json!({ "video_ids": [first] })).await.expect(202).json();
    let path = format!("/api/jobs/{}", job["job_id"].as_str().unwrap());
    let ended = client.wait_for(&path, |job| !job["finished_at"].is_null()).await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    assert_eq!(digest(client, &ended["video_id"]).await, hash, "its packets were taken over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_of_an_older_program_is_read_and_one_that_cannot_be_is_told_of_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(dir.path());
    let old = uploaded(&server.client, clips::short(0)).await;
    let hash = digest(&server.client, &old).await;
    assert_eq!(server.terminate(), Some(0));
    let change = async |statement: &'static str| {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    };
    change("UPDATE videos SET stream_hash = NULL, streams_read_at = NULL").await;
    let mut many = vec!["-map", "0:v"];
    many.extend(["-map", "0:a"].repeat(32));
    many.extend(["-c", "copy"]);
    let many = changed("mkv", &many);

    let server = ServerProcess::start(dir.path());
    assert_eq!(digest(&server.client, &old).await, hash);
    let many = uploaded(&server.client, many).await;
    server.logged("cannot be hashed").await;
    // Nor does a row that cannot be read stand in the way of others.
    change("INSERT INTO videos (id, name, file_path, file_hash, size_bytes, source_type) VALUES ('nobody', 'Odd', 'odd', 'odd', 1, 'uploaded')").await;
    digest(&server.client, &uploaded(&server.client, clips::short(1)).await).await;
    let path = format!("/api/assets/{}", many.as_str().unwrap());
    assert_eq!(server.client.get(&path).await.expect(200).json()["stream_hash"], Value::Null);
    let log = server.ended();
    assert_eq!(log.matches("cannot be hashed").count(), 2, "{log}");
    change("DELETE FROM videos WHERE id = 'nobody'").await;
    let server = ServerProcess::start(dir.path());
    digest(&server.client, &uploaded(&server.client, clips::short(2)).await).await;
    assert!(!server.ended().contains("cannot be hashed"), "it is tried again");
}
