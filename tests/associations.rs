//! Which clips belong to which node of a workflow: as a caller says, and by what was saved and run.

use reelgraph::{
    domain::{ExecutionId, Timestamp},
    server::{library::uses::associate_step, state::AppState, store::executions},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, clips};

const UNKNOWN: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";

async fn upload(client: &Client, variant: u32) -> String {
    client.upload("clip.mp4", clips::short(variant)).await.json()["video_id"].as_str().unwrap().to_owned()
}

fn node(id: &str, kind: &str, params: Value) -> Value {
    json!({"id": id, "type": kind, "position": {"x": 0, "y": 0}, "params": params})
}

fn wire(from: &str, to: &str, socket: &str) -> Value {
    json!({"from": {"node": from, "socket": "video"}, "to": {"node": to, "socket": socket}})
}

async fn create(client: &Client, status: &str, nodes: &[Value], connections: &[Value]) -> String {
    let body = json!({"name": "One", "status": status, "definition": {"schema": 1, "nodes": nodes, "connections": connections}});
    client.post("/api/workflows", &body).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned()
}

/// Records an execution whose steps succeeded with these clips, as the engine does.
async fn ran(state: &AppState, workflow: &str, at: &str, steps: &[(&str, &str, &str)]) -> String {
    let execution = ExecutionId::generate().to_string();
    let mut tx = state.studio.db.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO executions (id, workflow_id, mode, status, definition, created_at) VALUES ($1, $2, 'draft', 'succeeded', '{}', $3)",
    )
    .bind(&execution)
    .bind(workflow)
    .bind(at)
    .execute(&mut *tx)
    .await
    .unwrap();
    for (position, (node, kind, video)) in steps.iter().enumerate() {
        sqlx::query(
            "INSERT INTO execution_nodes (execution_id, node_id, node_type, position, status, asset_kind, asset_id, finished_at)
             VALUES ($1, $2, $3, $4, 'succeeded', 'video', $5, $6)",
        )
        .bind(&execution)
        .bind(node)
        .bind(kind)
        .bind(position as i64)
        .bind(video)
        .bind(at)
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    execution
}

async fn clips_of(client: &Client, id: &str) -> Vec<(String, String, String)> {
    let row = client.get(&format!("/api/workflows/{id}")).await.expect(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    row["videos"].as_array().unwrap().iter().map(|clip| (text(&clip["node_id"]), text(&clip["video_id"]), text(&clip["role"]))).collect()
}

fn owned(clips: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    clips.iter().map(|(node, video, role)| ((*node).to_owned(), (*video).to_owned(), (*role).to_owned())).collect()
}

#[tokio::test]
async fn a_caller_associates_and_renews() {
    let server = TestServer::start().await;
    let client = &server.client;
    let id = create(client, "draft", &[node("s", "Sora2Video", json!({}))], &[]).await;
    let (one, two) = (upload(client, 1).await, upload(client, 2).await);
    let path = format!("/api/workflows/{id}/videos");
    let body = |video: &str, role: &str| json!({"video_id": video, "node_id": "s", "node_type": "Sora2Video", "role": role});
    client.post(&path, &body(&one, "output")).await.expect(201);
    client.post(&path, &body(&two, "output")).await.expect(201);
    assert_eq!(clips_of(client, &id).await, owned(&[("s", &two, "output"), ("s", &one, "output")]), "newest first");
    let execution = ExecutionId::generate().to_string();
    let mut renewed = body(&one, "intermediate");
    renewed["execution_id"] = json!(execution);
    client.post(&path, &renewed).await.expect(200);
    let row = client.get(&format!("/api/workflows/{id}")).await.json();
    let clip = &row["videos"][0];
    assert_eq!((&clip["video_id"], &clip["role"], &clip["execution_id"]), (&json!(one), &json!("intermediate"), &json!(execution)));
    assert_eq!((&clip["node_type"], &clip["video"]["id"], &clip["video"]["name"]), (&json!("Sora2Video"), &json!(one), &json!("clip.mp4")));
    assert!(clip.get("missing").is_none());
    assert_eq!(row["video_count"], 2);
    let uses = client.get(&format!("/api/videos/{one}")).await.json()["workflows"].clone();
    assert_eq!(uses, json!([{"workflow_id": id, "name": "One", "node_id": "s", "node_type": "Sora2Video", "role": "intermediate"}]));
}

#[tokio::test]
async fn a_wrong_association_is_refused() {
    let server = TestServer::start().await;
    let client = &server.client;
    let id = create(client, "draft", &[node("s", "Sora2Video", json!({}))], &[]).await;
    let video = upload(client, 1).await;
    let path = format!("/api/workflows/{id}/videos");
    let good = json!({"video_id": video, "node_id": "s", "node_type": "Sora2Video", "role": "output"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    client.post(&path, &with("video_id", json!(UNKNOWN))).await.problem(404);
    client.post(&format!("/api/workflows/{UNKNOWN}/videos"), &good).await.problem(404);
    for (name, value) in [
        ("video_id", json!("job-uuid-1")),
        ("node_id", json!("")),
        ("node_id", json!("n".repeat(129))),
        ("node_type", json!("")),
        ("role", json!("star")),
        ("execution_id", json!("1")),
        ("colour", json!("red")),
    ] {
        let problem = client.post(&path, &with(name, value)).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"), "{problem:#}");
    }
    client.send(client.request(Method::POST, &path).header("Content-Type", "application/json").body("{")).await.problem(400);
    assert!(clips_of(client, &id).await.is_empty());
}

#[tokio::test]
async fn a_draft_gets_its_clips_when_it_is_saved() {
    let server = TestServer::start().await;
    let client = &server.client;
    let (first, second, joined, given) =
        (upload(client, 1).await, upload(client, 2).await, upload(client, 3).await, upload(client, 4).await);
    let nodes = [
        node("a", "Sora2Video", json!({"prompt": "a"})),
        node("b", "VeoVideo", json!({"prompt": "b"})),
        node("u", "UploadVideo", json!({"video_id": given})),
        node("st", "VideoStitcher", json!({})),
        node("o", "Output", json!({"name": "Episode"})),
    ];
    let wires = [wire("a", "st", "videos"), wire("u", "st", "videos"), wire("st", "o", "video")];
    let id = create(client, "draft", &nodes, &wires).await;
    ran(server.state(), &id, "2026-01-01T00:00:01.000000Z", &[("a", "Sora2Video", &second)]).await;
    let execution = ran(
        server.state(),
        &id,
        "2026-01-01T00:00:02.000000Z",
        &[
            ("a", "Sora2Video", &first),
            ("b", "VeoVideo", &second),
            ("u", "UploadVideo", &given),
            ("st", "VideoStitcher", &joined),
            ("gone", "Sora2Video", &second),
        ],
    )
    .await;
    ran(server.state(), &id, "2026-01-01T00:00:03.000000Z", &[("b", "Sora2Video", &first)]).await;
    client.put(&format!("/api/workflows/{id}"), &json!({"name": "Still a draft"})).await.expect(200);
    assert!(clips_of(client, &id).await.is_empty());

    let before = client.get(&format!("/api/workflows/{id}")).await.json();
    client.put(&format!("/api/workflows/{id}"), &json!({"status": "saved"})).await.expect(200);
    let mut clips = clips_of(client, &id).await;
    clips.sort();
    let expected = [("a", &*first, "intermediate"), ("b", &second, "output"), ("st", &joined, "output"), ("u", &given, "input")];
    assert_eq!(clips, owned(&expected), "same id and type, the latest step, by what the clip feeds");
    let row = client.get(&format!("/api/workflows/{id}")).await.json();
    assert_eq!(row["videos"][0]["execution_id"], json!(execution));
    assert_eq!((&before["last_executed_at"], &row["last_executed_at"]), (&Value::Null, &json!("2026-01-01T00:00:03.000000Z")));
    let etag = client.get(&format!("/api/workflows/{id}")).await.header("etag");

    // A step of a saved workflow that succeeds later, as the engine tells.
    let at = "2026-01-01T00:00:04.000000Z";
    let later: ExecutionId = ran(server.state(), &id, at, &[("a", "Sora2Video", &second)]).await.parse().unwrap();
    let mut tx = server.state().studio.db.begin().await.unwrap();
    let step = executions::get(&mut tx, later).await.unwrap().unwrap().nodes.remove(0);
    associate_step(&mut tx, later, &step, at.parse().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let after = client.get(&format!("/api/workflows/{id}")).await;
    assert_eq!(after.header("etag"), etag);
    assert_eq!(after.json()["updated_at"], row["updated_at"]);
    assert_eq!(clips_of(client, &id).await[0], owned(&[("a", &second, "intermediate")])[0]);
}

#[tokio::test]
async fn saving_again_neither_repeats_nor_undoes_an_association() {
    let server = TestServer::start().await;
    let client = &server.client;
    let (made, chosen) = (upload(client, 1).await, upload(client, 2).await);
    let id = create(client, "saved", &[node("a", "Sora2Video", json!({"prompt": "a"}))], &[]).await;
    ran(server.state(), &id, "2026-01-01T00:00:01.000000Z", &[("a", "Sora2Video", &made)]).await;
    let path = format!("/api/workflows/{id}");
    client.put(&path, &json!({"name": "Two"})).await.expect(200);
    let association = json!({"video_id": chosen, "node_id": "a", "node_type": "Sora2Video", "role": "output"});
    client.post(&format!("{path}/videos"), &association).await.expect(201);
    let associations = async || {
        let mut videos = client.get(&path).await.json()["videos"].clone();
        // The video itself names the workflows that use it, and this one is renamed.
        videos.as_array_mut().unwrap().iter_mut().for_each(|one| one["video"] = json!(null));
        videos
    };
    let before = associations().await;
    assert_eq!(before[0]["video_id"], json!(chosen));
    client.put(&path, &json!({"name": "Three"})).await.expect(200);
    assert_eq!(associations().await, before);
}

#[tokio::test]
async fn an_upload_follows_the_video_its_node_names() {
    let server = TestServer::start().await;
    let client = &server.client;
    let (one, two) = (upload(client, 1).await, upload(client, 2).await);
    let definition = |video: &str| json!({"schema": 1, "nodes": [node("u", "UploadVideo", json!({"video_id": video}))], "connections": []});
    let id = create(client, "saved", &[node("u", "UploadVideo", json!({"video_id": one}))], &[]).await;
    let path = format!("/api/workflows/{id}");
    assert_eq!(clips_of(client, &id).await, owned(&[("u", &one, "input")]));
    for (video, count) in [(&one, 1), (&two, 2), (&one, 2), (&UNKNOWN.to_owned(), 2)] {
        client.put(&path, &json!({"definition": definition(video)})).await.expect(200);
        let clips = clips_of(client, &id).await;
        assert_eq!(clips.len(), count);
        if video != UNKNOWN {
            assert_eq!(&clips[0].1, video);
        }
    }
}

#[tokio::test]
async fn a_deleted_clip_shows_what_it_was() {
    let server = TestServer::start().await;
    let client = &server.client;
    let video = upload(client, 1).await;
    let id = create(client, "saved", &[node("u", "UploadVideo", json!({"video_id": video}))], &[]).await;
    let hash = client.get(&format!("/api/videos/{video}")).await.json()["file_hash"].clone();
    let refused = client.delete(&format!("/api/videos/{video}")).await.problem(409);
    assert_eq!(refused["workflows"], json!([{"id": id, "name": "One"}]));
    client.delete(&format!("/api/videos/{video}?force=true")).await.expect(204);
    let clip = client.get(&format!("/api/workflows/{id}")).await.json()["videos"][0].clone();
    assert_eq!((&clip["video"], &clip["missing"]["name"], &clip["missing"]["file_hash"]), (&Value::Null, &json!("clip.mp4"), &hash));
    assert!(clip["missing"]["reason"].is_string() && clip["missing"]["deleted_at"].is_string());
}

#[tokio::test]
async fn deleting_a_workflow_keeps_its_videos_and_ends_its_executions() {
    let server = TestServer::start().await;
    let client = &server.client;
    let video = upload(client, 1).await;
    let id = create(client, "saved", &[node("u", "UploadVideo", json!({"video_id": video}))], &[]).await;
    let execution = ran(server.state(), &id, &Timestamp::now().to_string(), &[("u", "UploadVideo", &video)]).await;
    let mut tx = server.state().studio.db.begin().await.unwrap();
    sqlx::query("UPDATE executions SET status = 'running'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    client.delete(&format!("/api/workflows/{id}")).await.expect(204);
    let kept = client.get(&format!("/api/videos/{video}")).await.expect(200).json();
    assert_eq!(kept["workflows"], json!([]));
    let execution = client.get(&format!("/api/executions/{execution}")).await.expect(200).json();
    assert_eq!((&execution["status"], &execution["workflow_id"]), (&json!("cancelled"), &Value::Null));
    client.delete(&format!("/api/videos/{video}")).await.expect(204);
}
