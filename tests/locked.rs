//! Another program holds the database: what reads goes on, what writes waits up to a bound and is refused for the moment, and afterwards all works.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::{
    Answer, Client, TestServer,
    graphs::{definition, node, shot},
};

/// A write waits for another program no longer than this. Generous: machines that test are busy.
const BOUND: Duration = Duration::from_secs(60);

async fn save(client: &Client, name: &str) -> Answer {
    let note = node("note", "Note", json!({ "text": "kept" }));
    client.post("/api/workflows", &json!({ "name": name, "definition": definition(&[note], &[]) })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_program_holds_is_waited_for_and_then_told() {
    let server = TestServer::start().await;
    let client = &server.client;
    save(client, "before").await.expect(201);
    // A run that is under way meanwhile waits, and goes on.
    let run = json!({ "definition": definition(&[shot("one", json!({ "prompt": "a" }))], &[]), "mode": "draft" });
    let run = client.post("/api/executions", &run).await.expect(202).json();
    let path = format!("/api/executions/{}", run["execution_id"].as_str().unwrap());

    let url = format!("sqlite://{}", server.dir.path().join("media.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    let held = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let saves = futures_util::future::join_all((0..4).map(|_| save(client, "refused")));
    let saves = tokio::time::timeout(BOUND, saves).await.expect("a save waits for ever");
    for refused in saves {
        let retry_after = refused.header("retry-after");
        let problem = refused.problem(503);
        assert!(problem["detail"].as_str().unwrap().contains("busy"), "{problem}");
        assert!(retry_after.parse::<u32>().is_ok_and(|seconds| seconds > 0), "{retry_after}");
    }
    let list = client.get("/api/workflows").await.expect(200).json();
    assert_eq!(list.as_array().unwrap().len(), 1, "what reads goes on");
    // Server functions tell the same as the API.
    client.get("/jobs").await.expect(200);
    held.rollback().await.unwrap();

    save(client, "after").await.expect(201);
    let run = client.wait_for(&path, |run| !["queued", "running"].contains(&run["status"].as_str().unwrap())).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_hold_is_only_a_wait() {
    let server = TestServer::start().await;
    let url = format!("sqlite://{}", server.dir.path().join("media.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    let held = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let client = server.client.clone();
    let saving = tokio::spawn(async move { save(&client, "waits").await });
    // Until the save is on its way, nobody can tell that it waits.
    tokio::time::timeout(Duration::from_millis(500), std::future::pending::<()>()).await.unwrap_err();
    assert!(!saving.is_finished());
    held.rollback().await.unwrap();
    saving.await.unwrap().expect(201);
}
