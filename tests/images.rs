//! Still pictures over HTTP: upload, look, download; what is no picture leaves nothing; runs that take frames and use them.

use std::time::{Duration, SystemTime};

use image::ImageFormat;
use reelgraph::server::{library::sweep, workflows};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::{
    support::{
        Answer, Client, TestServer, clips,
        graphs::{definition, node},
        images::{picture, png},
    },
    videos::{sha256, stored_files},
};

async fn send(client: &Client, form: Form) -> Answer {
    client.send(client.request(Method::POST, "/api/images/upload").multipart(form)).await
}

async fn upload(client: &Client, name: &str, bytes: Vec<u8>) -> Answer {
    send(client, Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()))).await
}

async fn uploaded(client: &Client, name: &str, bytes: Vec<u8>) -> String {
    upload(client, name, bytes).await.expect(201).json()["image_id"].as_str().unwrap().to_owned()
}

/// Runs a draft to its end.
async fn run(client: &Client, definition: &Value) -> Value {
    let started = client.post("/api/executions", &json!({ "definition": definition, "mode": "draft" })).await.expect(202).json();
    let path = format!("/api/executions/{}", started["execution_id"].as_str().unwrap());
    client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await
}

#[track_caller]
fn node_of<'a>(execution: &'a Value, id: &str) -> &'a Value {
    let nodes = execution["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["node_id"] == id).unwrap_or_else(|| panic!("no node {id} in {execution:#}"))
}

#[tokio::test]
async fn a_picture_is_kept_byte_for_byte_and_the_same_again_is_the_same() {
    let mut server = TestServer::start().await;
    for (format, extension, media_type) in
        [(ImageFormat::Png, "png", "image/png"), (ImageFormat::Jpeg, "jpg", "image/jpeg"), (ImageFormat::WebP, "webp", "image/webp")]
    {
        let bytes = picture(format, 40, 30, 1);
        let answer = upload(&server.client, "开场 “一”.gif", bytes.clone()).await.expect(201);
        let (location, answer) = (answer.header("location"), answer.json());
        assert_eq!(answer["duplicate"], false);
        let image = &answer["image"];
        assert_eq!((&image["id"], &image["name"]), (&answer["image_id"], &json!("开场 “一”.gif")));
        assert_eq!((&image["file_hash"], &image["size_bytes"]), (&json!(sha256(&bytes)), &json!(bytes.len())));
        assert_eq!((&image["width"], &image["height"]), (&json!(40), &json!(30)));
        assert_eq!((&image["media_type"], &image["source_type"]), (&json!(media_type), &json!("uploaded")));
        let again = upload(&server.client, "other.png", bytes.clone()).await.expect(200).json();
        assert_eq!((&again["image_id"], &again["duplicate"], &again["image"]), (&answer["image_id"], &json!(true), image));
        server.restart().await;
        assert_eq!(&server.client.get(&location).await.expect(200).json(), image);
        assert_eq!(server.client.get(&format!("{location}/download")).await.expect(200).body, bytes);
        let hash = sha256(&bytes);
        assert!(stored_files(server.dir.path()).contains(&format!("videos/{}/{hash}.{extension}", &hash[..2])));
    }
    assert_eq!(stored_files(server.dir.path()).len(), 3);
    let form = Form::new().text("name", "Chosen").part("file", Part::bytes(png(7)).file_name("x.png"));
    assert_eq!(send(&server.client, form).await.expect(201).json()["image"]["name"], "Chosen");
}

#[tokio::test]
async fn of_uploads_at_once_one_is_first_and_all_get_its_image() {
    let server = TestServer::start().await;
    let uploads = (0..6).map(|number| {
        let client = server.client.clone();
        tokio::spawn(async move { upload(&client, &format!("{number}.png"), png(0)).await })
    });
    let mut answers = Vec::new();
    for upload in uploads.collect::<Vec<_>>() {
        answers.push(upload.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.json()["image_id"] == answers[0].json()["image_id"]));
    assert_eq!(stored_files(server.dir.path()).len(), 1);
}

#[tokio::test]
async fn a_download_is_as_that_of_a_video() {
    let server = TestServer::start().await;
    let bytes = png(0);
    let path = format!("/api/images/{}/download", uploaded(&server.client, "a.png", bytes.clone()).await);
    let ask = async |method: Method, headers: &[(&str, &str)]| {
        let request = server.client.request(method, &path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        server.client.send(request).await
    };
    let etag = format!("\"{}\"", sha256(&bytes));
    let whole = ask(Method::GET, &[("accept-encoding", "br, gzip")]).await.expect(200);
    for (name, value) in [
        ("etag", etag.as_str()),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("content-type", "image/png"),
        ("content-disposition", "inline; filename=\"a.png\"; filename*=UTF-8''a.png"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("content-encoding", ""),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    let head = ask(Method::HEAD, &[]).await.expect(200);
    assert_eq!((head.header("content-length"), head.header("etag"), head.body.len()), (bytes.len().to_string(), etag.clone(), 0));
    assert_eq!(ask(Method::GET, &[("range", "bytes=10-19")]).await.expect(206).body, bytes[10..20]);
    ask(Method::GET, &[("range", "bytes=99999999-")]).await.problem(416);
    ask(Method::GET, &[("if-none-match", &etag)]).await.expect(304);
    ask(Method::GET, &[("if-match", "\"other\"")]).await.problem(412);
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_a_lost_file_comes_back() {
    let server = TestServer::start().await;
    for id in ["00000000-0000-7000-8000-000000000000", "x", "..%2f..%2fetc%2fpasswd"] {
        for path in ["", "/download"] {
            server.client.get(&format!("/api/images/{id}{path}")).await.problem(404);
        }
    }
    let id = uploaded(&server.client, "a.png", png(0)).await;
    let file = server.dir.path().join(&stored_files(server.dir.path())[0]);
    std::fs::remove_file(&file).unwrap();
    server.client.get(&format!("/api/images/{id}/download")).await.problem(410);
    assert_eq!(upload(&server.client, "b.png", png(0)).await.expect(200).json()["image_id"], id);
    assert_eq!(server.client.get(&format!("/api/images/{id}/download")).await.expect(200).body, png(0));
}

/// The head of a PNG (its specification's §11.2.2) that claims this size, and nothing else of one.
fn claimed(width: u32, height: u32) -> Vec<u8> {
    let mut whole = png(0);
    whole[16..20].copy_from_slice(&width.to_be_bytes());
    whole[20..24].copy_from_slice(&height.to_be_bytes());
    // The chunk's own sum has to fit, or the claim is not believed: CRC-32 as in the specification's annex D.
    let mut sum = u32::MAX;
    for byte in &whole[12..29] {
        sum = (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 });
    }
    whole[29..33].copy_from_slice(&(!sum).to_be_bytes());
    whole
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_leaves_nothing() {
    let server = TestServer::start().await;
    let whole = png(0);
    let jpeg = picture(ImageFormat::Jpeg, 200, 200, 0);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    for (name, bytes) in [
        ("text.png", b"just words".to_vec()),
        ("page.jpg", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("drawing.svg", svg),
        (
            "animation.gif",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;".to_vec(),
        ),
        ("cut.png", whole[..whole.len() / 2].to_vec()),
        ("head.png", whole[..40].to_vec()),
        ("cut.jpg", jpeg[..jpeg.len() / 2].to_vec()),
        ("noise.png", [&whole[..60], &[0x55; 4000]].concat()),
        ("flood.png", claimed(60_000, 60_000)),
        ("flat.png", claimed(u32::MAX / 4, 1)),
        ("clip.png", clips::short(0)),
    ] {
        let problem = upload(&server.client, name, bytes).await.problem(422);
        assert_eq!(problem["type"], "urn:reelgraph:error:not_an_image", "{name}: {problem:#}");
    }
    let flood = upload(&server.client, "flood.png", claimed(60_000, 60_000)).await.problem(422);
    assert!(flood["detail"].as_str().unwrap().contains("64 megapixels"), "{flood:#}");
    assert_eq!(stored_files(server.dir.path()), [""; 0]);
    // The other way round too: a picture is no clip.
    server.client.upload("picture.mp4", whole).await.problem(422);
    assert_eq!(stored_files(server.dir.path()), [""; 0]);
}

#[tokio::test]
async fn a_wrong_form_or_too_large_a_file_is_refused() {
    let server = TestServer::start().await;
    let file = || Part::bytes(png(0)).file_name("x.png");
    for (form, pointer) in [
        (Form::new().part("image", file()), "/image"),
        (Form::new().part("file", Part::bytes(Vec::new()).file_name("x.png")), "/file"),
        (Form::new().text("name", "alone"), "/file"),
        (Form::new().part("file", file()).part("file", file()), "/file"),
    ] {
        let problem = send(&server.client, form).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
    }
    let raw = server.client.request(Method::POST, "/api/images/upload").header("content-type", "image/png").body(png(0));
    server.client.send(raw).await.problem(415);
    let problem = upload(&server.client, "big.png", vec![7; (64 << 20) + (1 << 17)]).await.problem(413);
    assert!(problem["detail"].as_str().unwrap().contains("67108864"), "{problem:#}");
    assert_eq!(stored_files(server.dir.path()), [""; 0]);
}

#[tokio::test]
async fn the_sweep_leaves_pictures_with_a_row_and_moves_others_aside() {
    let server = TestServer::start().await;
    let id = uploaded(&server.client, "a.png", png(0)).await;
    let name = format!("{}.png", "b".repeat(64));
    let stray = server.dir.path().join("videos/bb").join(&name);
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::write(&stray, png(1)).unwrap();
    let state = server.state();
    let later = SystemTime::now() + Duration::from_secs(2 * 3600);
    let swept = sweep::sweep(&state.studio.db, &state.studio.content, later, later).await.unwrap();
    assert_eq!((swept.removed, swept.moved_aside, swept.without_file), (0, 1, 0));
    assert!(!stray.exists());
    assert_eq!(server.client.get(&format!("/api/images/{id}/download")).await.expect(200).body, png(0));
}

/// A clip of the library, a frame of it, and a shot that begins with that frame.
fn continued(video: &str, frame: &Value) -> Value {
    definition(
        &[
            node("clip", "UploadVideo", json!({ "video_id": video })),
            node("frame", "FrameGrab", frame.clone()),
            node(
                "shot",
                "VeoVideo",
                json!({ "prompt": "She turns round", "provider": "animatic", "model": "animatic", "seconds": 1, "resolution": "360p" }),
            ),
        ],
        &["clip.video frame.video", "frame.image shot.first_frame"],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shot_goes_on_from_the_last_frame_and_the_second_run_is_cached() {
    let mut server = TestServer::start().await;
    let video = server.client.upload("clip.mp4", clips::short(0)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    let graph = continued(&video, &json!({ "frame": "last" }));
    let first = run(&server.client, &graph).await;
    assert_eq!(first["status"], "succeeded", "{first:#}");
    let frame = node_of(&first, "frame");
    assert!(frame["video_id"].is_null() && frame["cached"] == false, "{frame:#}");
    let job = server.client.get(&format!("/api/jobs/{}", frame["job_id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&job["kind"], &job["image_id"]), (&json!("frame_grab"), &frame["image_id"]));
    let path = format!("/api/images/{}", frame["image_id"].as_str().unwrap());
    let image = server.client.get(&path).await.expect(200).json();
    assert_eq!((&image["name"], &image["source_type"]), (&json!("Last frame of clip.mp4"), &json!("grabbed")));
    assert_eq!((&image["width"], &image["height"], &image["media_type"]), (&json!(180), &json!(320), &json!("image/png")));
    assert!(node_of(&first, "shot").get("image_id").is_none());

    server.restart().await;
    let second = run(&server.client, &graph).await;
    for id in ["frame", "shot"] {
        assert_eq!(node_of(&second, id)["cached"], true, "{id}");
        for given in ["image_id", "video_id"] {
            assert_eq!(node_of(&second, id)[given], node_of(&first, id)[given], "{id}");
        }
    }
    // Another frame is another picture, and makes another shot of the same words.
    let other = run(&server.client, &continued(&video, &json!({ "frame": "nth", "index": 3 }))).await;
    assert_ne!(node_of(&other, "frame")["image_id"], frame["image_id"]);
    assert_ne!(node_of(&other, "shot")["video_id"], node_of(&first, "shot")["video_id"]);
    // The last frame by its number is the same picture.
    let numbered = run(&server.client, &continued(&video, &json!({ "frame": "nth", "index": 23 }))).await;
    assert_eq!(node_of(&numbered, "frame")["image_id"], frame["image_id"]);
    assert_eq!(node_of(&numbered, "shot")["cached"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_not_there_fails_with_how_many_there_are() {
    let server = TestServer::start().await;
    let video = server.client.upload("clip.mp4", clips::short(0)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    let ended = run(&server.client, &continued(&video, &json!({ "frame": "nth", "index": 24 }))).await;
    assert_eq!(ended["status"], "failed");
    let reason = &node_of(&ended, "frame")["error"];
    assert_eq!(reason["message"], "This clip has 24 frames, numbered from 0 to 23; there is no frame 24. Choose a smaller number.");
    assert_eq!(node_of(&ended, "shot")["status"], "skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_picture_begins_a_shot_and_one_that_is_not_stored_is_refused() {
    let server = TestServer::start().await;
    let graph = |image: &str| {
        let shot = json!({ "prompt": "A harbour", "provider": "animatic", "model": "animatic", "seconds": 1, "size": "180x320" });
        let nodes = [node("picture", "UploadImage", json!({ "image_id": image })), node("shot", "Sora2Video", shot)];
        definition(&nodes, &["picture.image shot.first_frame"])
    };
    let (one, two) = (uploaded(&server.client, "1.png", png(1)).await, uploaded(&server.client, "2.png", png(2)).await);
    let first = run(&server.client, &graph(&one)).await;
    assert_eq!((&first["status"], &node_of(&first, "picture")["image_id"]), (&json!("succeeded"), &json!(one)));
    let second = run(&server.client, &graph(&two)).await;
    assert_ne!(node_of(&second, "shot")["video_id"], node_of(&first, "shot")["video_id"]);
    let unknown = graph("00000000-0000-7000-8000-000000000000");
    let problem = server.client.post("/api/executions", &json!({ "definition": unknown, "mode": "draft" })).await.problem(422);
    assert_eq!((&problem["errors"][0]["kind"], &problem["errors"][0]["node_id"]), (&json!("missing_image"), &json!("picture")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_workflow_has_the_pictures_of_its_nodes_whatever_ran_last() {
    let server = TestServer::start().await;
    let video = server.client.upload("clip.mp4", clips::short(0)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    let image = uploaded(&server.client, "1.png", png(1)).await;
    let mut graph = continued(&video, &json!({}));
    graph["nodes"].as_array_mut().unwrap().push(node("picture", "UploadImage", json!({ "image_id": image })));
    let created = server.client.post("/api/workflows", &json!({ "name": "Flow", "definition": graph })).await.expect(201).json();
    let id = created["workflow_id"].as_str().unwrap();
    let mut frame = Value::Null;
    for nodes in [json!(["frame"]), json!(["picture"])] {
        let asked = json!({ "workflow_id": id, "nodes": nodes, "mode": "draft" });
        let started = server.client.post("/api/executions", &asked).await.expect(202).json();
        let path = format!("/api/executions/{}", started["execution_id"].as_str().unwrap());
        let ended = server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        if nodes[0] == "frame" {
            frame = node_of(&ended, "frame")["image_id"].clone();
        }
    }
    let state = server.state();
    let opened = async || workflows::open(&state.studio.db, &state.studio.providers, id.parse().unwrap()).await.unwrap().assets;
    let shown = opened().await;
    assert!(shown.iter().all(|one| one.known.as_ref().is_some_and(|known| known.reference() == one.asset)));
    let shown: Vec<_> = shown.iter().map(|one| (one.node_id.as_str(), json!(one.asset.id))).collect();
    assert_eq!(shown, [("clip", json!(video)), ("frame", frame.clone()), ("picture", json!(image))], "a draft too, and one each");
    server.client.delete(&format!("/api/assets/{image}")).await.expect(204);
    server.client.delete(&format!("/api/assets/{}", frame.as_str().unwrap())).await.expect(204);
    server.client.delete(&format!("/api/assets/{image}?permanent=true")).await.expect(204);
    let gone: Vec<_> =
        opened().await.into_iter().filter(|one| one.known.is_none()).map(|one| (one.node_id, one.missing.unwrap())).collect();
    let told: Vec<_> = gone.iter().map(|(node, missing)| (node.as_str(), missing.name.as_str(), missing.reason.as_str())).collect();
    assert_eq!(told, [("frame", told[0].1, "It is in the trash."), ("picture", "1.png", "Deleted from the library.")]);
}
