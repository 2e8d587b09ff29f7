//! How often ffprobe is started: once a clip, whoever reads it later. Uploads whose probe hangs are answered in time, and hold nobody else up.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    PATIENCE, clips,
    graphs::{definition, node},
    process::ServerProcess,
};

/// So many probes hang.
const HUNG: usize = 50;

/// Puts a script before the real tool, which it then runs, into a folder of its own.
fn before(tool: &str, dir: &Path, script: &str) {
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file()).unwrap();
    let bin = dir.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join(tool), format!("#!/bin/sh\n{script}\nexec {} \"$@\"\n", real.display())).unwrap();
    fs::set_permissions(bin.join(tool), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Has the program find that script first.
fn by_script(command: &mut Command, dir: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("PATH", std::env::join_paths(std::iter::once(dir.join("bin")).chain(std::env::split_paths(&path))).unwrap());
}

/// An ffprobe whose first [`HUNG`] runs never end; each leaves a folder behind.
fn half_dead(dir: &Path) {
    let hung = dir.join("hung");
    fs::create_dir(&hung).unwrap();
    let hang = format!("mkdir {}/$i 2>/dev/null && exec sleep 1000", hung.display());
    before("ffprobe", dir, &format!("i=0\nwhile [ $i -lt {HUNG} ]; do {hang}; i=$((i + 1)); done"));
}

/// A server whose starts of ffmpeg and ffprobe are counted, and its clips.
struct Counted {
    dir: tempfile::TempDir,
    server: ServerProcess,
    clips: Vec<Value>,
}

impl Counted {
    /// Stores three clips and waits for their posters.
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for tool in ["ffmpeg", "ffprobe"] {
            before(tool, dir.path(), &format!("echo {tool} \"$@\" >> {}", dir.path().join("started").display()));
        }
        let server = ServerProcess::start_with(dir.path(), |command| by_script(command, dir.path()));
        let mut clips = Vec::new();
        for number in 0..3 {
            let uploaded = server.client.upload("clip.mp4", clips::short(number)).await.expect(201).json();
            clips.push(uploaded["video_id"].clone());
        }
        let made = |jobs: &Value| jobs.as_array().unwrap().iter().filter(|job| job["status"] == "succeeded").count() == 3;
        server.client.wait_for("/api/jobs?kind=poster", made).await;
        Self { dir, server, clips }
    }

    /// Each start of a tool so far, with its arguments.
    fn starts_of(&self, tool: &str) -> Vec<String> {
        let started = fs::read_to_string(self.dir.path().join("started")).unwrap();
        started.lines().filter(|start| start.starts_with(tool)).map(str::to_owned).collect()
    }

    /// Each start of ffprobe.
    fn starts(&self) -> Vec<String> {
        self.starts_of("ffprobe ")
    }

    /// How many of them were probes.
    fn probes(&self) -> usize {
        self.starts().iter().filter(|start| start.contains("-show_data_hash")).count()
    }

    async fn preview(&self) -> Value {
        let body = json!({ "video_ids": self.clips, "params": {} });
        self.server.client.post("/api/fn/preview_stitch", &body).await.expect(200).json()
    }

    async fn stitch(&self, fps: u32) -> Value {
        let body = json!({ "video_ids": self.clips, "fps": fps });
        let job = self.server.client.post("/api/videos/stitch", &body).await.expect(202).json();
        let path = format!("/api/jobs/{}", job["job_id"].as_str().unwrap());
        let ended = self.server.client.wait_for(&path, |job| !job["finished_at"].is_null()).await;
        assert_eq!(ended["status"], "succeeded", "{ended}");
        ended["video_id"].clone()
    }

    async fn change(&self, statement: &'static str) {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", self.dir.path().join("media.db").display())).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_clip_is_probed_once_whoever_reads_it() {
    let mut studio = Counted::start().await;
    assert_eq!(studio.preview().await["copied"], true);
    let made = studio.stitch(24).await;
    assert_eq!(studio.starts().len(), 4, "one a clip and one of the result: {:#?}", studio.starts());
    // Posters and digests come of what is stored, not of the stitch.
    let joins = |start: &String| !start.contains("mjpeg") && !start.contains("-f data") && !start.contains("-filters");
    let joined: Vec<_> = studio.starts_of("ffmpeg ").into_iter().filter(joins).collect();
    assert_eq!(joined.len(), 1, "{joined:#?}");
    studio.clips.push(made);
    studio.preview().await;
    studio.stitch(30).await;
    assert_eq!(studio.starts().len(), 5, "what was stitched is read like any other: {:#?}", studio.starts());

    let before = studio.probes();
    let nodes = [
        node("u", "UploadVideo", json!({ "video_id": studio.clips[0] })),
        node("t", "Trim", json!({ "out_seconds": 0.5 })),
        node("f", "FrameGrab", json!({ "frame": "last" })),
        node("s", "Sora2Video", json!({ "provider": "animatic", "model": "animatic", "seconds": 1, "size": "180x320", "prompt": "Rain" })),
    ];
    let graph = definition(&nodes, &["u.video t.video", "t.video f.video"]);
    let client = &studio.server.client;
    let workflow = client.post("/api/workflows", &json!({ "name": "One", "definition": graph })).await.expect(201).json();
    let run = json!({ "workflow_id": workflow["workflow_id"], "mode": "draft" });
    let run = client.post("/api/executions", &run).await.expect(202).json();
    let path = format!("/api/executions/{}", run["execution_id"].as_str().unwrap());
    let ended = client.wait_for(&path, |run| !run["finished_at"].is_null()).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    assert_eq!(studio.probes() - before, 2, "the trim and the shot, each once: {:#?}", studio.starts());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_of_an_older_program_is_probed_when_it_is_next_read_and_never_again() {
    let studio = Counted::start().await;
    studio.change("UPDATE videos SET report = NULL").await;
    let first = studio.preview().await;
    assert_eq!(studio.starts().len(), 6);
    assert_eq!(studio.preview().await, first);
    assert_eq!(studio.starts().len(), 6);
    // What is kept in a form of another version counts for nothing.
    studio.change(r#"UPDATE videos SET report = replace(report, '"form":', '"form":9')"#).await;
    assert_eq!(studio.preview().await, first);
    studio.stitch(24).await;
    assert_eq!(studio.starts().len(), 10, "{:#?}", studio.starts());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_hung_probes_hold_nobody_up_and_are_answered_in_time() {
    let dir = tempfile::tempdir().unwrap();
    half_dead(dir.path());
    let server = ServerProcess::start_with(dir.path(), |command| by_script(command, dir.path()));
    let began = Instant::now();
    let answered = AtomicUsize::new(0);
    let hung = join_all((0..HUNG).map(async |number| {
        let mut bytes = clips::short(1);
        bytes.extend([0, 0, 0, 9, b'f', b'r', b'e', b'e', number as u8]);
        let answer = server.client.upload("hung.mp4", bytes).await;
        answered.fetch_add(1, Ordering::SeqCst);
        answer
    }));
    let others = async {
        while fs::read_dir(dir.path().join("hung")).unwrap().count() < HUNG {
            assert!(began.elapsed() < PATIENCE, "the probes did not begin");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        server.client.upload("other.mp4", clips::short(2)).await.expect(201);
        assert_eq!(answered.load(Ordering::SeqCst), 0, "the other upload waited for those that hang");
    };
    let (hung, ()) = tokio::join!(hung, others);
    for answer in hung {
        let problem = answer.problem(422);
        assert!(problem["detail"].as_str().unwrap().contains("takes too long"), "{problem}");
    }
    let left = fs::read_dir(dir.path().join("videos/.staging")).unwrap().count();
    assert_eq!(left, 0, "what was refused is still there");
    assert_eq!(server.terminate(), Some(0));
}
