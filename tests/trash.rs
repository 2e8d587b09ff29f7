//! Assets of every kind, and the trash: what is in it, what comes back, what leaves it for good.

use std::time::{Duration, SystemTime};

use reelgraph::server::library::sweep;
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, clips,
    graphs::{definition, node},
    images::png,
};

async fn upload_image(client: &Client, bytes: Vec<u8>) -> Value {
    let form = Form::new().part("file", Part::bytes(bytes).file_name("door.png"));
    client.send(client.request(Method::POST, "/api/images/upload").multipart(form)).await.json()
}

/// A clip and a picture, by their ids, with what each kind's routes are called.
async fn both(client: &Client) -> [(&'static str, String); 2] {
    let clip = client.upload("walk.mp4", clips::short(70)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    let image = upload_image(client, png(70)).await["image_id"].as_str().unwrap().to_owned();
    [("videos", clip), ("images", image)]
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("/api/assets{query}")).await.expect(200).json();
    list.as_array().unwrap().iter().map(|asset| asset["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_kind_is_listed_as_an_asset_with_what_is_known_of_it() {
    let server = TestServer::start().await;
    let client = &server.client;
    let [(_, clip), (_, image)] = both(client).await;
    assert_eq!(listed(client, "").await, [image.clone(), clip.clone()]);
    assert_eq!(listed(client, "?kind=image").await, std::slice::from_ref(&image));
    let first = client.get("/api/assets?limit=1").await.expect(200);
    let next = first.header("link");
    let next = next.split(['<', '>']).nth(1).unwrap();
    assert_eq!(client.get(next).await.expect(200).json()[0]["id"], clip);
    let video = client.wait_for(&format!("/api/assets/{clip}"), |video| video["stream_hash"].is_string()).await;
    assert_eq!((&video["kind"], &video["name"], &video["source_type"]), (&json!("video"), &json!("walk.mp4"), &json!("uploaded")));
    assert_eq!((&video["facts"]["width"], &video["facts"]["duration_seconds"]), (&json!(180), &json!(1.0)));
    assert_eq!((&video["facts"]["audio"]["codec"], &video["deleted_at"]), (&json!("aac"), &Value::Null));
    let picture = client.get(&format!("/api/assets/{image}")).await.expect(200).json();
    assert_eq!((&picture["kind"], &picture["media_type"]), (&json!("image"), &json!("image/png")));
    assert_eq!(picture["facts"], json!({ "width": 90, "height": 160 }), "what a kind has no fact of is absent");
    client.get("/api/assets/0190b5a0-7b0e-7c3e-8f1e-0123456789ab").await.problem(404);
    client.get("/api/assets?kind=hologram").await.problem(422);
    client.get("/api/assets?sort=name").await.problem(422);
}

#[tokio::test]
async fn every_kind_is_uploaded_by_the_same_door() {
    let server = TestServer::start().await;
    let client = &server.client;
    let send = async |kind: &str, name: &str, bytes: Vec<u8>| {
        let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
        client.send(client.request(Method::POST, &format!("/api/assets/upload?kind={kind}")).multipart(form)).await
    };
    for (kind, own, name, bytes) in [("video", "videos", "walk.mp4", clips::short(70)), ("image", "images", "door.png", png(70))] {
        let stored = send(kind, name, bytes.clone()).await.expect(201);
        let place = stored.header("location").to_owned();
        let stored = stored.json();
        let id = stored["asset"]["id"].as_str().unwrap();
        assert_eq!((&stored["asset"]["kind"], &stored["asset"]["name"]), (&json!(kind), &json!(name)));
        assert_eq!(place, format!("/api/{own}/{id}"));
        assert_eq!(client.get(&place).await.expect(200).json()["id"], id);
        let again = send(kind, "other", bytes).await.expect(200).json();
        assert_eq!((&again["asset"]["id"], &again["duplicate"], &again["restored"]), (&json!(id), &json!(true), &json!(false)));
    }
    assert_eq!(listed(client, "").await.len(), 2, "what came again is stored once");
    let wrong = send("image", "walk.png", clips::short(71)).await.problem(422);
    assert!(wrong["type"].as_str().unwrap().ends_with("not_an_image"), "{wrong}");
    send("hologram", "door.png", png(71)).await.problem(422);
    let unsaid = Form::new().part("file", Part::bytes(png(71)).file_name("door.png"));
    client.send(client.request(Method::POST, "/api/assets/upload").multipart(unsaid)).await.problem(422);
    assert_eq!(listed(client, "").await.len(), 2, "what was refused left nothing");
}

#[tokio::test]
async fn every_kind_is_renamed_served_and_pictured_by_the_same_doors() {
    let server = TestServer::start().await;
    let client = &server.client;
    for (own, id) in both(client).await {
        let path = format!("/api/assets/{id}");
        let renamed = client.send(client.request(Method::PATCH, &path).json(&json!({ "name": "  第1集  " }))).await.expect(200).json();
        assert_eq!((&renamed["name"], &renamed["id"]), (&json!("第1集"), &json!(id)));
        assert_eq!(client.get(&format!("/api/{own}/{id}")).await.expect(200).json()["name"], "第1集");
        client.send(client.request(Method::PATCH, &path).json(&json!({ "name": " " }))).await.problem(422);
        let whole = client.get(&format!("/api/{own}/{id}/download")).await.expect(200);
        let same = client.get(&format!("{path}/download")).await.expect(200);
        assert_eq!(
            (&same.body, same.header("etag"), same.header("content-type")),
            (&whole.body, whole.header("etag"), whole.header("content-type"))
        );
        let part = client.send(client.request(Method::GET, &format!("{path}/download")).header("range", "bytes=1-3")).await.expect(206);
        assert_eq!(part.body, whole.body[1..4]);
        let poster = client.get(&format!("{path}/thumbnail")).await.expect(200);
        assert_eq!(poster.header("content-type"), "image/jpeg");
        let facts = &renamed["facts"];
        let picture = image::load_from_memory(&poster.body).unwrap();
        assert_eq!((json!(picture.width()), json!(picture.height())), (facts["width"].clone(), facts["height"].clone()));
        let known = client.request(Method::GET, &format!("{path}/thumbnail")).header("if-none-match", poster.header("etag"));
        client.send(known).await.expect(304);
        client.delete(&path).await.expect(204);
        for of in ["download", "thumbnail"] {
            client.get(&format!("{path}/{of}")).await.problem(410);
            client.get(&format!("{path}/{of}?trashed=true")).await.expect(200);
        }
        let posters = server.dir.path().join("videos/.posters");
        assert_eq!(std::fs::read_dir(&posters).unwrap().count(), 1);
        client.delete(&format!("{path}?permanent=true")).await.expect(204);
        assert_eq!(std::fs::read_dir(&posters).unwrap().count(), 0, "the poster goes with it");
    }
    let jobs = client.get("/api/jobs?kind=poster").await.expect(200).json();
    assert_eq!(jobs.as_array().unwrap().len(), 1, "a picture's poster is made when it is asked for");
}

#[tokio::test]
async fn what_is_trashed_is_out_of_the_way_and_comes_back_whole() {
    let server = TestServer::start().await;
    let client = &server.client;
    for (route, id) in both(client).await {
        let (asset, download) = (format!("/api/assets/{id}"), format!("/api/{route}/{id}/download"));
        let before = client.get(&asset).await.expect(200).json();
        client.delete(&format!("{asset}?permanent=true")).await.problem(409);
        client.delete(&asset).await.expect(204);
        let trashed = client.get(&asset).await.expect(200).json();
        assert!(trashed["deleted_at"].is_string(), "{trashed:#}");
        client.get(&download).await.problem(410);
        client.get(&format!("{download}?trashed=true")).await.expect(200);
        assert_eq!((listed(client, "?trashed=true").await, listed(client, "").await.contains(&id)), (vec![id.clone()], false));
        assert!(client.get("/api/videos").await.json().as_array().unwrap().iter().all(|video| video["id"] != id));
        let restored = client.post(&format!("{asset}/restore"), &json!({})).await.expect(200).json();
        assert_eq!(restored, before);
        client.get(&download).await.expect(200);
        client.post(&format!("{asset}/restore"), &json!({})).await.expect(200);
    }
    client.post("/api/assets/0190b5a0-7b0e-7c3e-8f1e-0123456789ab/restore", &json!({})).await.problem(404);
}

#[tokio::test]
async fn emptied_from_the_trash_it_is_gone_and_its_bytes_bring_its_id_back() {
    let server = TestServer::start().await;
    let client = &server.client;
    for (route, id) in both(client).await {
        let asset = format!("/api/assets/{id}");
        client.delete(&asset).await.expect(204);
        client.delete(&format!("{asset}?permanent=true")).await.expect(204);
        client.get(&asset).await.problem(410);
        client.get(&format!("/api/{route}/{id}")).await.problem(410);
        client.get(&format!("/api/{route}/{id}/download?trashed=true")).await.problem(410);
        client.post(&format!("{asset}/restore"), &json!({})).await.problem(410);
        client.delete(&format!("{asset}?permanent=true")).await.problem(410);
    }
    assert!(listed(client, "?trashed=true").await.is_empty());
    let again = upload_image(client, png(70)).await;
    assert_eq!((&again["duplicate"], &again["restored"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn the_same_bytes_take_a_picture_out_of_the_trash() {
    let server = TestServer::start().await;
    let client = &server.client;
    let [_, (_, image)] = both(client).await;
    client.delete(&format!("/api/assets/{image}")).await.expect(204);
    let again = upload_image(client, png(70)).await;
    assert_eq!((&again["image_id"], &again["duplicate"], &again["restored"]), (&json!(image), &json!(true), &json!(true)));
    assert_eq!(again["image"]["deleted_at"], Value::Null);
}

#[tokio::test]
async fn after_thirty_days_the_trash_empties_itself() {
    let server = TestServer::start().await;
    let client = &server.client;
    let assets = both(client).await;
    for (_, id) in &assets {
        client.delete(&format!("/api/assets/{id}")).await.expect(204);
    }
    let state = server.state();
    let day = Duration::from_secs(24 * 3600);
    let now = SystemTime::now();
    assert_eq!(sweep::sweep(&state.studio.db, &state.studio.content, now, now + 29 * day).await.unwrap().emptied, 0);
    assert_eq!(sweep::sweep(&state.studio.db, &state.studio.content, now, now + 31 * day).await.unwrap().emptied, 2);
    for (_, id) in &assets {
        client.get(&format!("/api/assets/{id}")).await.problem(410);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_trashed_is_no_cached_result() {
    let server = TestServer::start().await;
    let client = &server.client;
    let [(_, clip), _] = both(client).await;
    let nodes = [node("clip", "UploadVideo", json!({ "video_id": clip })), node("frame", "FrameGrab", json!({}))];
    let graph = definition(&nodes, &["clip.video frame.video"]);
    let run = async || {
        let body = json!({ "definition": graph, "mode": "draft" });
        let id = client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
        let ended = client.wait_for(&format!("/api/executions/{id}"), |execution| !execution["finished_at"].is_null()).await;
        let frame = ended["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "frame").unwrap().clone();
        (frame["cached"].as_bool().unwrap(), frame)
    };
    let (cached, frame) = run().await;
    assert!(!cached);
    assert_eq!(frame["asset"], json!({ "kind": "image", "id": frame["image_id"] }));
    assert!(run().await.0);
    client.delete(&format!("/api/assets/{}", frame["image_id"].as_str().unwrap())).await.expect(204);
    // Made anew, the same bytes are the same picture, which is back.
    let (cached, again) = run().await;
    assert_eq!((cached, &again["image_id"]), (false, &frame["image_id"]));
    assert!(listed(client, "?trashed=true").await.is_empty());
}

#[tokio::test]
async fn a_picture_in_use_is_deleted_only_by_force() {
    let server = TestServer::start().await;
    let client = &server.client;
    let [_, (_, image)] = both(client).await;
    let graph = definition(&[node("door", "UploadImage", json!({ "image_id": image }))], &[]);
    let saved = json!({ "name": "Doors", "status": "saved", "definition": graph });
    let id = client.post("/api/workflows", &saved).await.expect(201).json()["workflow_id"].clone();
    let uses = client.get(&format!("/api/assets/{image}")).await.expect(200).json()["uses"].clone();
    assert_eq!(uses, json!([{ "workflow_id": id, "name": "Doors", "node_id": "door", "node_type": "UploadImage", "role": "input" }]));
    let refused = client.delete(&format!("/api/assets/{image}")).await.problem(409);
    assert_eq!(refused["workflows"], json!([{ "id": id, "name": "Doors" }]));
    client.delete(&format!("/api/assets/{image}?force=true")).await.expect(204);
}

#[tokio::test]
async fn a_file_that_was_set_aside_comes_back_with_its_row() {
    let server = TestServer::start().await;
    let client = &server.client;
    let [(_, clip), _] = both(client).await;
    let state = server.state();
    let hash = client.get(&format!("/api/videos/{clip}")).await.json()["file_hash"].as_str().unwrap().to_owned();
    let file = server.dir.path().join(format!("videos/{}/{hash}.mp4", &hash[..2]));
    let aside = state.studio.content.orphans_dir().join(format!("{hash}.mp4"));
    std::fs::create_dir_all(aside.parent().unwrap()).unwrap();
    std::fs::rename(&file, &aside).unwrap();
    let now = SystemTime::now();
    let swept = sweep::sweep(&state.studio.db, &state.studio.content, now, now).await.unwrap();
    assert_eq!((swept.taken_back, swept.without_file), (1, 0));
    assert_eq!(client.get(&format!("/api/videos/{clip}/download")).await.expect(200).body, clips::short(70));
    // What only bears its name does not.
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&aside, "something else").unwrap();
    let swept = sweep::sweep(&state.studio.db, &state.studio.content, now, now).await.unwrap();
    assert_eq!((swept.taken_back, swept.without_file), (0, 1));
}
