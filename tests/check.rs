//! `reelgraph check`: what is missing, altered, orphaned or set aside is told line by line, and nothing is changed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use reelgraph::server::store::Db;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::{
    support::{
        Client, TestServer, clips,
        graphs::{definition, node},
        images::png,
        process::ran,
    },
    videos::{sha256, stored_files},
};

/// A clip that a workflow uses and a picture, by their hashes.
async fn library(client: &Client) -> [(Value, String); 2] {
    let clip = client.upload("walk.mp4", clips::short(80)).await.expect(201).json()["video"].clone();
    let form = Form::new().part("file", Part::bytes(png(80)).file_name("door.png"));
    let image = client.send(client.request(Method::POST, "/api/images/upload").multipart(form)).await.expect(201).json()["image"].clone();
    let graph = definition(&[node("walk", "UploadVideo", json!({ "video_id": clip["id"] }))], &[]);
    client.post("/api/workflows", &json!({ "name": "Do\"ors", "status": "saved", "definition": graph })).await.expect(201);
    [clip, image].map(|asset| (asset["id"].clone(), asset["file_hash"].as_str().unwrap().to_owned()))
}

fn file(dir: &Path, hash: &str, extension: &str) -> PathBuf {
    dir.join("videos").join(&hash[..2]).join(format!("{hash}.{extension}"))
}

/// Runs a check; the store is as it was afterwards.
fn check(dir: &Path) -> (Option<i32>, Vec<String>) {
    let contents = || stored_files(dir).into_iter().map(|path| (fs::read(dir.join(&path)).unwrap(), path)).collect::<Vec<_>>();
    let before = contents();
    let (code, report, complaint) = ran(dir, "check", |_| {});
    assert_eq!(complaint, "");
    assert_eq!(contents(), before);
    (code, report.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_healthy_library_is_verified_beside_its_server() {
    let server = TestServer::start().await;
    let [(clip, _), _] = library(&server.client).await;
    // The trash is stored too.
    server.client.delete(&format!("/api/assets/{}?force=true", clip.as_str().unwrap())).await.expect(204);
    // A poster on its way is staged too.
    let ended = |jobs: &Value| jobs.as_array().unwrap().iter().all(|job| job["status"] == "succeeded");
    server.client.wait_for("/api/jobs?kind=poster", ended).await;
    let bytes = clips::short(80).len() + png(80).len();
    let summary = format!("checked 2 files, {bytes} bytes verified: 0 missing, 0 altered, 0 orphaned, 0 set aside, 0 staged");
    assert_eq!(check(server.dir.path()), (Some(0), vec![summary]));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_with_its_name_and_its_uses() {
    let mut server = TestServer::start().await;
    let [(clip, clip_hash), (image, image_hash)] = library(&server.client).await;
    let other = server.client.upload("other.mp4", clips::short(81)).await.expect(201).json()["video"].clone();
    server.stop().await;
    let dir = server.dir.path();
    // A name of the first program, which let everything pass.
    let db = Db::open(&format!("sqlite://{}", dir.join("media.db").display())).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    sqlx::query("UPDATE videos SET name = $1 WHERE name = 'walk.mp4'").bind("wa\u{1b}[31mlk\n").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let (clip, image) = (clip.as_str().unwrap(), image.as_str().unwrap());
    let (other, other_hash) = (other["id"].as_str().unwrap(), other["file_hash"].as_str().unwrap());

    let aside = dir.join("videos/.orphans").join(format!("{clip_hash}.mp4"));
    fs::create_dir_all(aside.parent().unwrap()).unwrap();
    fs::rename(file(dir, &clip_hash, "mp4"), &aside).unwrap();
    let unnamed = aside.with_file_name(format!("{}.mp4", "c".repeat(64)));
    fs::write(&unnamed, "x").unwrap();
    let moved = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    fs::File::options().write(true).open(&unnamed).unwrap().set_modified(moved).unwrap();
    let mut altered = png(80);
    altered[40] ^= 1;
    fs::write(file(dir, &image_hash, "png"), &altered).unwrap();
    fs::write(file(dir, other_hash, "mp4"), "cut").unwrap();
    let (orphan, misnamed) = (sha256(b"mine"), "b".repeat(64));
    for (hash, text) in [(&orphan, "mine"), (&misnamed, "mine")] {
        fs::create_dir_all(file(dir, hash, "mp4").parent().unwrap()).unwrap();
        fs::write(file(dir, hash, "mp4"), text).unwrap();
    }
    fs::write(dir.join("videos/.staging/s-1.part"), "half").unwrap();
    fs::write(dir.join("videos/holiday.mp4"), "somebody's").unwrap();

    let (code, mut report) = check(dir);
    assert_eq!(code, Some(1));
    let at = |hash: &str, extension: &str| format!("{}/{hash}.{extension}", &hash[..2]);
    let bytes = "mine".len();
    let mut orphans = [
        format!("orphaned {} (4 bytes): no row names it", at(&orphan, "mp4")),
        format!("orphaned {} (4 bytes): no row names it, and its bytes are not those of its name", at(&misnamed, "mp4")),
    ];
    orphans.sort();
    let mut asides = [
        format!(
            "set aside .orphans/{clip_hash}.mp4 ({} bytes): its row is there, and the next upkeep puts it back",
            clips::short(80).len()
        ),
        format!("set aside .orphans/{}.mp4 (1 bytes): deleted after 2026-10-21", "c".repeat(64)),
    ];
    asides.sort();
    let expected = [
        format!(
            "missing video \"wa\\u{{1b}}[31mlk\\n\" {clip} {clip_hash}: {} is not there; used by \"Do\\\"ors\" at \"walk\"",
            at(&clip_hash, "mp4")
        ),
        format!(
            "altered video \"other.mp4\" {other} {other_hash}: {} has 3 bytes instead of {}",
            at(other_hash, "mp4"),
            clips::short(81).len()
        ),
        format!(
            "altered image \"door.png\" {image} {image_hash}: {} has other bytes, of SHA-256 {}",
            at(&image_hash, "png"),
            sha256(&altered)
        ),
        orphans[0].clone(),
        orphans[1].clone(),
        asides[0].clone(),
        asides[1].clone(),
        "staged 1 file: on their way in, or left by a kill and removed by the next start".to_owned(),
        format!("checked 4 files, {bytes} bytes verified: 1 missing, 2 altered, 2 orphaned, 2 set aside, 1 staged"),
    ];
    let summary = report.pop().unwrap();
    assert_eq!(summary, expected[8]);
    assert_eq!(report, expected[..8]);

    // What has its row again comes back by itself.
    server.restart().await;
    server.client.wait_for(&format!("/api/videos/{clip}"), |_| file(server.dir.path(), &clip_hash, "mp4").is_file()).await;
}

#[tokio::test]
async fn only_what_the_server_uses_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let (code, report, complaint) = ran(dir.path(), "check", |_| {});
    assert_eq!((code, report.as_str()), (Some(1), ""));
    assert!(complaint.contains("DATABASE_URL") && complaint.contains("media.db") && complaint.lines().count() == 1, "{complaint}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is created");

    // Another's folder.
    let (one, mut other) = (TestServer::start().await, TestServer::start().await);
    library(&one.client).await;
    other.stop().await;
    let videos = format!("file:{}", one.dir.path().join("videos").display());
    let (code, report, complaint) = ran(other.dir.path(), "check", |command| {
        command.args(["--videos-url", &videos]).env("VIDEOS_URL", "");
    });
    assert_eq!((code, report.as_str()), (Some(2), ""), "given twice: {complaint}");
    let place = tempfile::tempdir().unwrap();
    fs::copy(other.dir.path().join("media.db"), place.path().join("media.db")).unwrap();
    std::os::unix::fs::symlink(one.dir.path().join("videos"), place.path().join("videos")).unwrap();
    let (code, report, complaint) = ran(place.path(), "check", |_| {});
    assert_eq!((code, report.as_str()), (Some(1), ""));
    assert!(complaint.contains("another database") && complaint.contains("media.db") && complaint.lines().count() == 1, "{complaint}");

    // One that this version has not served.
    let database = place.path().join("media.db");
    fs::remove_file(&database).unwrap();
    fs::copy(crate::layers::root().join("tests/fixtures/f047a37/database.sqlite"), &database).unwrap();
    let (code, _, complaint) = ran(place.path(), "check", |_| {});
    assert!(code == Some(1) && complaint.contains("reelgraph serve") && complaint.lines().count() == 1, "{complaint}");
}

#[test]
fn the_command_line_of_check_tells_of_itself_and_refuses_what_it_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    let (code, help, _) = ran(dir.path(), "check", |command| {
        command.arg("--help");
    });
    assert!(code == Some(0) && help.contains("SHA-256") && help.contains("--videos-url"), "{help}");
    let (code, _, complaint) = ran(dir.path(), "check", |command| {
        command.arg("--repiar");
    });
    assert!(code == Some(2) && complaint.contains("--repiar"), "{complaint}");
    let (code, _, complaint) = ran(dir.path(), "chekc", |_| {});
    assert!(code == Some(2) && complaint.contains("chekc"), "{complaint}");
}
