//! A `media.db` that the seed's own program made is taken over whole: nothing is lost, and the original is left beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use reelgraph::server::{
    run::Server,
    store::{Db, adopt},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, Row, SqliteConnection};
use tempfile::TempDir;

use crate::support::{
    self, Client, clips,
    process::{ServerProcess, killed_after},
};

const SCHEMA: &str = "
    CREATE TABLE videos (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, file_path TEXT NOT NULL UNIQUE, file_hash TEXT NOT NULL, size_bytes INTEGER NOT NULL,
        duration_seconds REAL, resolution TEXT, aspect_ratio TEXT, codec TEXT, fps REAL, source_type TEXT NOT NULL,
        created_at TIMESTAMP, metadata JSON
    );
    CREATE TABLE workflows (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, status TEXT DEFAULT 'draft', definition JSON NOT NULL,
        created_at TIMESTAMP, updated_at TIMESTAMP, last_executed_at TIMESTAMP
    );
    CREATE TABLE workflow_videos (
        workflow_id TEXT NOT NULL, video_id TEXT NOT NULL, node_id TEXT NOT NULL, node_type TEXT NOT NULL, role TEXT NOT NULL,
        execution_id TEXT, created_at TIMESTAMP, PRIMARY KEY (workflow_id, video_id, node_id)
    );
    CREATE TABLE video_generation (
        video_id TEXT PRIMARY KEY, provider TEXT, model TEXT, prompt TEXT, generation_params JSON, job_id TEXT, status TEXT,
        started_at TIMESTAMP, completed_at TIMESTAMP
    );
    CREATE INDEX videos_file_hash ON videos (file_hash);";

const KEPT: &str = "6f1c7d52-3f9a-4b7e-9d3c-1a2b3c4d5e6f";
const SURPLUS: &str = "0e8fdd4e-94d1-4f0b-8a55-aaaaaaaaaaaa";
const WORKFLOW: &str = "c0ffee00-0000-4000-8000-000000000001";

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder as the seed's program leaves it: `media.db`, and real clips in `videos/`.
struct Seed {
    dir: TempDir,
}

impl Seed {
    fn database(&self) -> PathBuf {
        self.dir.path().join("media.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.database().display())
    }

    fn videos(&self) -> PathBuf {
        self.dir.path().join("videos")
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("{}?mode=rwc", self.url())).await.unwrap()
    }

    /// Two equal clips and another, three workflows, and times in every form.
    async fn make() -> Self {
        let seed = Self { dir: TempDir::new().unwrap() };
        fs::create_dir(seed.videos()).unwrap();
        let (one, two) = (clips::short(1), clips::short(2));
        for (name, bytes) in [("kept.mp4", &one), ("surplus.mp4", &one), ("other.mp4", &two)] {
            fs::write(seed.videos().join(name), bytes).unwrap();
        }
        let mut db = seed.connect().await;
        for statement in SCHEMA.split(';').filter(|statement| !statement.trim().is_empty()) {
            sqlx::query(statement).execute(&mut db).await.unwrap();
        }
        let absolute = seed.videos().join("surplus.mp4").display().to_string();
        for (id, name, path, bytes, source, at, metadata) in [
            (SURPLUS, "Copy", absolute.as_str(), &one, "uploaded", Some("2025-03-01T10:00:00.5"), Some("{\"k\": 1}")),
            (KEPT, "Door", "videos/kept.mp4", &one, "generated", Some("2025-01-02 03:04:05"), None),
            ("job-uuid-1", "Street", "videos/other.mp4", &two, "stitched", None, Some("{\"input_video_ids\": [\"KEPT\", \"SURPLUS\"]}")),
        ] {
            let metadata = metadata.map(|text| text.replace("KEPT", KEPT).replace("SURPLUS", SURPLUS));
            sqlx::query("INSERT INTO videos VALUES ($1, $2, $3, $4, $5, 1.0, '180x320', '9:16', 'h264', 24.0, $6, $7, $8)")
                .bind(id)
                .bind(name)
                .bind(path)
                .bind(digest(bytes))
                .bind(bytes.len() as i64)
                .bind(source)
                .bind(at)
                .bind(metadata)
                .execute(&mut db)
                .await
                .unwrap();
        }
        let gone = "INSERT INTO videos VALUES ('gone-1', 'Lost', 'videos/lost.mp4', $1, 7, NULL, NULL, NULL, NULL, NULL, 'uploaded', '2025-01-01', 'no json')";
        sqlx::query(gone).bind(digest(b"lost")).execute(&mut db).await.unwrap();
        let definition = json!({"nodes": [
            {"id": "node-1", "type": "Sora2Video", "position": {"x": 1, "y": 2}, "params": {"prompt": "A door"}},
            {"id": "node-2", "type": "UploadVideo", "position": {"x": 1, "y": 2}, "params": {"video_id": SURPLUS}}
        ], "connections": []});
        for (id, definition, status, created, updated) in [
            (WORKFLOW, definition.to_string(), Some("saved"), Some("2025-01-02T03:04:05"), Some("2025-01-03T03:04:05.123456+02:00")),
            ("wf_old", "{ \"nodes\" : [],  \"connections\": [] }".to_owned(), None, None, Some("1735787045")),
            ("broken", "{nodes".to_owned(), Some("draft"), None, None),
        ] {
            sqlx::query("INSERT INTO workflows VALUES ($1, 'My Drama', NULL, $2, $3, $4, $5, NULL)")
                .bind(id)
                .bind(status)
                .bind(definition)
                .bind(created)
                .bind(updated)
                .execute(&mut db)
                .await
                .unwrap();
        }
        for (workflow, video, node, role, execution, at) in [
            (WORKFLOW, KEPT, "node-1", "output", Some("exec-1"), Some("2025-01-02 04:00:00")),
            (WORKFLOW, SURPLUS, "node-1", "intermediate", None, Some("2025-03-02 04:00:00")),
            (WORKFLOW, SURPLUS, "node-2", "input", None, None),
            ("wf_old", "job-uuid-1", "node-9", "strange", None, Some("2025-01-02")),
            ("no-such-workflow", KEPT, "node-1", "output", None, None),
        ] {
            sqlx::query("INSERT INTO workflow_videos VALUES ($1, $2, $3, 'Sora2Video', $4, $5, $6)")
                .bind(workflow)
                .bind(video)
                .bind(node)
                .bind(role)
                .bind(execution)
                .bind(at)
                .execute(&mut db)
                .await
                .unwrap();
        }
        for (video, prompt) in [(SURPLUS, "the later"), (KEPT, "the first"), ("nowhere", "lost")] {
            let insert = "INSERT INTO video_generation VALUES ($1, 'openai', 'sora-2', $2, '{\"seconds\": 4}', 'job-7', 'completed', NULL, '2025-01-02 03:04:04')";
            sqlx::query(insert).bind(video).bind(prompt).execute(&mut db).await.unwrap();
        }
        db.close().await.unwrap();
        seed
    }

    async fn serve(&self) -> (Server, Client) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(support::config(self.dir.path()), listener).await.unwrap();
        let client = Client::new(server.address);
        (server, client)
    }

    fn copies(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.file_name().unwrap().to_string_lossy().contains("before-adoption")).collect()
    }
}

async fn rows(path: &Path, query: &'static str) -> Vec<String> {
    let mut db = SqliteConnection::connect(&format!("sqlite://{}?mode=ro", path.display())).await.unwrap();
    let rows = sqlx::query(query).fetch_all(&mut db).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn equal_hashes_are_merged_and_every_reference_moves() {
    let seed = Seed::make().await;
    let (server, client) = seed.serve().await;
    let workflow = client.get(&format!("/api/workflows/{WORKFLOW}")).await.expect(200).json();
    assert_eq!(workflow["status"], "saved");
    assert_eq!(workflow["created_at"], "2025-01-02T03:04:05.000000Z");
    assert_eq!(workflow["updated_at"], "2025-01-03T01:04:05.123456Z");
    assert_eq!(workflow["definition"]["nodes"][1]["params"]["video_id"], KEPT);
    assert_eq!((&workflow["node_count"], &workflow["video_count"]), (&json!(2), &json!(1)));
    let videos = workflow["videos"].as_array().unwrap();
    let of = |node: &str| videos.iter().filter(|video| video["node_id"] == node).collect::<Vec<_>>();
    let [first] = of("node-1")[..] else { panic!("{videos:#?}") };
    assert_eq!((&first["video_id"], &first["role"]), (&json!(KEPT), &json!("intermediate")), "the newer association counts");
    assert_eq!(first["created_at"], "2025-03-02T04:00:00.000000Z");
    assert_eq!(of("node-2").len(), 1);
    let video = &first["video"];
    assert_eq!((&video["name"], &video["created_at"]), (&json!("Door"), &json!("2025-01-02T03:04:05.000000Z")));
    assert_eq!((&video["generation"]["prompt"], &video["generation"]["generation_params"]), (&json!("the first"), &json!({"seconds": 4})));
    assert_eq!(video["metadata"]["adopted_ids"], json!([SURPLUS]));

    let stitched = client.get("/api/videos?source_type=stitched").await.expect(200).json();
    assert_eq!(stitched[0]["name"], "Street");
    assert_eq!(stitched[0]["metadata"]["input_video_ids"], json!([KEPT, KEPT]));
    assert_eq!(stitched[0]["metadata"]["adopted_ids"], json!(["job-uuid-1"]));
    assert_eq!(client.get("/api/videos").await.json().as_array().unwrap().len(), 3);
    server.stop().await;
}

#[tokio::test]
async fn what_is_odd_is_kept_in_a_form_that_reads() {
    let seed = Seed::make().await;
    let (server, client) = seed.serve().await;
    let list = client.get("/api/workflows?sort=created_at").await.expect(200).json();
    let list: Vec<Value> = list.as_array().unwrap().clone();
    assert_eq!(list.len(), 3);
    let old = list.iter().find(|row| row["created_at"] == "2025-01-02T03:04:05.000000Z" && row["id"] != WORKFLOW).unwrap();
    assert_eq!((&old["status"], &old["node_count"]), (&json!("draft"), &json!(0)));
    let old = client.get(&format!("/api/workflows/{}", old["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&old["videos"][0]["role"], &old["videos"][0]["video"]["name"]), (&json!("intermediate"), &json!("Street")));
    for row in &list {
        client.get(&format!("/api/workflows/{}", row["id"].as_str().unwrap())).await.expect(200);
    }
    let texts = rows(&seed.database(), "SELECT definition FROM workflows ORDER BY definition").await;
    assert!(texts.contains(&"{ \"nodes\" : [],  \"connections\": [] }".to_owned()), "untouched to the letter: {texts:?}");
    assert!(texts.iter().any(|text| text.contains("{nodes")), "what does not read is kept as text: {texts:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_clips_of_an_adopted_library_are_served() {
    let seed = Seed::make().await;
    // The file of the row that stays is gone; the equal one of the merged row stands in.
    fs::remove_file(seed.videos().join("kept.mp4")).unwrap();
    let (server, client) = seed.serve().await;
    assert_eq!(client.get(&format!("/api/videos/{KEPT}/download")).await.expect(200).body, clips::short(1));
    let street = client.get("/api/videos?q=Street").await.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&format!("/api/videos/{street}/download")).await.expect(200).body, clips::short(2));
    let again = client.upload("again.mp4", clips::short(1)).await.expect(200).json();
    assert_eq!((&again["video_id"], &again["duplicate"]), (&json!(KEPT), &json!(true)));
    server.stop().await;
}

#[tokio::test]
async fn an_untouched_copy_is_left_and_adoption_happens_once() {
    let seed = Seed::make().await;
    let before = rows(&seed.database(), "SELECT id FROM videos ORDER BY rowid").await;
    let (server, client) = seed.serve().await;
    let list = client.get("/api/workflows").await.json();
    server.stop().await;
    let [copy] = &seed.copies()[..] else { panic!("{:?}", seed.copies()) };
    assert_eq!(rows(copy, "SELECT id FROM videos ORDER BY rowid").await, before);
    assert_eq!(rows(copy, "SELECT prompt FROM video_generation ORDER BY rowid").await, ["the later", "the first", "lost"]);
    assert!(rows(copy, "SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'").await.is_empty());
    let (server, client) = seed.serve().await;
    assert_eq!(client.get("/api/workflows").await.json(), list);
    server.stop().await;
    assert_eq!(seed.copies().len(), 1);
}

#[tokio::test]
async fn the_write_ahead_log_is_part_of_the_database() {
    let seed = Seed::make().await;
    let mut db = seed.connect().await;
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut db).await.unwrap();
    sqlx::query("UPDATE workflows SET name = 'In the log' WHERE id = $1").bind(WORKFLOW).execute(&mut db).await.unwrap();
    // As after a kill: the log is there and not yet in the database's file.
    let elsewhere = TempDir::new().unwrap();
    for name in ["media.db", "media.db-wal"] {
        fs::copy(seed.dir.path().join(name), elsewhere.path().join(name)).unwrap();
    }
    db.close().await.unwrap();
    for name in ["media.db", "media.db-wal"] {
        fs::copy(elsewhere.path().join(name), seed.dir.path().join(name)).unwrap();
    }
    adopt::adopt(&seed.url(), &seed.videos()).await.unwrap();
    let name = "SELECT name FROM workflows WHERE id = 'c0ffee00-0000-4000-8000-000000000001'";
    assert_eq!(rows(&seed.copies()[0], name).await, ["In the log"]);
    assert_eq!(rows(&seed.database(), name).await, ["In the log"]);
}

#[tokio::test]
async fn an_interrupted_adoption_starts_over() {
    let seed = Seed::make().await;
    // A kill while the copy was written, and one between the copy and the commit.
    fs::write(seed.dir.path().join("media.db.before-adoption.partial"), "half a copy").unwrap();
    let original = seed.dir.path().join("original");
    fs::copy(seed.database(), &original).unwrap();
    adopt::adopt(&seed.url(), &seed.videos()).await.unwrap();
    for leftover in ["media.db-wal", "media.db-shm"] {
        assert!(!seed.dir.path().join(leftover).exists(), "{leftover}");
    }
    fs::copy(&original, seed.database()).unwrap();
    let (server, client) = seed.serve().await;
    assert_eq!(client.get("/api/workflows").await.json().as_array().unwrap().len(), 3);
    server.stop().await;
    assert_eq!(seed.copies().len(), 1, "the copy that was there is the same and is used: {:?}", seed.copies());
}

/// Moments of the start at which it is killed, and how far they lie apart.
const KILLS: u32 = 24;
const APART: Duration = Duration::from_millis(7);

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_next_start_adopts_and_one_untouched_copy_is_left() {
    let seed = Seed::make().await;
    let (original, untouched) = (fs::read(seed.database()).unwrap(), seed.dir.path().join("untouched"));
    let mut db = seed.connect().await;
    sqlx::query("VACUUM INTO $1").bind(untouched.to_string_lossy()).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let (mut before, mut after) = (0, 0);
    for kill in 0..KILLS {
        for leftover in fs::read_dir(seed.dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if leftover.file_name().unwrap().to_string_lossy().starts_with("media.db") {
                fs::remove_file(leftover).unwrap();
            }
        }
        fs::remove_file(seed.videos().join(".reelgraph.json")).ok();
        fs::write(seed.database(), &original).unwrap();
        killed_after(seed.dir.path(), APART * kill);
        if seed.copies().iter().any(|copy| copy.extension().is_some_and(|name| name != "partial")) {
            after += 1
        } else {
            before += 1
        }
        let server = ServerProcess::start(seed.dir.path());
        assert_eq!(server.client.get("/api/workflows").await.expect(200).json().as_array().unwrap().len(), 3);
        assert_eq!(server.client.get("/api/videos").await.expect(200).json().as_array().unwrap().len(), 3);
        assert_eq!(server.client.get(&format!("/api/videos/{KEPT}/download")).await.expect(200).body, clips::short(1));
        assert_eq!(server.terminate(), Some(0));
        let [copy] = &seed.copies()[..] else { panic!("killed after {:?}: {:?}", APART * kill, seed.copies()) };
        assert!(fs::read(copy).unwrap() == fs::read(&untouched).unwrap(), "killed after {:?} the copy is another", APART * kill);
    }
    println!("{before} kills came before the copy, {after} after it");
}

#[tokio::test]
async fn a_database_in_use_is_left_alone_and_the_start_says_why() {
    let seed = Seed::make().await;
    let mut db = seed.connect().await;
    let lock = db.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let error = adopt::adopt(&format!("{}?mode=rw", seed.url()), &seed.videos()).await.unwrap_err();
    assert!(error.to_string().contains("locked"), "{error}");
    lock.rollback().await.unwrap();
    db.close().await.unwrap();
    assert_eq!(rows(&seed.database(), "SELECT id FROM videos").await.len(), 4);
}

#[tokio::test]
async fn our_own_database_and_an_empty_file_are_not_adopted() {
    let dir = TempDir::new().unwrap();
    let url = format!("sqlite://{}", dir.path().join("media.db").display());
    fs::write(dir.path().join("media.db"), "").unwrap();
    for _ in 0..2 {
        adopt::adopt(&url, dir.path()).await.unwrap();
        Db::open(&url).await.unwrap().close().await;
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_newer_database_is_refused_in_words() {
    let dir = TempDir::new().unwrap();
    let url = format!("sqlite://{}", dir.path().join("media.db").display());
    Db::open(&url).await.unwrap().close().await;
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)",
    )
    .execute(&mut db)
    .await
    .unwrap();
    db.close().await.unwrap();
    let error = Db::open(&url).await.unwrap_err().to_string();
    assert!(error.contains("newer Reelgraph") && error.contains("9999"), "{error}");
}
