//! A database and its videos folder know each other: no other database empties the folder, and a copy or a restored backup takes nothing from it
//! and pays for nothing that it finds queued, until `reelgraph check` was run.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use reelgraph::server::library::sweep::{self, Swept};
use serde_json::{Value, json};

use crate::{
    double::Shared,
    layers::root,
    support::{
        Client, TestServer, clips,
        graphs::{definition, node, shot},
        paid::{ask, double, settled, use_double},
        process::{ServerProcess, ran, refused},
    },
    videos::stored_files,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn uploaded(client: &Client, variant: u32) -> String {
    let answer = client.upload("clip.mp4", clips::short(variant)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()["video_id"].as_str().unwrap().to_owned()
}

/// The files of a folder with their bytes, the mark of the store included.
fn contents(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let (mut folders, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            found.push((entry.path(), fs::read(entry.path()).ok()));
            folders.extend(entry.path().is_dir().then(|| entry.path()));
        }
    }
    found.sort();
    found
}

/// A start on the videos folder `videos` is refused, naming it and the database, and the folder stays as it is.
fn assert_refused(dir: &Path, videos: &Path) {
    let before = contents(videos);
    let mine = dir.join("videos");
    fs::remove_dir_all(&mine).ok();
    std::os::unix::fs::symlink(videos, &mine).unwrap();
    let (code, said) = refused(dir, |command| {
        command.env("RUST_LOG", "error");
    });
    assert_eq!(code, Some(1), "{said}");
    let names_both = said.contains(&videos.display().to_string()) && said.contains(&dir.join("media.db").display().to_string());
    assert!(names_both && said.contains("VIDEOS_URL") && said.lines().count() == 1, "{said}");
    assert!(contents(videos) == before, "the folder was changed");
}

#[tokio::test]
async fn no_other_database_gets_a_folder_with_files() {
    let (mut one, mut other) = (TestServer::start().await, TestServer::start().await);
    uploaded(&one.client, 90).await;
    uploaded(&other.client, 91).await;
    one.stop().await;
    other.stop().await;
    let videos = one.dir.path().join("videos").canonicalize().unwrap();
    let empty = tempfile::tempdir().unwrap();
    assert_refused(other.dir.path(), &videos);
    assert_refused(empty.path(), &videos);
    // As an older release left it: without a mark.
    fs::remove_file(videos.join(".reelgraph.json")).unwrap();
    let empty = tempfile::tempdir().unwrap();
    assert_refused(other.dir.path(), &videos);
    assert_refused(empty.path(), &videos);
    // Its own finds it again.
    one.restart().await;
    assert_eq!(one.client.get("/api/videos").await.expect(200).json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_older_releases_folder_is_claimed_by_its_database_and_stays_whole() {
    let fixture = root().join("tests/fixtures/f047a37");
    let dir = tempfile::tempdir().unwrap();
    let copied = |from: &Path, to: PathBuf| {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    for (file, bytes) in contents(&fixture.join("videos")) {
        if bytes.is_some() {
            copied(&file, dir.path().join(file.strip_prefix(&fixture).unwrap()));
        }
    }
    let stored = |dir: &Path| stored_files(dir).into_iter().filter(|file| !file.contains(".staging")).collect::<Vec<_>>();
    let before = stored(dir.path());
    let videos = dir.path().join("videos").canonicalize().unwrap();
    let empty = tempfile::tempdir().unwrap();
    assert_refused(empty.path(), &videos);
    copied(&fixture.join("database.sqlite"), dir.path().join("media.db"));
    let server = TestServer::start_in(dir, |config| config.workers = 0).await;
    let state = server.state();
    // What it is working on is no leftover.
    let (never, later) = (SystemTime::UNIX_EPOCH, SystemTime::now() + 31 * DAY);
    assert_eq!(sweep::sweep(&state.studio.db, &state.studio.content, never, later).await.unwrap(), Swept::default());
    assert_eq!(stored(server.dir.path()), before);
    assert!(videos.join(".reelgraph.json").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_of_one_database_work_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let one = ServerProcess::start(dir.path());
    let first = uploaded(&one.client, 92).await;
    let other = ServerProcess::start(dir.path());
    let second = uploaded(&other.client, 93).await;
    for server in [&one, &other] {
        for clip in [&first, &second] {
            server.client.get(&format!("/api/videos/{clip}/download")).await.expect(200);
        }
    }
    // Neither is held back by the other.
    for (server, clip) in [(&one, &first), (&other, &second)] {
        server.client.delete(&format!("/api/assets/{clip}")).await.expect(204);
        server.client.delete(&format!("/api/assets/{clip}?permanent=true")).await.expect(204);
    }
    assert!(!one.log().contains("behind") && !other.log().contains("behind"));
}

/// A library, a copy of its database, and what happened to the library afterwards.
struct Copied {
    server: TestServer,
    copy: String,
    /// In the trash before and after.
    trashed: String,
    files: Vec<String>,
}

fn use_copy(copy: &str, double: &Shared, config: &mut reelgraph::server::config::Config) {
    use_double(config, double);
    config.database_url = format!("sqlite://{copy}");
}

impl Copied {
    /// Everything that upkeep takes away, for a database that knows what it does.
    async fn make(double: &Shared, queue: impl AsyncFn(&Client)) -> Self {
        let mut server = TestServer::start_with(|config| {
            use_double(config, double);
            config.workers = 0;
        })
        .await;
        let client = &server.client;
        let (_, trashed, deleted) = (uploaded(client, 94).await, uploaded(client, 95).await, uploaded(client, 96).await);
        for clip in [&trashed, &deleted] {
            client.delete(&format!("/api/assets/{clip}")).await.expect(204);
        }
        client.delete(&format!("/api/assets/{deleted}?permanent=true")).await.expect(204);
        queue(client).await;
        server.stop().await;
        let copy = server.dir.path().join("copy.db").display().to_string();
        fs::copy(server.dir.path().join("media.db"), &copy).unwrap();
        server
            .restart_with(|config| {
                use_double(config, double);
                config.workers = 0;
            })
            .await;
        // New to the copy, and deleted for good as far as it knows.
        uploaded(&server.client, 97).await;
        uploaded(&server.client, 96).await;
        Self { server, copy, trashed, files: Vec::new() }
    }

    /// Starts the copy in the place of the other, on what else a folder may hold.
    async fn serve_the_copy(&mut self, double: &Shared, workers: usize) {
        self.server.stop().await;
        let videos = self.server.dir.path().join("videos");
        fs::write(videos.join(".staging/s-1.part"), "half").unwrap();
        fs::create_dir_all(videos.join(".orphans")).unwrap();
        fs::write(videos.join(".orphans").join(format!("{}.mp4", "d".repeat(64))), "dear to someone").unwrap();
        self.files = stored_files(self.server.dir.path());
        let copy = self.copy.clone();
        self.server
            .restart_with(|config| {
                use_copy(&copy, double, config);
                config.workers = workers;
            })
            .await;
    }

    async fn sweep(&self, later: Duration) -> Swept {
        let (state, now) = (self.server.state(), SystemTime::now() + Duration::from_secs(60));
        sweep::sweep(&state.studio.db, &state.studio.content, now, now + later).await.unwrap()
    }

    /// Runs a check on the copy, as its user would.
    fn check(&self) -> (Option<i32>, String) {
        let dir = tempfile::tempdir().unwrap();
        for (link, to) in [("media.db", self.copy.clone()), ("videos", self.server.dir.path().join("videos").display().to_string())] {
            std::os::unix::fs::symlink(to, dir.path().join(link)).unwrap();
        }
        let (code, report, complaint) = ran(dir.path(), "check", |_| {});
        assert_eq!(complaint, "");
        (code, report)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_database_takes_nothing_from_the_folder_until_it_was_checked() {
    let double = double().await;
    let mut copied = Copied::make(&double, async |_| {}).await;
    copied.serve_the_copy(&double, 0).await;
    let client = copied.server.client.clone();
    // It serves, and takes in.
    assert_eq!(client.get("/api/videos").await.expect(200).json().as_array().unwrap().len(), 1);
    let kept = uploaded(&client, 94).await;
    client.get(&format!("/api/videos/{kept}/download")).await.expect(200);
    for later in [2 * DAY, 31 * DAY] {
        assert_eq!(copied.sweep(later).await, Swept::default());
    }
    let path = format!("/api/assets/{}?permanent=true", copied.trashed);
    let refusal = client.delete(&path).await.problem(409);
    assert!(refusal["detail"].as_str().unwrap().contains("reelgraph check"), "{refusal}");
    assert_eq!(client.get("/api/assets?trashed=true").await.json().as_array().unwrap().len(), 1);
    assert_eq!(stored_files(copied.server.dir.path()), copied.files);
    // What it lacks it is given by those who have it, over the other's file.
    let hash = client.upload("again.mp4", clips::short(97)).await.expect(201).json()["video"]["file_hash"].as_str().unwrap().to_owned();
    assert_eq!(stored_files(copied.server.dir.path()), copied.files);

    // A restart forgets nothing of that.
    copied.serve_the_copy(&double, 0).await;
    assert_eq!(copied.sweep(31 * DAY).await, Swept::default());

    let (code, report) = copied.check();
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("left by a deletion") && report.contains("was a copy or restored") && !report.contains(&hash), "{report}");
    assert!(report.lines().last().unwrap().contains("1 orphaned, 1 set aside, 1 staged"), "{report}");
    assert_eq!(stored_files(copied.server.dir.path()), copied.files);

    // The server that runs goes on without a restart.
    copied.server.client.delete(&path).await.expect(204);
    let swept = copied.sweep(31 * DAY).await;
    assert_eq!(swept.removed, 3, "staged, set aside, left by a deletion: {swept:?}");
    let (code, report) = copied.check();
    assert_eq!((code, report.lines().count()), (Some(0), 1), "{report}");
    // And the database that was copied is the one that is held back now.
    let copy = copied.copy.clone();
    copied.server.restart_with(|config| use_copy(&copy, &double, config)).await;
    copied.server.restart().await;
    assert_eq!(copied.sweep(31 * DAY).await.removed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_database_pays_for_nothing_that_it_finds_until_it_was_checked() {
    let double = double().await;
    let paid =
        |id: &str, prompt: &str| node(id, "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": prompt }));
    let nodes = [
        paid("asked", "asked in a run [[429x1]]"),
        shot("local", json!({ "prompt": "made here" })),
        node("frame", "FrameGrab", json!({})),
        paid("freed", "freed by a frame"),
    ];
    let graph = definition(&nodes, &["local.video frame.video", "frame.image freed.first_frame"]);
    let run = async |client: &Client| {
        let body = json!({ "definition": graph, "mode": "final" });
        client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned()
    };
    let refused_once = |prompt: &str| format!("{prompt} [[429x1]]");
    let mut copied = Copied::make(&double, async |client| {
        ask(client, "google", &refused_once("asked alone")).await;
        run(client).await;
        // Each was sent, and was not taken: it waits to be sent again.
        let waits = |spending: &Value| {
            let requests = spending["requests"].as_array().unwrap();
            requests.len() == 2 && requests.iter().all(|one| one["state"] == "intended" && one["sent_at"].is_null())
        };
        client.wait_for("/api/jobs?status=queued", |_| double.book.open().creates.len() == 2).await;
        client.wait_for("/api/spend", waits).await;
    })
    .await;
    // The other pays.
    let kept = |spending: &Value| spending["requests"].as_array().unwrap().iter().all(|one| one["state"] == "kept");
    copied.server.client.wait_for("/api/spend", kept).await;
    assert_eq!(double.book.open().creates.len(), 4);

    copied.serve_the_copy(&double, 2).await;
    let client = copied.server.client.clone();
    // What costs nothing is done, and frees another request, which is held too.
    let execution = client.get("/api/executions").await.expect(200).json()[0]["id"].as_str().unwrap().to_owned();
    let node_of =
        |execution: &Value, id: &str| execution["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == id).cloned().unwrap();
    let is_freed = |execution: &Value| !node_of(execution, "freed")["job_id"].is_null();
    let freed = client.wait_for(&format!("/api/executions/{execution}"), is_freed).await;
    for id in ["asked", "freed"] {
        let node = node_of(&freed, id);
        assert_eq!(node["status"], "queued", "{node:#}");
        assert!(node["message"].as_str().unwrap().contains("reelgraph check"), "{node:#}");
    }
    // What is asked for now leaves, also past what is held.
    for of in ["openai", "google"] {
        let job = ask(&client, of, "asked anew").await;
        assert_eq!(settled(&client, &job).await["status"], "succeeded");
    }
    let held = client.get("/api/jobs?status=queued&kind=generate").await.expect(200).json();
    let held = held.as_array().unwrap();
    assert_eq!(held.len(), 3, "{held:#?}");
    assert!(held.iter().all(|job| job["message"].as_str().unwrap().contains("reelgraph check")), "{held:#?}");
    let page = client.get("/jobs").await.expect(200).text();
    assert!(page.contains("Waits until `reelgraph check` was run"), "{page}");
    assert_eq!(double.book.open().creates.len(), 6);

    // Also after a restart, of whatever it finds then; a job that was paused stays so.
    let paused = held[0]["id"].as_str().unwrap();
    let pause = |paused: bool| json!({ "paused": paused });
    let change = |client: &Client, body: Value| client.request(reqwest::Method::PATCH, &format!("/api/jobs/{paused}")).json(&body);
    client.send(change(&client, pause(true))).await.expect(200);
    copied.serve_the_copy(&double, 2).await;
    let client = copied.server.client.clone();
    let job = ask(&client, "openai", "asked after the restart").await;
    assert_eq!(settled(&client, &job).await["status"], "succeeded");
    assert_eq!(double.book.open().creates.len(), 7);

    copied.check();
    let shown = client.get(&format!("/api/jobs/{paused}")).await.expect(200).json();
    assert_eq!((&shown["message"], &shown["paused"]), (&json!(""), &json!(true)), "{shown:#}");
    client.send(change(&client, pause(false))).await.expect(200);
    let ended = client.wait_for(&format!("/api/executions/{execution}"), |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    client.wait_for("/api/jobs?status=queued&kind=generate", |waiting| *waiting == json!([])).await;
    client.wait_for("/api/spend", kept).await;
    assert_eq!(double.book.open().creates.len(), 10);
}
