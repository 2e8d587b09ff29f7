//! The disk under the database is full: what can be read is read, what cannot be written is refused in words or waits, and once there is room
//! everything goes on by itself.

use std::{fs, path::Path};

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection, Row, SqliteConnection};
use tempfile::TempDir;

use crate::{
    double::book::Point,
    support::{
        Answer, Client,
        graphs::{definition, node, shot},
        paid::{KEYS, ask, double, entry, settled},
        process::{ServerProcess, on_a_small_disk},
    },
};

/// A server whose database lies on a disk of its own, its videos on another.
struct Small {
    dir: TempDir,
    server: ServerProcess,
}

impl Small {
    /// `None` where no such disk can be made here, which is said.
    fn start(change: impl FnOnce(&mut std::process::Command)) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let disk = dir.path().join("disk");
        fs::create_dir(&disk).unwrap();
        std::os::unix::fs::symlink(disk.join("media.db"), dir.path().join("media.db")).unwrap();
        let server = ServerProcess::start_if(dir.path(), |command| {
            change(command);
            on_a_small_disk(command, &disk, "3m")
        })?;
        Some(Self { dir, server })
    }

    fn disk(&self) -> std::path::PathBuf {
        self.server.its(&self.dir.path().join("disk"))
    }

    /// Leaves not a byte.
    fn fill(&self) {
        let filling = self.disk().join("filling");
        fs::write(&filling, vec![1; 8 << 20]).unwrap_err();
        assert!(fs::write(self.disk().join("more"), [1]).is_err() || fs::remove_file(self.disk().join("more")).is_ok());
    }

    fn free(&self) {
        fs::remove_file(self.disk().join("filling")).unwrap();
    }

    /// What the database says of itself, read in a copy: SQLite follows no path into another's disks.
    async fn assert_whole(&self) {
        let copy = self.dir.path().join("copy");
        fs::create_dir(&copy).unwrap();
        self.server.held_still(|| {
            for name in ["media.db", "media.db-wal"] {
                fs::copy(self.disk().join(name), copy.join(name)).unwrap();
            }
        });
        let mut db = SqliteConnection::connect(&format!("sqlite://{}", copy.join("media.db").display())).await.unwrap();
        let said: String = sqlx::query("PRAGMA integrity_check").fetch_one(&mut db).await.unwrap().get(0);
        assert_eq!(said, "ok");
        assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut db).await.unwrap().is_empty());
    }
}

async fn save(client: &Client, name: &str) -> Answer {
    // Longer than what is left in a page that was begun.
    let note = node("note", "Note", json!({ "text": name.repeat(10_000) }));
    client.post("/api/workflows", &json!({ "name": name, "definition": definition(&[note], &[]) })).await
}

async fn names(client: &Client) -> Vec<String> {
    let list = client.get("/api/workflows?sort=created_at").await.expect(200).json();
    list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_are_refused_while_it_is_full_and_taken_once_there_is_room() {
    let Some(small) = Small::start(|_| {}) else { return };
    let client = &small.server.client;
    save(client, "before").await.expect(201);
    for round in 0..3 {
        small.fill();
        let saves = futures_util::future::join_all((0..8).map(|_| save(client, "refused"))).await;
        for refused in saves {
            let problem = refused.problem(507);
            assert_eq!(problem["type"], "urn:reelgraph:error:storage_full");
        }
        assert!(!names(client).await.contains(&"refused".to_owned()), "reads go on, and nothing is half kept");
        small.free();
        save(client, &format!("after {round}")).await.expect(201);
    }
    let mut kept = names(client).await;
    kept.sort();
    assert_eq!(kept, ["after 0", "after 1", "after 2", "before"]);
    small.assert_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_when_there_is_room() {
    let Some(small) = Small::start(|_| {}) else { return };
    let client = &small.server.client;
    let definition = definition(
        &[
            shot("one", json!({ "prompt": "a", "seconds": 3 })),
            shot("two", json!({ "prompt": "b", "seconds": 3 })),
            node("s", "VideoStitcher", json!({})),
        ],
        &["one.video s.videos", "two.video s.videos"],
    );
    let begun = client.post("/api/executions", &json!({ "definition": definition, "mode": "draft" })).await.expect(202).json();
    let path = format!("/api/executions/{}", begun["execution_id"].as_str().unwrap());
    client.wait_for(&path, |run| run["nodes"].as_array().unwrap().iter().any(|node| node["status"] == "running")).await;
    small.fill();
    // What is made meanwhile cannot be written down, which the log says.
    small.server.logged("waits until this can be written").await;
    client.get(&path).await.expect(200);
    small.free();
    let run = client.wait_for(&path, |run| !["queued", "running"].contains(&run["status"].as_str().unwrap())).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let log = small.server.log();
    assert!(!log.contains("a worker died") && !log.contains("panicked"), "{log}");
    small.assert_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_has_taken_is_written_down_once_there_is_room_and_paid_once() {
    let double = double().await;
    double.book.hold(Point::Answer);
    let Some(small) = Small::start(|command| {
        command.env("OPENAI_API_KEY", KEYS[0]).env("OPENAI_BASE_URL", double.openai_base());
    }) else {
        return;
    };
    let client = &small.server.client;
    let job = ask(client, "openai", "taken on a full disk").await;
    double.book.reached().await;
    small.fill();
    double.book.release();
    small.server.logged("waits until this can be written").await;
    small.free();
    let after = settled(client, &job).await;
    assert_eq!(after["status"], "succeeded", "{after:#}");
    assert_eq!(entry(client, &job).await["state"], "kept");
    assert_eq!(double.book.open().creates.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_videos_folder_on_a_full_disk_refuses_uploads_and_keeps_nothing_of_them() {
    let dir = TempDir::new().unwrap();
    let videos = dir.path().join("videos");
    fs::create_dir(&videos).unwrap();
    let Some(server) = ServerProcess::start_if(dir.path(), |command| on_a_small_disk(command, &videos, "1m")) else { return };
    let filling = server.its(&videos).join("filling");
    fs::write(&filling, vec![1; 4 << 20]).unwrap_err();
    server.client.upload("refused.mp4", crate::support::clips::short(0)).await.problem(507);
    assert_eq!(fs::read_dir(server.its(&videos).join(".staging")).unwrap().count(), 0);
    fs::remove_file(&filling).unwrap();
    server.client.upload("kept.mp4", crate::support::clips::short(0)).await.expect(201);
    assert!(remounted(&server, &videos, "ro"));
    let problem = server.client.upload("refused.mp4", crate::support::clips::short(1)).await.problem(503);
    assert!(problem["detail"].as_str().unwrap().contains("VIDEOS_URL"), "{problem}");
    let list: Value = server.client.get("/api/videos").await.expect(200).json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert!(remounted(&server, &videos, "rw"));
    assert_eq!(server.client.upload("kept.mp4", crate::support::clips::short(1)).await.status, StatusCode::CREATED);
}

fn remounted(server: &ServerProcess, folder: &Path, how: &str) -> bool {
    let enter = ["--preserve-credentials", "--user", "--mount", "--target"];
    let mount = std::process::Command::new("nsenter")
        .args(enter)
        .arg(server.id().to_string())
        .args(["mount", "-o"])
        .arg(format!("remount,{how}"))
        .arg(folder)
        .output()
        .unwrap();
    assert!(mount.status.success(), "{mount:?}");
    mount.status.success()
}
