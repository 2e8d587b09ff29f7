//! Everything at once: uploads, saves, stitches, runs and paid shots, while the disk fills up, the database is held by another, ffprobe hangs, and the
//! server is killed at random moments. At the end every promise that was given is held to. `make soak` runs it for a quarter of an hour.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::http::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, Row, SqliteConnection};

use crate::{
    double::{self, Shared},
    support::{
        Client, PATIENCE, clips,
        disk::SmallDisk,
        graphs::{definition, node, shot},
        paid::KEYS,
        process::{ServerProcess, ran},
    },
};

/// How long it lasts where nothing else is asked for, in seconds.
const SECONDS: u64 = 60;
/// What asks for another length.
const SETTING: &str = "REELGRAPH_SOAK_SECONDS";
/// The disk, in MB: room for some hundred small clips, and for those of each second. A disk that is full of what was promised stays full.
const DISK: u64 = 256;
const DISK_A_SECOND: u64 = 1;
/// Requests under way at once.
const HANDS: u64 = 4;
/// How long one rests that was refused.
const REST: Duration = Duration::from_millis(100);
/// Where the process that holds the database finds it.
const HELD: &str = "REELGRAPH_SOAK_HOLDS";

/// xorshift: the same moments in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What was promised with a 2xx.
#[derive(Default)]
struct Promises {
    /// Clips by id: the hash of their bytes.
    clips: BTreeMap<String, String>,
    /// Workflows by id: the last text that was said to be saved, and whatever was sent after it without an answer.
    workflows: BTreeMap<String, Vec<String>>,
    /// Those that were ever said to be saved.
    saved: BTreeSet<String>,
    jobs: Vec<String>,
    requests: u64,
    refused: BTreeMap<u16, u64>,
    broken: u64,
}

/// What goes wrong in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    FullDisk,
    HeldDatabase,
    HungProbe,
}

struct Soak {
    dir: tempfile::TempDir,
    disk: SmallDisk,
    double: Arc<Shared>,
    promises: Mutex<Promises>,
}

impl Soak {
    fn folder(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    /// While it is there, ffprobe says nothing and does not end.
    fn hanging(&self) -> PathBuf {
        self.dir.path().join("hang")
    }

    fn change(&self, command: &mut Command) {
        command.env("OPENAI_API_KEY", KEYS[0]).env("OPENAI_BASE_URL", self.double.openai_base());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let bin = std::iter::once(self.dir.path().join("bin")).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(bin).unwrap());
        self.disk.enter(command);
    }

    fn start(&self) -> ServerProcess {
        ServerProcess::start_with(self.dir.path(), |command| self.change(command))
    }

    /// One request of the kind that `number` stands for. Anything may be refused or broken off; nothing may be 500.
    async fn act(&self, client: &Client, number: u64) {
        let answer = match number % 8 {
            0..=2 => self.upload(client, number).await,
            3 | 4 => self.save(client, number).await,
            5 => {
                let some = self.some_clips(number);
                self.ask(client, "/api/videos/stitch", &json!({ "video_ids": some, "fps": 10 + number % 20 })).await
            }
            6 => {
                let prompt = format!("soak {number}");
                let shot =
                    json!({ "provider": "openai", "model": "sora-2", "prompt": prompt, "params": { "seconds": 4, "size": "720x1280" } });
                self.ask(client, "/api/videos/generate", &shot).await
            }
            _ => {
                let graph = definition(&[shot("s", json!({ "prompt": format!("{number}"), "seed": number }))], &[]);
                self.ask(client, "/api/executions", &json!({ "definition": graph, "mode": "draft" })).await
            }
        };
        // As clients do that are refused, and so that most of the time goes into work that is not.
        if matches!(answer, Some(503 | 507)) {
            tokio::time::sleep(REST).await;
        }
        let mut promises = self.promises.lock().unwrap();
        promises.requests += 1;
        match answer {
            None => promises.broken += 1,
            Some(status) if (200..300).contains(&status) => {}
            Some(status) => {
                assert!(![500, 502].contains(&status), "request {number} was answered with {status}");
                *promises.refused.entry(status).or_default() += 1;
            }
        }
    }

    async fn upload(&self, client: &Client, number: u64) -> Option<u16> {
        // Free space behind the last box: the same footage in other bytes.
        let mut bytes = clips::short(u32::try_from(number % 3).unwrap());
        bytes.extend(16_u32.to_be_bytes());
        bytes.extend(b"free");
        bytes.extend(number.to_be_bytes());
        let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let form = Form::new().part("file", Part::bytes(bytes).file_name(format!("{number}.mp4")));
        let answer = client.request(Method::POST, "/api/videos/upload").multipart(form).send().await.ok()?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.ok()?;
        if status < 300 {
            self.promises.lock().unwrap().clips.insert(body["video_id"].as_str().unwrap().to_owned(), hash);
        }
        Some(status)
    }

    async fn save(&self, client: &Client, number: u64) -> Option<u16> {
        let id = format!("{:08x}-0000-7000-8000-000000000000", number % 16);
        let text = format!("{number} {}", "x".repeat(20_000));
        let graph = definition(&[node("n", "Note", json!({ "text": text }))], &[]);
        let body = json!({ "id": id, "name": "soak", "definition": graph });
        // Sent, and perhaps kept, whatever is heard of it.
        self.promises.lock().unwrap().workflows.entry(id.clone()).or_default().push(text.clone());
        let answer = client.request(Method::POST, "/api/workflows").json(&body).send().await.ok()?;
        let status = answer.status().as_u16();
        if status < 300 {
            let mut promises = self.promises.lock().unwrap();
            let texts = promises.workflows.get_mut(&id).unwrap();
            let place = texts.iter().position(|sent| *sent == text).unwrap_or_default();
            texts.drain(..place);
            promises.saved.insert(id);
        }
        Some(status)
    }

    async fn ask(&self, client: &Client, path: &str, body: &Value) -> Option<u16> {
        let answer = client.request(Method::POST, path).json(body).send().await.ok()?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.ok()?;
        if let Some(job) = body["job_id"].as_str() {
            self.promises.lock().unwrap().jobs.push(job.to_owned());
        }
        Some(status)
    }

    fn some_clips(&self, number: u64) -> Vec<String> {
        let promises = self.promises.lock().unwrap();
        let skipped = usize::try_from(number).unwrap() % promises.clips.len().max(1);
        promises.clips.keys().skip(skipped).take(3).cloned().collect()
    }

    fn begin(&self, fault: Fault) -> Option<Child> {
        match fault {
            Fault::None => None,
            Fault::FullDisk => {
                self.disk.fill();
                None
            }
            Fault::HungProbe => {
                fs::write(self.hanging(), "").unwrap();
                None
            }
            Fault::HeldDatabase => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["soak::holds_the_database", "--exact", "--ignored", "--nocapture"]);
                command.env(HELD, self.folder().join("media.db"));
                self.disk.enter(&mut command);
                Some(command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
            }
        }
    }

    fn end(&self, holder: Option<Child>) {
        if let Some(mut holder) = holder {
            let _ = holder.kill();
            let _ = holder.wait();
        }
        self.disk.free();
        let _ = fs::remove_file(self.hanging());
    }
}

/// No test: the process that holds the database of the soak until it is killed.
#[tokio::test]
#[ignore = "is run by the soak, as a process of its own"]
async fn holds_the_database() {
    let Some(path) = std::env::var_os(HELD) else { return };
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", Path::new(&path).display())).await.unwrap();
    database.execute("PRAGMA busy_timeout = 10000").await.unwrap();
    database.execute("BEGIN IMMEDIATE").await.unwrap();
    tokio::time::sleep(PATIENCE).await;
}

/// An ffprobe that hangs while a file is there, beside the real one.
fn half_dead_probe(dir: &Path) {
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join("ffprobe")).find(|file| file.is_file()).unwrap();
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    let script = format!("#!/bin/sh\n[ -e {}/hang ] && exec sleep 1000\nexec {} \"$@\"\n", dir.display(), real.display());
    fs::write(bin.join("ffprobe"), script).unwrap();
    fs::set_permissions(bin.join("ffprobe"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_every_promise_is_kept() {
    let seconds = std::env::var(SETTING).ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("disk")).unwrap();
    let size = format!("{}m", DISK + seconds * DISK_A_SECOND);
    let Some(disk) = SmallDisk::mount(&dir.path().join("disk"), &size) else { return };
    fs::create_dir(disk.seen().join("videos")).unwrap();
    for name in ["media.db", "videos"] {
        symlink(dir.path().join("disk").join(name), dir.path().join(name)).unwrap();
    }
    half_dead_probe(dir.path());
    let double = double::start(([127, 0, 0, 1], 0).into()).await;
    let soak = Soak { dir, disk, double, promises: Mutex::default() };
    let (began, mut random, mut number) = (Instant::now(), Random(0x9e37_79b9_7f4a_7c15), 0);
    let (mut rounds, mut kills, mut faults) = (0_u64, 0_u64, BTreeMap::<String, u64>::new());
    let mut logs = String::new();
    while began.elapsed() < Duration::from_secs(seconds) {
        let server = soak.start();
        let fault = [Fault::None, Fault::FullDisk, Fault::None, Fault::HeldDatabase, Fault::HungProbe][random.below(5) as usize];
        *faults.entry(format!("{fault:?}")).or_default() += 1;
        let until = Instant::now() + Duration::from_millis(500 + random.below(3500));
        let faulty = Instant::now() + Duration::from_millis(random.below(1500));
        let mut holder = None;
        let mut has_begun = false;
        while Instant::now() < until {
            if !has_begun && Instant::now() >= faulty {
                (holder, has_begun) = (soak.begin(fault), true);
            }
            let client = &server.client;
            let hands: Vec<_> = (number..number + HANDS).map(|number| soak.act(client, number)).collect();
            number += HANDS;
            // A hand that waits for a hung probe does not hold the others up, nor the round.
            let _ = tokio::time::timeout(until.saturating_duration_since(Instant::now()), futures_util::future::join_all(hands)).await;
        }
        // Half the kills fall into the fault, half after it.
        let first = random.below(2) == 0;
        if first {
            soak.end(holder.take());
        }
        logs += &server.log();
        if random.below(4) == 0 {
            server.terminate();
        } else {
            server.kill();
            kills += 1;
        }
        soak.end(holder);
        rounds += 1;
    }
    let server = soak.start();
    let client = &server.client;
    let is_still = |jobs: &Value| *jobs == json!([]);
    client.wait_for("/api/jobs?status=running", is_still).await;
    // The oldest first, and posters last: they are done in this order, and a list of others would stay the same for long.
    for kind in ["generate", "stitch", "poster"] {
        client.wait_for(&format!("/api/jobs?status=queued&kind={kind}&sort=created_at"), is_still).await;
    }
    client.wait_for("/api/jobs?status=queued", is_still).await;
    client.wait_for("/api/jobs?status=running", is_still).await;
    let promises = std::mem::take(&mut *soak.promises.lock().unwrap());
    for (id, hash) in &promises.clips {
        let bytes = client.get(&format!("/api/videos/{id}/download")).await.expect(200).body;
        let found = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(found, *hash, "clip {id}");
    }
    for (id, texts) in &promises.workflows {
        let answer = client.get(&format!("/api/workflows/{id}")).await;
        if answer.status == 404 && !promises.saved.contains(id) {
            continue;
        }
        let found = answer.expect(200).json()["definition"]["nodes"][0]["params"]["text"].as_str().unwrap().to_owned();
        assert!(texts.contains(&found), "workflow {id} holds {}", &found[..10]);
    }
    for job in &promises.jobs {
        let ended = client.get(&format!("/api/jobs/{job}")).await.expect(200).json();
        assert!(!["queued", "running"].contains(&ended["status"].as_str().unwrap()), "{ended:#}");
    }
    let prompts: Vec<String> = soak.double.book.open().creates.iter().map(|create| create.prompt.clone()).collect();
    let paid: HashSet<&String> = prompts.iter().collect();
    assert_eq!(paid.len(), prompts.len(), "something was paid for twice");
    logs += &server.log();
    // The streams of clips are still hashed, one clip at a time: each of those children ends by itself.
    let looking = Instant::now();
    let mut children = children_of(&soak.folder(), server.id());
    while !children.is_empty() {
        assert!(looking.elapsed() < PATIENCE, "a child outlives its job: {children:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        children = children_of(&soak.folder(), server.id());
    }
    let pid = server.id();
    assert_eq!(server.terminate(), Some(0));
    assert_eq!(children_of(&soak.folder(), pid), Vec::<String>::new(), "a child outlives the server");
    assert_whole(&soak).await;
    for secret in KEYS {
        assert!(!logs.contains(secret), "a key is in the log");
    }
    assert!(!logs.contains("panicked"), "{logs}");
    println!(
        "soak: {seconds} s, {rounds} rounds ({kills} kills; {faults:?}), {} requests ({} broken off, refused {:?}): {} clips, {} workflows and {} jobs as promised",
        promises.requests,
        promises.broken,
        promises.refused,
        promises.clips.len(),
        promises.workflows.len(),
        promises.jobs.len()
    );
}

/// The command lines of processes that name the folder, but the server itself.
fn children_of(folder: &Path, server: u32) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).filter(|id| *id != server);
    let lines = ids.filter_map(|id| fs::read(format!("/proc/{id}/cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&format!("{}/", folder.display()))).collect()
}

/// The database and the files, as `reelgraph check` and SQLite see them.
async fn assert_whole(soak: &Soak) {
    let (code, report, complaints) = ran(soak.dir.path(), "check", |command| {
        soak.change(command);
        command.stdout(Stdio::piped());
    });
    assert_eq!(code, Some(0), "{report}{complaints}");
    assert!(report.contains("0 missing, 0 altered, 0 orphaned") && report.contains("0 staged"), "{report}");
    let copy = soak.dir.path().join("copy.db");
    fs::copy(soak.disk.seen().join("media.db"), &copy).unwrap();
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", copy.display())).await.unwrap();
    let said: String = sqlx::query("PRAGMA integrity_check").fetch_one(&mut database).await.unwrap().get(0);
    assert_eq!(said, "ok");
    assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut database).await.unwrap().is_empty());
}
