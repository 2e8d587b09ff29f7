//! Uploads that go on where they broke off, as a client of tus 1.0 sees them.

use std::{fs, io::Write, net::TcpStream, path::Path, process::Stdio, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, header::LOCATION};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::{
    Answer, Client, PATIENCE, TestServer, clips, images,
    process::{ServerProcess, killed_after, ran},
};

const BYTES: &str = "application/offset+octet-stream";

/// Metadata as the protocol has it.
fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name} {}", BASE64_STANDARD.encode(value))).collect();
    pairs.join(",")
}

/// Begins an upload: its address.
async fn begun(client: &Client, length: usize, pairs: &[(&str, &str)]) -> String {
    let request = client.request(Method::POST, "/api/uploads").header("Tus-Resumable", "1.0.0").header("Upload-Length", length);
    let answer = client.send(request.header("Upload-Metadata", metadata(pairs))).await.expect(201);
    answer.header(LOCATION.as_str())
}

async fn looked(client: &Client, address: &str) -> Answer {
    client.send(client.request(Method::HEAD, address).header("Tus-Resumable", "1.0.0")).await
}

async fn offset(client: &Client, address: &str) -> usize {
    looked(client, address).await.expect(200).header("upload-offset").parse().unwrap()
}

fn patch(client: &Client, address: &str, at: usize, bytes: Vec<u8>) -> reqwest::RequestBuilder {
    let request = client.request(Method::PATCH, address).header("Tus-Resumable", "1.0.0").header("Upload-Offset", at);
    request.header("Content-Type", BYTES).body(bytes)
}

async fn sent(client: &Client, address: &str, at: usize, bytes: &[u8]) -> Answer {
    client.send(patch(client, address, at, bytes.to_vec())).await
}

/// Sends a part of what a request promises, and goes away without a word where it is to; else the connection.
fn begin_to_send(client: &Client, address: &str, at: usize, promised: usize, bytes: &[u8], more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(client.address).unwrap();
    let head = format!(
        "PATCH {address} HTTP/1.1\r\nHost: {}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\nContent-Type: {BYTES}\r\nContent-Length: {promised}\r\n{more}\r\n",
        client.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// How much of an upload lies on the disk.
fn on_the_disk(dir: &Path, address: &str) -> usize {
    let id = address.rsplit('/').next().unwrap();
    fs::metadata(dir.join("videos/.uploads").join(format!("{id}.part"))).map_or(0, |found| found.len() as usize)
}

async fn until_on_the_disk(dir: &Path, address: &str, bytes: usize) {
    let began = tokio::time::Instant::now();
    while on_the_disk(dir, address) < bytes {
        assert!(began.elapsed() < PATIENCE, "{} of {bytes} bytes are there", on_the_disk(dir, address));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn left_behind(dir: &Path) -> usize {
    fs::read_dir(dir.join("videos/.uploads")).unwrap().count()
}

async fn expect_stored(client: &Client, answer: &Answer, bytes: &[u8]) -> String {
    let id = answer.header("upload-asset-id");
    let found = client.get(&format!("/api/assets/{id}/download")).await.expect(200).body;
    assert!(found == bytes, "{} of {} bytes came back, or others", found.len(), bytes.len());
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_pieces_and_is_an_asset_with_the_last() {
    let server = TestServer::start().await;
    let (client, clip) = (&server.client, clips::short(0));
    let offers = client.send(client.request(Method::OPTIONS, "/api/uploads")).await.expect(200);
    for (name, word) in
        [("tus-version", "1.0.0"), ("tus-extension", "creation-with-upload"), ("tus-checksum-algorithm", "sha256"), ("tus-max-size", "0")]
    {
        assert!(offers.header(name).contains(word), "{name}: {}", offers.header(name));
    }
    let address = begun(client, clip.len(), &[("filename", "Door.mp4"), ("kind", "video")]).await;
    assert_eq!(offset(client, &address).await, 0);
    let half = clip.len() / 2;
    let first = sent(client, &address, 0, &clip[..half]).await.expect(204);
    assert_eq!((first.header("upload-offset"), first.header("upload-asset-id")), (half.to_string(), String::new()));
    assert!(!looked(client, &address).await.header("upload-expires").is_empty());
    // Not where it is, not more than it has, no such upload, another version.
    sent(client, &address, 0, &clip[..half]).await.expect(409);
    sent(client, &address, half, &[&clip[half..], b"more"].concat()).await.expect(413);
    sent(client, &format!("/api/uploads/{}", Uuid::new_v4()), 0, &clip).await.expect(404);
    client.send(client.request(Method::HEAD, &address).header("Tus-Resumable", "0.2.2")).await.expect(412);
    assert_eq!(offset(client, &address).await, half);
    let last = sent(client, &address, half, &clip[half..]).await.expect(204);
    assert_eq!(last.header("upload-duplicate"), "false");
    let id = expect_stored(client, &last, &clip).await;
    let asset = client.get(&format!("/api/assets/{id}")).await.expect(200).json();
    assert_eq!((asset["name"].as_str(), asset["source_type"].as_str()), (Some("Door.mp4"), Some("uploaded")));
    // Whoever lost that answer asks again, in either way.
    for again in [looked(client, &address).await.expect(200), sent(client, &address, half, &clip[half..]).await.expect(204)] {
        assert_eq!((again.header("upload-asset-id"), again.header("upload-offset")), (id.clone(), clip.len().to_string()));
    }
    assert_eq!(left_behind(server.dir.path()), 0);
    // The same bytes again are the same asset.
    let address = begun(client, clip.len(), &[("filename", "Other.mp4")]).await;
    let answer = sent(client, &address, 0, &clip).await.expect(204);
    assert_eq!((answer.header("upload-asset-id"), answer.header("upload-duplicate")), (id, "true".into()));
    // Of a file of which nobody says what it is, its bytes do.
    let picture = images::png(3);
    let request = client.request(Method::POST, "/api/uploads").header("Tus-Resumable", "1.0.0").header("Upload-Length", picture.len());
    let at_once = client.send(request.header("Content-Type", BYTES).body(picture.clone())).await.expect(201);
    let id = expect_stored(client, &at_once, &picture).await;
    assert_eq!(client.get(&format!("/api/assets/{id}")).await.json()["kind"], "image");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_come_when_a_request_breaks_off_stays() {
    let server = TestServer::start().await;
    let (client, dir, clip) = (&server.client, server.dir.path(), clips::short(1));
    let (half, most) = (clip.len() / 2, clip.len() * 9 / 10);
    let address = begun(client, clip.len(), &[("filename", "x.mp4")]).await;
    let stream = begin_to_send(client, &address, 0, clip.len(), &clip[..half], "");
    until_on_the_disk(dir, &address, half).await;
    drop(stream);
    assert_eq!(offset(client, &address).await, half);
    // One whose peer is gone without a word ends when the next request comes.
    let stream = begin_to_send(client, &address, half, clip.len() - half, &clip[half..most], "");
    until_on_the_disk(dir, &address, most).await;
    assert_eq!(offset(client, &address).await, most);
    let last = sent(client, &address, most, &clip[most..]).await.expect(204);
    expect_stored(client, &last, &clip).await;
    drop(stream);
    assert_eq!(left_behind(dir), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_a_checksum_is_kept_whole_or_not_at_all() {
    let server = TestServer::start().await;
    let (client, dir, clip) = (&server.client, server.dir.path(), clips::short(2));
    let half = clip.len() / 2;
    let checksum = |bytes: &[u8]| format!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(bytes)));
    let address = begun(client, clip.len(), &[("filename", "x.mp4")]).await;
    let with = |at: usize, bytes: &[u8], checksum: String| patch(client, &address, at, bytes.to_vec()).header("Upload-Checksum", checksum);
    client.send(with(0, &clip[..half], checksum(&clip))).await.problem(460);
    assert_eq!(offset(client, &address).await, 0);
    client.send(with(0, &clip[..half], "md9 aaaa".into())).await.problem(400);
    client.send(with(0, &clip[..half], checksum(&clip[..half]))).await.expect(204);
    let more = format!("Upload-Checksum: {}\r\n", checksum(&clip[half..]));
    let stream = begin_to_send(client, &address, half, clip.len() - half, &clip[half..half + 100], &more);
    until_on_the_disk(dir, &address, half + 100).await;
    drop(stream);
    assert_eq!(offset(client, &address).await, half);
    client.send(with(half, &clip[half..], checksum(&clip))).await.problem(460);
    let last = client.send(with(half, &clip[half..], checksum(&clip[half..]))).await.expect(204);
    expect_stored(client, &last, &clip).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_with_the_last_byte_and_for_a_day() {
    let server = TestServer::start_with(|config| config.max_upload_bytes = 1_000_000).await;
    let client = server.client.clone();
    let address = begun(&client, 7, &[("filename", "notes.mp4")]).await;
    let refusal = sent(&client, &address, 0, b"a story").await.problem(422);
    assert!(refusal["detail"].as_str().unwrap().contains("not a video"), "{refusal}");
    looked(&client, &address).await.expect(422);
    let told = client.send(client.request(Method::GET, &address).header("Tus-Resumable", "1.0.0")).await.problem(422);
    assert_eq!(told["detail"], refusal["detail"]);
    assert_eq!(left_behind(server.dir.path()), 0);
    // Before the first byte: too large, empty, of no kind.
    let begin = |length: &str, kind: &str| {
        let request = client.request(Method::POST, "/api/uploads").header("Tus-Resumable", "1.0.0").header("Upload-Length", length);
        client.send(request.header("Upload-Metadata", metadata(&[("kind", kind)])))
    };
    begin("1000001", "video").await.problem(413);
    begin("0", "video").await.problem(422);
    begin("10", "sculpture").await.problem(422);
    begin("-1", "video").await.problem(400);
    let unmeasured = reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("abc")]));
    let address_of_other = begun(&client, 100, &[]).await;
    let request = client.request(Method::PATCH, &address_of_other).header("Tus-Resumable", "1.0.0").header("Upload-Offset", 0);
    client.send(request.header("Content-Type", BYTES).body(unmeasured)).await.problem(411);
    assert_eq!(left_behind(server.dir.path()), 1);
    client.send(client.request(Method::DELETE, &address_of_other).header("Tus-Resumable", "1.0.0")).await.expect(204);
    looked(&client, &address_of_other).await.expect(404);
    assert_eq!(left_behind(server.dir.path()), 0);
    // A day later nobody knows of it.
    server.clock.set_by(23.0 * 3600.0);
    looked(&client, &address).await.expect(422);
    server.clock.set_by(2.0 * 3600.0);
    looked(&client, &address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_goes_on_with_what_had_come() {
    let dir = tempfile::tempdir().unwrap();
    let clip = clips::short(4);
    let half = clip.len() / 2;
    let server = ServerProcess::start(dir.path());
    let address = begun(&server.client, clip.len(), &[("filename", "x.mp4")]).await;
    let stream = begin_to_send(&server.client, &address, 0, clip.len(), &clip[..half], "");
    until_on_the_disk(dir.path(), &address, half).await;
    server.kill();
    drop(stream);
    // The sweep of the start spares it, and the check tells of it.
    killed_after(dir.path(), Duration::from_secs(1));
    let (code, report, _) = ran(dir.path(), "check", |command| {
        command.stdout(Stdio::piped());
    });
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains(&format!("staged 1 file of uploads, {half} bytes")) && report.contains("1 staged"), "{report}");
    let server = ServerProcess::start(dir.path());
    assert_eq!(offset(&server.client, &address).await, half);
    let last = sent(&server.client, &address, half, &clip[half..]).await.expect(204);
    expect_stored(&server.client, &last, &clip).await;
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_come_whole_before_a_kill_is_an_asset_after_the_start() {
    let mut server = TestServer::start().await;
    let clip = clips::short(5);
    let address = begun(&server.client, clip.len(), &[("filename", "x.mp4")]).await;
    sent(&server.client, &address, 0, &clip[..10]).await.expect(204);
    server.stop().await;
    // As it is when the last bytes are on the disk, and no row says so.
    let id = address.rsplit('/').next().unwrap().to_owned();
    let path = server.dir.path().join("videos/.uploads").join(format!("{id}.part"));
    fs::write(&path, &clip).unwrap();
    server.restart().await;
    // Though nobody asks for it any more.
    server.client.wait_for("/api/videos", |videos| videos[0]["name"] == "x.mp4").await;
    let told = looked(&server.client, &address).await.expect(200);
    expect_stored(&server.client, &told, &clip).await;
    assert_eq!(left_behind(server.dir.path()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_on_the_folder_takes_no_upload_away() {
    let mut server = TestServer::start().await;
    let database = server.dir.path().join("media.db");
    server.stop().await;
    fs::copy(&database, server.dir.path().join("older.db")).unwrap();
    server.restart().await;
    let address = begun(&server.client, 100, &[]).await;
    sent(&server.client, &address, 0, b"ten bytes.").await.expect(204);
    server.client.upload("new.mp4", clips::short(6)).await.expect(201);
    server.stop().await;
    for beside in ["media.db-wal", "media.db-shm"] {
        let _ = fs::remove_file(server.dir.path().join(beside));
    }
    fs::rename(server.dir.path().join("older.db"), &database).unwrap();
    server.restart().await;
    for _ in 0..2 {
        server.clock.pass(Duration::from_secs(12 * 3600));
        server.state().uploads.keep_up().await.unwrap();
    }
    assert_eq!((looked(&server.client, &address).await.status.as_u16(), left_behind(server.dir.path())), (404, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_kept_for_seven_days_after_its_last_byte() {
    let mut server = TestServer::start().await;
    let client = server.client.clone();
    let address = begun(&client, 100, &[]).await;
    sent(&client, &address, 0, b"ten bytes.").await.expect(204);
    server.clock.set_by(6.0 * 86_400.0);
    server.restart().await;
    assert_eq!(offset(&server.client, &address).await, 10);
    assert_eq!(left_behind(server.dir.path()), 1);
    server.clock.set_by(2.0 * 86_400.0);
    looked(&server.client, &address).await.expect(410);
    // By a clock that is believed, it is forgotten.
    for _ in 0..5 {
        server.clock.pass(Duration::from_secs(12 * 3600));
        server.state().uploads.keep_up().await.unwrap();
    }
    assert_eq!(left_behind(server.dir.path()), 0);
    looked(&server.client, &address).await.expect(404);
}
