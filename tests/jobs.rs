//! The queue over HTTP: priorities, pause and resume, posters; kept over a restart.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestServer, clips,
    graphs::{definition, shot},
    stream::EventStream,
};

async fn patch(client: &Client, id: &str, body: &Value) -> Answer {
    client.send(client.request(Method::PATCH, &format!("/api/jobs/{id}")).json(body)).await
}

async fn ask(client: &Client, body: Value) -> String {
    client.post("/api/videos/generate", &body).await.expect(202).json()["job_id"].as_str().unwrap().to_owned()
}

/// A shot that keeps a worker busy until it is cancelled.
fn long(prompt: &str) -> Value {
    json!({ "provider": "animatic", "prompt": prompt, "params": { "seconds": 60, "size": "1080x1920" } })
}

fn short(prompt: &str) -> Value {
    json!({ "provider": "animatic", "prompt": prompt, "params": { "seconds": 1, "size": "180x320" } })
}

async fn job(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/jobs/{id}")).await.expect(200).json()
}

async fn wait_for(client: &Client, id: &str, status: &'static str) -> Value {
    client.wait_for(&format!("/api/jobs/{id}"), |job| job["status"] == status).await
}

/// A server whose one worker is busy, with the job that keeps it so.
async fn busy() -> (TestServer, String) {
    let server = TestServer::start_with(|config| config.workers = 1).await;
    let busy = ask(&server.client, long("Busy")).await;
    wait_for(&server.client, &busy, "running").await;
    (server, busy)
}

async fn cancel(client: &Client, id: &str) {
    client.delete(&format!("/api/jobs/{id}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_checked_field_by_field() {
    let (server, running) = busy().await;
    let client = &server.client;
    let waiting = ask(client, short("Waits")).await;
    for (body, pointer) in [
        (json!({ "priority": 1001 }), "/priority"),
        (json!({ "priority": -1001 }), "/priority"),
        (json!({ "priority": 1.5 }), "/priority"),
        (json!({ "priority": null }), "/priority"),
        (json!({ "priority": 1e300 }), "/priority"),
        (json!({ "priority": "high" }), "/priority"),
        (json!({ "priority": 99_999_999_999_i64 }), "/priority"),
        (json!({ "paused": 1 }), "/paused"),
        (json!({ "paused": true, "lane": "fast" }), "/lane"),
        (json!({}), ""),
    ] {
        let problem = patch(client, &waiting, &body).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem:#}");
    }
    let body = client.request(Method::PATCH, &format!("/api/jobs/{waiting}")).header("content-type", "application/json").body("{");
    client.send(body).await.problem(400);
    patch(client, "0190b5a0-7b0e-7c3e-8f1e-0123456789ab", &json!({ "paused": true })).await.problem(404);
    patch(client, "none", &json!({ "paused": true })).await.problem(404);
    let untouched = job(client, &waiting).await;
    assert_eq!((&untouched["priority"], &untouched["paused"]), (&json!(0), &json!(false)));

    let refused = patch(client, &running, &json!({ "paused": true })).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("runs already"), "{refused:#}");
    assert_eq!(patch(client, &running, &json!({ "priority": 3 })).await.expect(200).json()["priority"], 3);
    assert_eq!(patch(client, &running, &json!({ "priority": 4.0 })).await.expect(200).json()["priority"], 4, "4.0 is a whole number");
    cancel(client, &running).await;
    let finished = wait_for(client, &waiting, "succeeded").await;
    assert_eq!(patch(client, &waiting, &json!({ "priority": 9, "paused": true })).await.expect(200).json(), finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_is_held_until_it_is_resumed_and_pages_are_told() {
    let (server, running) = busy().await;
    let client = &server.client;
    let run = json!({ "definition": definition(&[shot("one", json!({ "prompt": "Held" }))], &[]), "mode": "draft" });
    let execution = client.post("/api/executions", &run).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    let held = client.get(&format!("/api/jobs?execution_id={execution}")).await.json()[0]["id"].as_str().unwrap().to_owned();
    let after = ask(client, short("After it")).await;
    let mut stream = EventStream::open(client, "", None).await;
    let paused = patch(client, &held, &json!({ "paused": true })).await.expect(200).json();
    assert_eq!((&paused["paused"], &paused["status"]), (&json!(true), &json!("queued")));
    let told = stream.until(|arrived| arrived.name == "node").await;
    assert_eq!((&told[0].name, &told[0].data), (&"job".to_owned(), &paused));
    assert_eq!(told.last().unwrap().data["message"], "Paused in the queue");

    cancel(client, &running).await;
    wait_for(client, &after, "succeeded").await;
    // Its poster, which comes last of all, is done: the worker had nothing else to do.
    client.wait_for("/api/jobs?kind=poster", |posters| posters[0]["status"] == "succeeded").await;
    assert_eq!(job(client, &held).await, paused);
    assert_eq!(patch(client, &held, &json!({ "paused": false })).await.expect(200).json()["paused"], false);
    wait_for(client, &held, "succeeded").await;
    let ended = client.wait_for(&format!("/api/executions/{execution}"), |execution| !execution["finished_at"].is_null()).await;
    assert_eq!((&ended["status"], &ended["nodes"][0]["message"]), (&json!("succeeded"), &json!("")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_higher_priority_runs_first_also_after_a_restart() {
    let mut server = TestServer::start_with(|config| config.workers = 0).await;
    let (first, second) = (ask(&server.client, short("First")).await, ask(&server.client, short("Second")).await);
    let held = ask(&server.client, short("Held")).await;
    patch(&server.client, &second, &json!({ "priority": 1 })).await.expect(200);
    patch(&server.client, &held, &json!({ "priority": 2, "paused": true })).await.expect(200);
    server.restart_with(|config| config.workers = 1).await;
    let [first, second] = [wait_for(&server.client, &first, "succeeded").await, wait_for(&server.client, &second, "succeeded").await];
    assert!(second["started_at"].as_str().unwrap() < first["started_at"].as_str().unwrap(), "{first:#} {second:#}");
    let held = job(&server.client, &held).await;
    assert_eq!((&held["status"], &held["priority"], &held["paused"]), (&json!("queued"), &json!(2), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_video_gets_its_poster_by_a_job_that_belongs_to_no_run() {
    let server = TestServer::start().await;
    let client = &server.client;
    let video = client.upload("clip.mp4", clips::short(0)).await.expect(201).json()["video_id"].clone();
    let poster = &client.wait_for("/api/jobs?kind=poster", |posters| posters[0]["status"] == "succeeded").await[0];
    assert_eq!((&poster["video_id"], &poster["priority"]), (&video, &json!(-100)));
    assert_eq!((&poster["execution_id"], &poster["node_id"]), (&Value::Null, &Value::Null));
    assert_eq!(client.get("/api/jobs?kind=generate").await.expect(200).json(), json!([]));
    client.get("/api/jobs?kind=dance").await.problem(422);
    let file = server.state().studio.content.poster_path(&clip_hash(client, &video).await);
    let made = std::fs::read(&file).unwrap();
    let shown = client.get(&format!("/api/videos/{}/thumbnail", video.as_str().unwrap())).await.expect(200);
    assert_eq!(shown.body, made);
    // The same bytes again are the same video, with the poster it has.
    client.upload("again.mp4", clips::short(0)).await.expect(200);
    assert_eq!(client.get("/api/jobs").await.expect(200).json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_is_deleted_before_its_poster_is_made_leaves_nothing_and_one_without_file_says_why() {
    let (server, running) = busy().await;
    let client = &server.client;
    let gone = client.upload("gone.mp4", clips::short(0)).await.expect(201).json()["video_id"].clone();
    let lost = client.upload("lost.mp4", clips::short(1)).await.expect(201).json()["video_id"].clone();
    let (gone_poster, lost_hash) =
        (server.state().studio.content.poster_path(&clip_hash(client, &gone).await), clip_hash(client, &lost).await);
    client.delete(&format!("/api/videos/{}", gone.as_str().unwrap())).await.expect(204);
    client.delete(&format!("/api/assets/{}?permanent=true", gone.as_str().unwrap())).await.expect(204);
    let content = &server.state().studio.content;
    std::fs::remove_file(content.path_of(&reelgraph::server::media::content::Content::file_path(&lost_hash, "mp4"))).unwrap();
    cancel(client, &running).await;
    let ended = |posters: &Value| posters.as_array().unwrap().iter().all(|poster| !poster["finished_at"].is_null());
    let posters = client.wait_for("/api/jobs?kind=poster", ended).await;
    let of = |video: &Value| posters.as_array().unwrap().iter().find(|poster| poster["video_id"] == *video).unwrap().clone();
    assert_eq!(of(&gone)["status"], "succeeded");
    assert!(!gone_poster.exists());
    assert_eq!(of(&lost)["status"], "failed");
    assert!(of(&lost)["error"]["message"].as_str().unwrap().contains("missing"), "{:#}", of(&lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_comes_whole_from_the_server() {
    let (server, running) = busy().await;
    let client = &server.client;
    let page = async |path: &str| client.get(path).await.expect(200).text();
    let body = json!({ "name": "Street & rain", "definition": definition(&[shot("one", json!({ "prompt": "Umbrellas" }))], &[]) });
    let workflow = client.post("/api/workflows", &body).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned();
    client.post("/api/executions", &json!({ "workflow_id": workflow, "mode": "draft" })).await.expect(202);
    let held = ask(client, short("Held back")).await;
    patch(client, &held, &json!({ "paused": true })).await.expect(200);
    client.upload("clip.mp4", clips::short(0)).await.expect(201);
    let all = page("/jobs").await;
    for said in ["Cancel Busy", "Move Umbrellas up", "Resume Held back", "1 poster is being made.", "Street &amp; rain"] {
        assert!(all.contains(said), "{said} is not in {all}");
    }
    assert!(all.contains(&format!("href=\"/workflows/{workflow}\"")));
    let failed = page("/jobs?status=failed").await;
    assert!(failed.contains("No such job now") && !failed.contains("Cancel Busy"));
    cancel(client, &running).await;
    assert!(page("/jobs?status=cancelled").await.contains("Busy"));
}

async fn clip_hash(client: &Client, video: &Value) -> reelgraph::domain::Sha256 {
    let video = client.get(&format!("/api/videos/{}", video.as_str().unwrap())).await.expect(200).json();
    video["file_hash"].as_str().unwrap().parse().unwrap()
}
