//! Bad input and bad days at the upload: hostile files, broken connections, full disks, kills. Each leaves the store whole.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use reelgraph::server::{library::sweep, media::content::Content, store::Db};
use reqwest::{
    Method, StatusCode,
    multipart::{Form, Part},
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    support::{
        Client, PATIENCE, TestServer,
        clips::{self, SHORT, Shape},
        process::ServerProcess,
    },
    videos::{sha256, stored_files},
};

/// Waits until `done`, as long as the test's patience lasts.
async fn until(what: &str, done: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !done() {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The invariants of the store: the database is sound, every row has its bytes, every file has a row.
async fn assert_whole(dir: &Path) {
    let db = Db::open(&format!("sqlite://{}", dir.join("media.db").display())).await.unwrap();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(db.reader()).await.unwrap();
    assert_eq!(verdict, "ok");
    assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(db.reader()).await.unwrap().is_empty());
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT file_path, file_hash, size_bytes FROM videos UNION ALL SELECT file_path, file_hash, size_bytes FROM images ORDER BY file_path").fetch_all(db.reader()).await.unwrap();
    db.close().await;
    for (path, hash, size) in &rows {
        let bytes = std::fs::read(dir.join("videos").join(path)).unwrap();
        assert_eq!((&sha256(&bytes), i64::try_from(bytes.len()).unwrap()), (hash, *size));
    }
    let named: Vec<_> = rows.iter().map(|(path, ..)| format!("videos/{path}")).collect();
    assert_eq!(stored_files(dir), named);
}

/// The start of a multipart request with a part `file`, as bytes on the wire; `length` is what the request says it will send.
fn head(client: &Client, length: usize) -> Vec<u8> {
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.mp4\"\r\n\r\n";
    format!(
        "POST /api/videos/upload HTTP/1.1\r\nHost: {}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n{part}",
        client.address
    )
    .into_bytes()
}

#[tokio::test]
async fn what_is_no_video_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    let clip = clips::short(0);
    let moov_less = clip[..clip.len() / 3].to_vec();
    let mut random = vec![0; 50_000];
    random.iter_mut().fold(7_u32, |seed, byte| {
        *byte = (seed >> 16) as u8;
        seed.wrapping_mul(1_103_515_245).wrapping_add(12345)
    });
    for (what, bytes) in [
        ("text", b"hello".to_vec()),
        ("html", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec()),
        ("noise", random),
        ("a clip without its index", moov_less),
        ("zeros", vec![0; 4096]),
    ] {
        let problem = server.client.upload("x.mp4", bytes).await.problem(422);
        assert_eq!(problem["type"], "urn:reelgraph:error:not_a_video", "{what}");
        assert_eq!(stored_files(server.dir.path()), [""; 0], "{what}");
    }
    assert_whole(server.dir.path()).await;
}

#[tokio::test]
async fn a_clip_cut_behind_its_index_is_refused() {
    let server = TestServer::start().await;
    let dir = TempDir::new().unwrap();
    let (plain, fast) = (dir.path().join("plain.mp4"), dir.path().join("fast.mp4"));
    std::fs::write(&plain, clips::clip(Shape { seconds: 2, ..SHORT })).unwrap();
    let mut remux = std::process::Command::new("ffmpeg");
    remux.args(["-v", "error", "-i"]).arg(&plain).args(["-c", "copy", "-movflags", "+faststart"]).arg(&fast);
    assert!(remux.status().unwrap().success());
    let bytes = std::fs::read(&fast).unwrap();
    server.client.upload("whole.mp4", bytes.clone()).await.expect(201);
    server.client.upload("cut.mp4", bytes[..bytes.len() * 2 / 3].to_vec()).await.problem(422);
    assert_eq!(stored_files(server.dir.path()).len(), 1);
}

/// With ffmpeg's default options, and with a protocol whitelist alone, each of these opens the other clip and succeeds.
#[tokio::test]
async fn a_playlist_that_names_another_clip_is_refused() {
    let server = TestServer::start().await;
    let victim = server.client.upload("victim.mp4", clips::short(0)).await.expect(201).json();
    let hash = victim["video"]["file_hash"].as_str().unwrap();
    let absolute = server.dir.path().join(format!("videos/{}/{hash}.mp4", &hash[..2]));
    let relative = format!("../{}/{hash}.mp4", &hash[..2]);
    let absolute = absolute.display();
    for playlist in [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{relative}\n#EXT-X-ENDLIST\n"),
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nfile://{absolute}\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile {relative}\n"),
        format!("ffconcat version 1.0\nfile '{absolute}'\n"),
        format!(
            "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT1S\" \
             profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\"><Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" \
             bandwidth=\"1\"><BaseURL>file://{absolute}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        ),
    ] {
        let problem = server.client.upload("x.mp4", playlist.clone().into_bytes()).await.problem(422);
        assert_eq!(problem["type"], "urn:reelgraph:error:not_a_video", "{playlist}");
    }
    assert_eq!(stored_files(server.dir.path()).len(), 1);
    assert_whole(server.dir.path()).await;
}

#[tokio::test]
async fn a_wrong_form_is_refused_by_its_part() {
    let server = TestServer::start().await;
    let send = async |form: Form| server.client.send(server.client.request(Method::POST, "/api/videos/upload").multipart(form)).await;
    let file = || Part::bytes(clips::short(0)).file_name("x.mp4");
    for (form, pointer) in [
        (Form::new().part("video", file()), "/video"),
        (Form::new().part("file", Part::bytes(Vec::new()).file_name("x.mp4")), "/file"),
        (Form::new().text("name", "alone"), "/file"),
        (Form::new().part("file", file()).part("file", file()), "/file"),
        (Form::new().part("file", file()).text("name", "x".repeat(5000)), "/name"),
        (Form::new().part("file", file()).text("colour", "red"), "/colour"),
    ] {
        let problem = send(form).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
    }
    let raw = |media_type: &str, body: &'static str| {
        server.client.request(Method::POST, "/api/videos/upload").header("content-type", media_type).body(body)
    };
    server.client.send(raw("application/json", "{}")).await.problem(415);
    server.client.send(raw("multipart/form-data", "--b")).await.problem(400);
    server
        .client
        .send(raw("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc"))
        .await
        .problem(400);
    assert_eq!(stored_files(server.dir.path()), [""; 0]);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_whether_its_length_is_told_or_not() {
    let server = TestServer::start_with(|config| config.max_upload_bytes = 1 << 20).await;
    let big = vec![7_u8; 8 << 20];
    let problem = server.client.upload("big.mp4", big.clone()).await.problem(413);
    assert!(problem["detail"].as_str().unwrap().contains("1048576"));
    // In pieces, without Content-Length.
    let pieces = tokio_stream::iter(big.chunks(1 << 16).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>());
    let form = Form::new().part("file", Part::stream(reqwest::Body::wrap_stream(pieces)).file_name("big.mp4"));
    server.client.send(server.client.request(Method::POST, "/api/videos/upload").multipart(form)).await.problem(413);
    assert_eq!(stored_files(server.dir.path()), [""; 0]);
    server.client.upload("small.mp4", clips::short(0)).await.expect(201);
}

#[tokio::test]
async fn without_ffmpeg_an_upload_says_so() {
    let dir = TempDir::new().unwrap();
    let empty = TempDir::new().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("PATH", empty.path());
    });
    server.client.get("/healthz").await.expect(200);
    server.client.get("/readyz").await.expect(503);
    let problem = server.client.upload("x.mp4", clips::short(0)).await.problem(503);
    assert!(problem["detail"].as_str().unwrap().contains("ffmpeg"));
    assert_eq!(stored_files(dir.path()), [""; 0]);
}

#[tokio::test]
async fn a_browser_closed_in_mid_upload_leaves_nothing() {
    let server = TestServer::start().await;
    let mut stream = tokio::net::TcpStream::connect(server.client.address).await.unwrap();
    stream.write_all(&head(&server.client, 100 << 20)).await.unwrap();
    stream.write_all(&vec![1; 1 << 20]).await.unwrap();
    let staging = server.dir.path().join("videos/.staging");
    let staged =
        || std::fs::read_dir(&staging).unwrap().filter_map(Result::ok).filter_map(|entry| entry.metadata().ok()).any(|meta| meta.len() > 0);
    until("the upload has not begun", staged).await;
    drop(stream);
    until("the half upload is still there", || std::fs::read_dir(&staging).unwrap().count() == 0).await;
    assert_whole(server.dir.path()).await;
}

#[tokio::test]
async fn killed_in_mid_upload_the_server_starts_whole() {
    let dir = TempDir::new().unwrap();
    let server = ServerProcess::start(dir.path());
    let kept = server.client.upload("kept.mp4", clips::short(0)).await.expect(201).json();
    let mut stream = tokio::net::TcpStream::connect(server.client.address).await.unwrap();
    stream.write_all(&head(&server.client, 100 << 20)).await.unwrap();
    stream.write_all(&vec![1; 1 << 20]).await.unwrap();
    let staging = dir.path().join("videos/.staging");
    until("the upload has not begun", || std::fs::read_dir(&staging).unwrap().count() == 1).await;
    server.kill();
    assert_eq!(std::fs::read_dir(&staging).unwrap().count(), 1, "the kill came too late");

    let server = ServerProcess::start(dir.path());
    until("the half upload is still there", || std::fs::read_dir(&staging).unwrap().count() == 0).await;
    let path = format!("/api/videos/{}/download", kept["video_id"].as_str().unwrap());
    assert_eq!(server.client.get(&path).await.expect(200).body, clips::short(0));
    assert_eq!(server.terminate(), Some(0));
    assert_whole(dir.path()).await;
}

/// Kills at moments spread over the whole of an upload: reading, probing, linking, committing, answering.
#[tokio::test]
async fn killed_at_any_moment_what_was_answered_is_kept_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let mut answered = Vec::new();
    for round in 0..8_u32 {
        let server = ServerProcess::start(dir.path());
        let uploads: Vec<_> = (0..3)
            .map(|number| {
                let client = server.client.clone();
                let bytes = clips::short(100 + round * 3 + number);
                let form = Form::new().part("file", Part::bytes(bytes.clone()).file_name("x.mp4"));
                let request = client.request(Method::POST, "/api/videos/upload").multipart(form);
                tokio::spawn(
                    async move { request.send().await.is_ok_and(|answer| answer.status() == StatusCode::CREATED).then_some(bytes) },
                )
            })
            .collect();
        // The moment of the kill is the point of this test; no condition stands for it.
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 90)).await;
        server.kill();
        for upload in uploads {
            answered.extend(upload.await.unwrap());
        }
    }
    let server = ServerProcess::start(dir.path());
    let staging = dir.path().join("videos/.staging");
    until("leftovers are still there", || std::fs::read_dir(&staging).unwrap().count() == 0).await;
    let stored = server.client.get("/api/videos?limit=200").await.expect(200).json();
    let hashes: Vec<_> = stored.as_array().unwrap().iter().map(|video| video["file_hash"].as_str().unwrap().to_owned()).collect();
    for bytes in &answered {
        assert!(hashes.contains(&sha256(bytes)), "an answered upload is gone");
    }
    assert_eq!(server.terminate(), Some(0));
    assert_whole(dir.path()).await;
}

/// A file system that goes with the test.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // Lazily: a server that is still running after a failed test holds it.
        let unmounted = std::process::Command::new("umount").arg("--lazy").arg(self.0).status();
        assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_disk_refuses_the_upload_and_keeps_the_rest() {
    let dir = TempDir::new().unwrap();
    let videos = dir.path().join("videos");
    std::fs::create_dir(&videos).unwrap();
    let mounted = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&videos).output();
    if !mounted.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a small file system cannot be mounted here ({mounted:?})");
        return;
    }
    let _mounted = Mounted(&videos);
    let server = ServerProcess::start(dir.path());
    let kept = server.client.upload("kept.mp4", clips::short(0)).await.expect(201).json();
    // Its poster is made in the staging folder too.
    server.client.wait_for("/api/jobs?kind=poster", |posters| posters[0]["status"] == "succeeded").await;
    let problem = server.client.upload("big.mp4", vec![1; 16 << 20]).await.problem(507);
    assert!(problem["detail"].as_str().unwrap().contains("full"));
    assert_eq!(std::fs::read_dir(videos.join(".staging")).unwrap().count(), 0);
    let path = format!("/api/videos/{}/download", kept["video_id"].as_str().unwrap());
    assert_eq!(server.client.get(&path).await.expect(200).body, clips::short(0));
    server.client.upload("small.mp4", clips::short(1)).await.expect(201);
    assert_eq!(server.terminate(), Some(0));
    // One that is full to the last byte keeps no server from starting.
    let filling = videos.join("filling");
    std::fs::write(&filling, vec![1; 4 << 20]).unwrap_err();
    let server = ServerProcess::start(dir.path());
    assert!(server.log().contains("could not be counted"), "{}", server.log());
    assert_eq!(server.client.get(&path).await.expect(200).body, clips::short(0));
    assert_eq!(server.terminate(), Some(0));
    std::fs::remove_file(&filling).unwrap();
    assert_whole(dir.path()).await;
}

#[tokio::test]
async fn the_sweep_removes_what_a_kill_left_and_moves_other_files_aside() {
    let dir = TempDir::new().unwrap();
    let db = Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
    let content = Content::open(&dir.path().join("videos")).await.unwrap();
    let write = |path: &str| {
        let path = content.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "x").unwrap();
        path
    };
    let name = |digit: &str| format!("{}/{}.mp4", digit.repeat(2), digit.repeat(64));
    // Killed between the link and the commit: staged and stored, one file, no row.
    let staged = write(".staging/s-1.part");
    std::fs::create_dir_all(content.root().join("aa")).unwrap();
    std::fs::hard_link(&staged, content.root().join(name("a"))).unwrap();
    // Someone's file, from a database that was put back; and one that is nobody's business.
    write(&name("b"));
    write("holiday.mp4");

    let soon = SystemTime::now() + Duration::from_secs(60);
    let swept = sweep::sweep(&db, &content, soon, soon).await.unwrap();
    assert_eq!((swept.removed, swept.moved_aside), (2, 0));
    let b = name("b");
    assert_eq!(stored_files(dir.path()), [format!("videos/{b}"), "videos/holiday.mp4".into()]);

    let later = soon + Duration::from_secs(2 * 3600);
    assert_eq!(sweep::sweep(&db, &content, soon, later).await.unwrap().moved_aside, 1);
    assert_eq!(stored_files(dir.path()), [format!("videos/.orphans/{}", &b[3..]), "videos/holiday.mp4".into()]);
    let much_later = soon + Duration::from_secs(31 * 24 * 3600);
    sweep::sweep(&db, &content, soon, much_later).await.unwrap();
    assert_eq!(stored_files(dir.path()), ["videos/holiday.mp4"]);
}

#[tokio::test]
async fn a_refused_upload_gets_its_answer_before_its_body_is_sent() {
    let server = TestServer::start_with(|config| config.max_upload_bytes = 1 << 20).await;
    let mut stream = tokio::net::TcpStream::connect(server.client.address).await.unwrap();
    stream.write_all(&head(&server.client, 100 << 20)).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}
