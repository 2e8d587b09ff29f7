//! Stored files that changed: found before a byte of them is given out, told, and healed by the right bytes.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use axum::http::Method;
use reelgraph::{
    domain::Timestamp,
    server::library::{check, scrub},
};
use serde_json::{Value, json};

use crate::support::{
    TestServer, clips,
    graphs::{definition, node},
};

/// A server with one clip of more bytes than are sent in one piece.
async fn server_with_clip() -> (TestServer, Vec<u8>, String, PathBuf) {
    let server = TestServer::start().await;
    // Free space behind the last box: whole, and large.
    let mut bytes = clips::short(9);
    let filler = 1_200_000_u32;
    bytes.extend(filler.to_be_bytes());
    bytes.extend(b"free");
    bytes.extend(vec![7; filler as usize - 8]);
    let uploaded = server.client.upload("a.mp4", bytes.clone()).await.expect(201).json();
    let id = uploaded["video_id"].as_str().unwrap().to_owned();
    let hash = uploaded["video"]["file_hash"].as_str().unwrap().to_owned();
    let path = server.state().config.videos_dir.join(&hash[..2]).join(format!("{hash}.mp4"));
    assert!(path.is_file());
    (server, bytes, id, path)
}

/// Turns one bit near the end of a file. `seen`: its time of change tells.
fn rot(path: &PathBuf, seen: bool) {
    let changed = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - 1000;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(if seen { changed + Duration::from_millis(3) } else { changed }).unwrap();
}

async fn damaged_at(server: &TestServer, id: &str) -> Value {
    let video = server.client.get(&format!("/api/videos/{id}")).await.expect(200).json();
    let asset = server.client.get(&format!("/api/assets/{id}")).await.expect(200).json();
    assert_eq!(video["damaged_at"], asset["damaged_at"]);
    video["damaged_at"].clone()
}

/// Makes what is stored look as if nobody had read it for days.
async fn forget_verifying(server: &TestServer) {
    let mut tx = server.state().studio.db.begin().await.unwrap();
    let before = Timestamp::now().plus_seconds(-40.0 * 24.0 * 3600.0).to_string();
    sqlx::query("UPDATE videos SET verified_at = $1").bind(before).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_is_never_given_out_and_the_right_bytes_heal_it() {
    let (server, bytes, id, path) = server_with_clip().await;
    let client = &server.client;
    let download = format!("/api/videos/{id}/download");
    rot(&path, true);
    let problem = client.get(&download).await.problem(410);
    assert!(problem["type"].as_str().unwrap().ends_with(":damaged"), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("Upload the same file again"), "{problem}");
    assert!(damaged_at(&server, &id).await.is_string());
    let part = client.send(client.request(Method::GET, &download).header("range", "bytes=0-99")).await;
    assert_eq!(part.problem(410)["type"], problem["type"]);
    let again = client.upload("b.mp4", bytes.clone()).await.expect(200).json();
    assert_eq!((&again["video_id"], &again["duplicate"]), (&json!(id), &json!(true)));
    assert_eq!(damaged_at(&server, &id).await, Value::Null);
    assert_eq!(client.get(&download).await.expect(200).body, bytes);
    // Lost altogether, and put back by hand.
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).unwrap();
    client.get(&download).await.problem(410);
    assert!(damaged_at(&server, &id).await.is_string());
    fs::rename(&aside, &path).unwrap();
    assert_eq!(client.get(&download).await.expect(200).body, bytes);
    assert_eq!(damaged_at(&server, &id).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_with_the_same_bytes_is_right_whatever_its_time() {
    let (server, bytes, id, path) = server_with_clip().await;
    fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(server.client.get(&format!("/api/videos/{id}/download")).await.expect(200).body, bytes);
    assert_eq!(damaged_at(&server, &id).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_read_for_a_day_is_hashed_on_its_way_and_broken_off_where_it_is_wrong() {
    let (server, bytes, id, path) = server_with_clip().await;
    let (client, download) = (&server.client, format!("/api/videos/{id}/download"));
    forget_verifying(&server).await;
    assert_eq!(client.get(&download).await.expect(200).body, bytes);
    // Read whole and right: for a day it is not hashed again, and what rots without a trace goes out.
    rot(&path, false);
    assert_ne!(client.get(&download).await.expect(200).body, bytes);
    forget_verifying(&server).await;
    let answer = client.request(Method::GET, &download).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "all of a damaged file was sent");
    assert!(damaged_at(&server, &id).await.is_string());
    client.get(&download).await.problem(410);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stitch_reads_what_it_joins_and_names_what_is_damaged() {
    let (server, _, id, path) = server_with_clip().await;
    let other = server.client.upload("b.mp4", clips::short(1)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    rot(&path, false);
    let job = server.client.post("/api/videos/stitch", &json!({ "video_ids": [other, id] })).await.expect(202).json();
    let ended =
        server.client.wait_for(&format!("/api/jobs/{}", job["job_id"].as_str().unwrap()), |job| !job["finished_at"].is_null()).await;
    assert_eq!((&ended["status"], &ended["error"]["kind"]), (&json!("failed"), &json!("damaged")), "{ended:#}");
    assert!(ended["error"]["message"].as_str().unwrap().contains("a.mp4"), "{ended:#}");
    assert!(damaged_at(&server, &id).await.is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_no_cached_result() {
    let (server, bytes, id, path) = server_with_clip().await;
    let nodes = [node("u", "UploadVideo", json!({ "video_id": id })), node("t", "Trim", json!({ "out_seconds": 0.5 }))];
    let graph = definition(&nodes, &["u.video t.video"]);
    let run = async || {
        let started = server.client.post("/api/executions", &json!({ "definition": graph, "mode": "draft" })).await;
        if started.status != 202 {
            return started.json();
        }
        let path = format!("/api/executions/{}", started.json()["execution_id"].as_str().unwrap());
        server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await
    };
    let made = run().await;
    let trimmed = &made["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "t").unwrap()["video_id"];
    let trimmed = trimmed.as_str().unwrap().to_owned();
    let hash = server.client.get(&format!("/api/videos/{trimmed}")).await.json()["file_hash"].as_str().unwrap().to_owned();
    let file = path.parent().unwrap().parent().unwrap().join(&hash[..2]).join(format!("{hash}.mp4"));
    fs::remove_file(&file).unwrap();
    server.client.get(&format!("/api/videos/{trimmed}/download")).await.problem(410);
    // Made anew, with the same bytes, which heal it.
    assert_eq!(run().await["status"], "succeeded");
    assert!(file.is_file());
    assert_eq!(damaged_at(&server, &trimmed).await, Value::Null);
    // A given clip that is damaged is told before anything begins.
    rot(&path, true);
    server.client.get(&format!("/api/videos/{id}/download")).await.problem(410);
    let refused = run().await;
    assert!(refused["detail"].as_str().unwrap_or_default().contains("damaged") || refused.to_string().contains("damaged"), "{refused:#}");
    server.client.upload("a.mp4", bytes).await.expect(200);
    assert_eq!(run().await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scrub_reads_what_is_due_and_nothing_else() {
    let (server, _, id, path) = server_with_clip().await;
    let state = server.state();
    let scrub = async || scrub::scrub(&state.studio.db, &state.studio.content, Timestamp::now(), 0).await.unwrap();
    assert_eq!(scrub().await, 0);
    rot(&path, false);
    assert_eq!(scrub().await, 0);
    forget_verifying(&server).await;
    assert_eq!(scrub().await, 1);
    assert!(damaged_at(&server, &id).await.is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_of_rot_and_keeps_it_in_the_row() {
    let (server, _, id, path) = server_with_clip().await;
    rot(&path, false);
    let mut lines = Vec::new();
    let mut say = |said: check::Said<'_>| {
        if let check::Said::Line(line) = said {
            lines.push(line.to_owned());
        }
        Ok(())
    };
    let checked = check::check(&server.state().studio.db, &server.state().studio.content, &mut say).await.unwrap();
    assert_eq!((checked.altered, checked.missing), (1, 0));
    assert!(lines.iter().any(|line| line.starts_with("altered video \"a.mp4\"") && line.contains(&id)), "{lines:?}");
    assert!(damaged_at(&server, &id).await.is_string());
}
