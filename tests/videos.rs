//! The library over HTTP: upload, look, list, rename, delete, download, thumbnail.

use std::{collections::HashSet, path::Path};

use reelgraph::server::library::indexing;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    Answer, Client, TestServer,
    clips::{self, SHORT, Shape},
};

/// The files of the store, staging included. Its mark is left out, and posters, which come when their jobs have the time.
pub fn stored_files(dir: &Path) -> Vec<String> {
    let mut folders = vec![dir.join("videos")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = path.strip_prefix(dir).unwrap().display().to_string();
            let is_mark = file == "videos/.reelgraph.json";
            if !(is_mark || file.ends_with(".jpg") && file.starts_with("videos/.")) {
                files.push(file);
            }
        }
    }
    files.sort();
    files
}

pub fn sha256(bytes: &[u8]) -> String {
    reelgraph::domain::Sha256::new(Sha256::digest(bytes).into()).to_string()
}

async fn uploaded(client: &Client, name: &str, bytes: Vec<u8>) -> String {
    client.upload(name, bytes).await.expect(201).json()["video_id"].as_str().unwrap().to_owned()
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let videos = client.get(&format!("/api/videos?{query}")).await.expect(200).json();
    videos.as_array().unwrap().iter().map(|video| video["id"].as_str().unwrap().to_owned()).collect()
}

async fn workflow(client: &Client, name: &str) -> String {
    let body = json!({"name": name, "status": "saved", "definition": {"schema": 1, "nodes": [], "connections": []}});
    client.post("/api/workflows", &body).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned()
}

async fn associate(client: &Client, workflow: &str, video: &str, node: &str) {
    let body = json!({"video_id": video, "node_id": node, "node_type": "UploadVideo", "role": "input"});
    client.post(&format!("/api/workflows/{workflow}/videos"), &body).await.expect(201);
}

#[tokio::test]
async fn an_upload_is_kept_byte_for_byte_with_its_metadata() {
    let mut server = TestServer::start().await;
    let bytes = clips::short(0);
    let answer = server.client.upload("第1集 “start”.mp4", bytes.clone()).await.expect(201).json();
    assert_eq!(answer["duplicate"], false);
    let video = &answer["video"];
    assert_eq!(video["id"], answer["video_id"]);
    assert_eq!(video["name"], "第1集 “start”.mp4");
    assert_eq!(video["file_hash"], sha256(&bytes));
    assert_eq!(video["size_bytes"], bytes.len());
    assert_eq!(video["resolution"], "180x320");
    assert_eq!(video["aspect_ratio"], "9:16");
    assert_eq!(video["codec"], "h264");
    assert_eq!(video["fps"], 24.0);
    assert_eq!(video["source_type"], "uploaded");
    assert_eq!(video["metadata"]["audio"]["codec"], "aac");
    assert!((video["duration_seconds"].as_f64().unwrap() - 1.0).abs() < 0.1);
    let path = format!("/api/videos/{}", answer["video_id"].as_str().unwrap());
    server.restart().await;
    assert_eq!(&server.client.get(&path).await.expect(200).json(), video);
    assert_eq!(server.client.get(&format!("{path}/download")).await.expect(200).body, bytes);
    let hash = sha256(&bytes);
    assert_eq!(stored_files(server.dir.path()), [format!("videos/{}/{hash}.mp4", &hash[..2])]);
}

#[tokio::test]
async fn every_accepted_container_is_served_by_its_own_type() {
    let server = TestServer::start().await;
    for (container, media_type) in
        [("mov", "video/quicktime"), ("mkv", "video/x-matroska"), ("webm", "video/webm"), ("avi", "video/x-msvideo"), ("ts", "video/mp2t")]
    {
        let bytes = clips::clip(Shape { container, sound: false, ..SHORT });
        let id = uploaded(&server.client, "named.mp4", bytes).await;
        let answer = server.client.get(&format!("/api/videos/{id}/download")).await.expect(200);
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(server.client.get(&format!("/api/videos/{id}")).await.json()["metadata"]["audio"], Value::Null);
    }
}

#[tokio::test]
async fn the_same_bytes_are_one_video_under_any_name() {
    let server = TestServer::start().await;
    let id = uploaded(&server.client, "first.mp4", clips::short(0)).await;
    let again = server.client.upload("second.mov", clips::short(0)).await.expect(200).json();
    assert_eq!((&again["video_id"], &again["duplicate"]), (&json!(id), &json!(true)));
    assert_eq!(again["video"]["name"], "first.mp4");
    assert_eq!(stored_files(server.dir.path()).len(), 1);
}

#[tokio::test]
async fn of_uploads_at_once_one_is_first_and_all_get_its_video() {
    let server = TestServer::start().await;
    let uploads = (0..6).map(|number| {
        let client = server.client.clone();
        tokio::spawn(async move { client.upload(&format!("{number}.mp4"), clips::short(0)).await })
    });
    let mut answers = Vec::new();
    for upload in uploads.collect::<Vec<_>>() {
        answers.push(upload.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 5);
    let ids: HashSet<_> = answers.iter().map(|answer| answer.json()["video_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(stored_files(server.dir.path()).len(), 1);
}

#[tokio::test]
async fn a_name_may_come_before_or_after_the_file() {
    let server = TestServer::start().await;
    let file = |variant| Part::bytes(clips::short(variant)).file_name("file.mp4");
    for (variant, form) in
        [(0, Form::new().text("name", "Chosen").part("file", file(0))), (1, Form::new().part("file", file(1)).text("name", "Chosen"))]
    {
        let answer = server.client.send(server.client.request(Method::POST, "/api/videos/upload").multipart(form)).await.expect(201);
        assert_eq!(answer.json()["video"]["name"], "Chosen", "{variant}");
    }
    for (variant, name, kept) in [(2, " ", "file.mp4"), (3, "a\u{7}b", "ab")] {
        let form = Form::new().text("name", name).part("file", file(variant));
        let answer = server.client.send(server.client.request(Method::POST, "/api/videos/upload").multipart(form)).await.expect(201);
        assert_eq!(answer.json()["video"]["name"], kept);
    }
}

#[tokio::test]
async fn a_video_is_renamed() {
    let server = TestServer::start().await;
    let id = uploaded(&server.client, "old.mp4", clips::short(0)).await;
    let patch = async |body: Value| -> Answer {
        server.client.send(server.client.request(Method::PATCH, &format!("/api/videos/{id}")).json(&body)).await
    };
    assert_eq!(patch(json!({"name": " New name "})).await.expect(200).json()["name"], "New name");
    assert_eq!(server.client.get(&format!("/api/videos/{id}")).await.json()["name"], "New name");
    for wrong in [json!({"name": ""}), json!({"name": "a\nb"}), json!({"name": "x".repeat(201)}), json!({"nmae": "x"}), json!({})] {
        assert!(!patch(wrong).await.problem(422)["errors"].as_array().unwrap().is_empty());
    }
    let unknown = "/api/videos/00000000-0000-7000-8000-000000000000";
    server.client.send(server.client.request(Method::PATCH, unknown).json(&json!({"name": "x"}))).await.problem(404);
}

#[tokio::test]
async fn lists_are_filtered_searched_ordered_and_paged() {
    let server = TestServer::start().await;
    let client = &server.client;
    let short = uploaded(client, "Beach 100%.mp4", clips::short(0)).await;
    let wide = uploaded(client, "alley_1.mp4", clips::clip(Shape { width: 320, height: 180, seconds: 2, ..SHORT })).await;
    let silent = uploaded(client, "Café beach.webm", clips::clip(Shape { sound: false, container: "webm", ..SHORT })).await;
    let flow = workflow(client, "Flow").await;
    associate(client, &flow, &wide, "n1").await;

    assert_eq!(ids(client, "").await, [&*silent, &*wide, &*short]);
    assert_eq!(ids(client, "sort=name").await, [&*wide, &*short, &*silent]);
    assert_eq!(ids(client, "sort=-duration").await[0], wide);
    assert_eq!(ids(client, "q=BEACH&sort=created_at").await, [&*short, &*silent]);
    assert_eq!(ids(client, "q=beach+caf%C3%A9").await, [&*silent]);
    assert_eq!(ids(client, "q=100%25").await, [&*short]);
    assert_eq!(ids(client, "q=alley_1").await, [&*wide]);
    assert_eq!(ids(client, "min_width=300").await, [&*wide]);
    assert_eq!(ids(client, "min_height=300&sort=created_at").await, [&*short, &*silent]);
    assert_eq!(ids(client, "min_duration=1.5").await, [&*wide]);
    assert_eq!(ids(client, "max_duration=1.5&source_type=uploaded").await.len(), 2);
    assert_eq!(ids(client, "source_type=generated").await, [""; 0]);
    assert_eq!(ids(client, &format!("workflow_id={flow}")).await, [&*wide]);

    for sort in ["created_at", "-created_at", "name", "-name", "duration", "-duration", "size", "-size", "updated_at"] {
        let whole = ids(client, &format!("sort={sort}")).await;
        let mut paged = Vec::new();
        let mut next = Some(format!("/api/videos?limit=1&sort={sort}"));
        while let Some(path) = next {
            let answer = client.get(&path).await.expect(200);
            paged.push(answer.json()[0]["id"].as_str().unwrap().to_owned());
            next = answer.header("link").strip_prefix('<').and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        }
        assert_eq!(paged, whole, "{sort}");
    }
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("sort=codec", "/sort"),
        ("cursor=7b", "/cursor"),
        ("source_type=stolen", "/source_type"),
        ("min_width=wide", "/min_width"),
        ("min_duration=NaN", "/min_duration"),
        ("colour=red", "/colour"),
    ] {
        let problem = client.get(&format!("/api/videos?{query}")).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}: {problem:#}");
    }
}

#[tokio::test]
async fn a_clip_in_use_is_deleted_only_by_force_and_comes_back_with_its_bytes() {
    let server = TestServer::start().await;
    let client = &server.client;
    let (old, current) = (uploaded(client, "old.mp4", clips::short(0)).await, uploaded(client, "current.mp4", clips::short(1)).await);
    let flow = workflow(client, "Drama").await;
    associate(client, &flow, &old, "n1").await;
    associate(client, &flow, &current, "n1").await;

    let problem = client.delete(&format!("/api/videos/{current}")).await.problem(409);
    assert_eq!(problem["workflows"], json!([{"id": flow, "name": "Drama"}]));
    // An earlier take of the node is not its current clip.
    client.delete(&format!("/api/videos/{old}")).await.expect(204);
    client.get(&format!("/api/videos/{current}/thumbnail")).await.expect(200);
    let poster = server.state().studio.content.poster_path(&sha256(&clips::short(1)).parse().unwrap());
    assert!(poster.exists());
    client.delete(&format!("/api/videos/{current}?force=true")).await.expect(204);

    let trashed = client.get(&format!("/api/videos/{current}")).await.expect(200).json();
    assert!(trashed["deleted_at"].is_string(), "{trashed:#}");
    client.get(&format!("/api/videos/{current}/download")).await.problem(410);
    client.get(&format!("/api/videos/{current}/thumbnail")).await.problem(410);
    client.delete(&format!("/api/videos/{current}")).await.expect(204);
    let clips = client.get(&format!("/api/workflows/{flow}")).await.expect(200).json()["videos"].clone();
    assert_eq!((&clips[0]["video"], &clips[0]["missing"]["name"]), (&Value::Null, &json!("current.mp4")));
    assert_eq!(clips[0]["missing"]["file_hash"], sha256(&clips::short(1)));

    let again = client.upload("found again.mp4", clips::short(1)).await.expect(200).json();
    assert_eq!((&again["duplicate"], &again["restored"]), (&json!(true), &json!(true)));
    let clips = client.get(&format!("/api/workflows/{flow}")).await.expect(200).json()["videos"].clone();
    assert_eq!((&clips[0]["video"]["name"], &clips[0]["missing"]), (&json!("current.mp4"), &Value::Null));

    // Gone for good: its name and hash stay known, and its bytes bring it back under its id.
    client.delete(&format!("/api/videos/{current}?force=true")).await.expect(204);
    client.delete(&format!("/api/assets/{current}?permanent=true")).await.expect(204);
    for path in ["", "/download", "/thumbnail"] {
        client.get(&format!("/api/videos/{current}{path}")).await.problem(410);
    }
    assert!(!poster.exists());
    let clips = client.get(&format!("/api/workflows/{flow}")).await.expect(200).json()["videos"].clone();
    assert_eq!((&clips[0]["video"], &clips[0]["missing"]["name"]), (&Value::Null, &json!("current.mp4")));
    let again = client.upload("found again.mp4", clips::short(1)).await.expect(201).json();
    assert_eq!((&again["duplicate"], &again["video_id"]), (&json!(false), &json!(current)));
    let clips = client.get(&format!("/api/workflows/{flow}")).await.expect(200).json()["videos"].clone();
    assert_eq!((&clips[0]["video"]["name"], &clips[0]["missing"]), (&json!("found again.mp4"), &Value::Null));
}

#[tokio::test]
async fn ranges_and_validators_follow_the_standard() {
    let server = TestServer::start().await;
    let bytes = clips::short(0);
    let id = uploaded(&server.client, "clip.mp4", bytes.clone()).await;
    let path = format!("/api/videos/{id}/download");
    let etag = format!("\"{}\"", sha256(&bytes));
    let size = bytes.len();
    let ask = async |method: Method, headers: &[(&str, &str)]| {
        let request = headers.iter().fold(server.client.request(method, &path), |request, (name, value)| request.header(*name, *value));
        server.client.send(request).await
    };

    let whole = ask(Method::GET, &[]).await.expect(200);
    assert_eq!(whole.body, bytes);
    for (name, value) in [
        ("etag", etag.as_str()),
        ("accept-ranges", "bytes"),
        ("content-type", "video/mp4"),
        ("content-length", &size.to_string()),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("content-disposition", "inline; filename=\"clip.mp4\"; filename*=UTF-8''clip.mp4"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
        ("content-encoding", ""),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    let head = ask(Method::HEAD, &[]).await.expect(200);
    assert_eq!((head.header("content-length"), head.header("etag"), head.body.len()), (size.to_string(), etag.clone(), 0));

    let last = size - 1;
    for (range, from, to) in [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=100-", 100, last),
        ("bytes=-7", size - 7, last),
        ("bytes=5-999999999", 5, last),
    ] {
        let part = ask(Method::GET, &[("range", range)]).await.expect(206);
        assert_eq!(part.body, bytes[from..=to], "{range}");
        assert_eq!(part.header("content-range"), format!("bytes {from}-{to}/{size}"));
        assert_eq!(part.header("etag"), etag);
    }
    let outside = ask(Method::GET, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(outside.header("content-range"), format!("bytes */{size}"));
    outside.problem(416);
    for ignored in ["bytes=0-1,4-5", "bytes=9-3", "bytes=x", "pages=1-2"] {
        assert_eq!(ask(Method::GET, &[("range", ignored)]).await.expect(200).body.len(), size, "{ignored}");
    }
    assert_eq!(ask(Method::GET, &[("range", "bytes=0-9"), ("if-range", &etag)]).await.expect(206).body.len(), 10);
    for other in ["\"other\"", &format!("W/{etag}"), "Sat, 01 Jan 2022 00:00:00 GMT"] {
        assert_eq!(ask(Method::GET, &[("range", "bytes=0-9"), ("if-range", other)]).await.expect(200).body.len(), size, "{other}");
    }
    for same in [etag.as_str(), &format!("\"x\", W/{etag}"), "*"] {
        let unchanged = ask(Method::GET, &[("if-none-match", same), ("range", "bytes=0-9")]).await.expect(304);
        assert_eq!((unchanged.body.len(), unchanged.header("etag")), (0, etag.clone()), "{same}");
    }
    ask(Method::GET, &[("if-none-match", "\"other\"")]).await.expect(200);
    ask(Method::GET, &[("if-match", "\"other\"")]).await.problem(412);
}

#[tokio::test]
async fn a_poster_is_made_once_and_again_when_it_is_gone() {
    let server = TestServer::start().await;
    let id = uploaded(&server.client, "clip.mp4", clips::clip(Shape { width: 1280, height: 720, ..SHORT })).await;
    let path = format!("/api/videos/{id}/thumbnail");
    let asked = (0..8).map(|_| {
        let (client, path) = (server.client.clone(), path.clone());
        tokio::spawn(async move { client.get(&path).await.expect(200) })
    });
    let mut posters = Vec::new();
    for poster in asked.collect::<Vec<_>>() {
        posters.push(poster.await.unwrap());
    }
    let first = &posters[0];
    assert_eq!(first.header("content-type"), "image/jpeg");
    let picture = image::load_from_memory(&first.body).unwrap();
    assert_eq!((picture.width(), picture.height()), (512, 288));
    assert!(posters.iter().all(|poster| poster.body == first.body));
    let request = server.client.request(Method::GET, &path).header("if-none-match", first.header("etag"));
    server.client.send(request).await.expect(304);
    server.client.wait_for("/api/jobs?kind=poster", |posters| posters[0]["status"] == "succeeded").await;
    std::fs::remove_dir_all(server.dir.path().join("videos/.posters")).unwrap();
    std::fs::create_dir(server.dir.path().join("videos/.posters")).unwrap();
    assert_eq!(server.client.get(&path).await.expect(200).body, first.body);
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let server = TestServer::start().await;
    for id in ["00000000-0000-7000-8000-000000000000", "x", "..%2f..%2fetc%2fpasswd", "00000000-0000-7000-8000-00000000000A"] {
        for path in ["", "/download", "/thumbnail"] {
            server.client.get(&format!("/api/videos/{id}{path}")).await.problem(404);
        }
        server.client.delete(&format!("/api/videos/{id}")).await.problem(404);
    }
}

#[tokio::test]
async fn a_lost_file_is_said_so_and_comes_back_with_the_same_bytes() {
    let server = TestServer::start().await;
    let bytes = clips::short(0);
    let id = uploaded(&server.client, "clip.mp4", bytes.clone()).await;
    let file = server.dir.path().join(&stored_files(server.dir.path())[0]);
    std::fs::remove_file(&file).unwrap();
    server.client.get(&format!("/api/videos/{id}/download")).await.problem(410);
    server.client.get(&format!("/api/videos/{id}")).await.expect(200);
    let again = server.client.upload("again.mp4", bytes.clone()).await.expect(200).json();
    assert_eq!(again["video_id"], id);
    assert_eq!(server.client.get(&format!("/api/videos/{id}/download")).await.expect(200).body, bytes);
    std::fs::write(&file, &bytes[..100]).unwrap();
    server.client.get(&format!("/api/videos/{id}/download")).await.problem(410);
}

/// A row as the seed's program wrote it: an absolute path, a time without a zone, metadata of its own.
#[tokio::test]
async fn a_row_of_the_seed_is_listed_and_served() {
    let server = TestServer::start().await;
    let bytes = clips::short(0);
    let id = "3f2b0c1e-8d41-4c52-9a7e-5d1f6b7c8e90";
    let file = server.dir.path().join("3f2b.mp4");
    std::fs::write(&file, &bytes).unwrap();
    let mut tx = server.state().studio.db.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO videos (id, name, file_path, file_hash, size_bytes, source_type, created_at, metadata) \
         VALUES ($1, 'Seed', $2, $3, $4, 'generated', '2025-11-30 12:34:56.5', '{\"audio\": true, \"bitrate\": 7}')",
    )
    .bind(id)
    .bind(file.to_str().unwrap())
    .bind(sha256(&bytes))
    .bind(i64::try_from(bytes.len()).unwrap())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    // The server looks for what others have written every quarter of an hour only.
    indexing::anew(&server.state().studio.db, |_| ()).await.unwrap();
    let video = server.client.get(&format!("/api/videos/{id}")).await.expect(200).json();
    assert_eq!(video["created_at"], "2025-11-30T12:34:56.500000Z");
    assert_eq!(ids(&server.client, "q=seed").await, [id]);
    let download = server.client.get(&format!("/api/videos/{id}/download")).await.expect(200);
    assert_eq!(download.header("content-type"), "application/octet-stream");
    assert_eq!(download.body, bytes);
    server.client.delete(&format!("/api/videos/{id}")).await.expect(204);
    server.client.delete(&format!("/api/assets/{id}?permanent=true")).await.expect(204);
    assert!(file.exists(), "a file outside the store is another program's");
}

#[tokio::test]
async fn what_is_changed_between_two_parts_is_seen_by_the_second() {
    let server = TestServer::start().await;
    let client = &server.client;
    let id = client.upload("first.mp4", clips::short(0)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    let part = async |first: u64| {
        let request =
            client.request(Method::GET, &format!("/api/videos/{id}/download")).header("range", format!("bytes={first}-{}", first + 9));
        client.send(request).await
    };
    for first in 0..3 {
        assert!(part(first).await.expect(206).header("content-disposition").contains("first.mp4"));
    }
    client.send(client.request(Method::PATCH, &format!("/api/videos/{id}")).json(&json!({ "name": "second.mp4" }))).await.expect(200);
    assert!(part(3).await.expect(206).header("content-disposition").contains("second.mp4"));
    client.delete(&format!("/api/videos/{id}")).await.expect(204);
    part(4).await.problem(410);
    client.post(&format!("/api/assets/{id}/restore"), &json!({})).await.expect(200);
    part(5).await.expect(206);
    let metrics = client.get("/metrics").await.expect(200).text();
    for from in ["memory", "database"] {
        assert!(metrics.contains(&format!(r#"reelgraph_asset_rows_total{{from="{from}"}} "#)), "{metrics}");
    }
}
