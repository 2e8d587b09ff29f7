//! Rows that a disk, a hand or another program has damaged: each is told of, none hides another, and nothing of it is overwritten in silence.

use serde_json::{Value, json};

use crate::support::{
    TestServer,
    graphs::{definition, node, shot},
};

/// Text that is no JSON, as a page that was torn leaves it.
const RUBBISH: &str = "{\"schema\":1,\"nodes\":[{\"id\":\"a\",\u{0}";

fn prompt(text: &str) -> Value {
    definition(&[node("p", "Prompt", json!({ "text": text }))], &[])
}

async fn workflow(server: &TestServer, name: &str, definition: &Value) -> String {
    let row = json!({ "name": name, "status": "saved", "definition": definition });
    server.client.post("/api/workflows", &row).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned()
}

/// Writes into a row past the program.
async fn damage(server: &TestServer, table: &str, column: &str, id: &str, text: &str) {
    let mut tx = server.state().studio.db.begin().await.unwrap();
    let statement = format!("UPDATE {table} SET {column} = $1 WHERE id = $2");
    let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(text).bind(id).execute(&mut *tx).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    tx.commit().await.unwrap();
}

async fn called(server: &TestServer, function: &str, id: &str) -> crate::support::Answer {
    server.client.post(&format!("/api/fn/{function}"), &json!({ "id": id })).await
}

#[tokio::test]
async fn a_definition_that_is_no_json_is_told_and_its_unsaved_edits_are_offered() {
    let server = TestServer::start().await;
    let id = workflow(&server, "Rain", &prompt("saved")).await;
    let path = format!("/api/workflows/{id}");
    server.client.put(&format!("{path}/draft"), &json!({ "definition": prompt("edited"), "base_etag": "\"1-0\"" })).await.expect(200);
    damage(&server, "workflows", "definition", &id, RUBBISH).await;

    for problem in
        [server.client.get(&path).await, server.client.post("/api/executions", &json!({ "workflow_id": id, "mode": "draft" })).await]
    {
        let problem = problem.problem(409);
        assert_eq!(problem["type"], "urn:reelgraph:error:unreadable");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("Rain") && detail.contains("unsaved edits") && !detail.contains("schema"), "{detail}");
    }
    assert_eq!(called(&server, "open_workflow", &id).await.expect(409).json()["kind"], "unreadable");
    let broken = called(&server, "broken_workflow", &id).await.expect(200).json();
    assert_eq!(broken["text"], RUBBISH);
    assert_eq!(broken["rescue"]["definition"], prompt("edited"));
    let page =
        server.client.send(server.client.request(reqwest::Method::GET, &format!("/workflows/{id}")).header("accept", "text/html")).await;
    assert!(page.expect(200).text().contains("Download the damaged text"));
    let list = server.client.get("/api/workflows").await.expect(200).json();
    assert_eq!(list[0]["name"], "Rain", "the list does not need it");

    // What takes its place is a version like another; the damaged text is a workflow of its own.
    let change = json!({ "definition": broken["rescue"]["definition"] });
    let put = server.client.request(reqwest::Method::PUT, &path).header("if-match", broken["etag"].as_str().unwrap()).json(&change);
    server.client.send(put).await.expect(200);
    assert_eq!(server.client.get(&path).await.expect(200).json()["definition"], prompt("edited"));
    let list = server.client.get("/api/workflows?q=unreadable").await.expect(200).json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    let kept = server.client.get(&format!("/api/workflows/{}", list[0]["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(kept["definition"]["unreadable"], RUBBISH);
    assert_eq!(called(&server, "broken_workflow", &id).await.expect(200).json(), Value::Null);
}

#[tokio::test]
async fn without_edits_what_it_ran_is_offered() {
    let server = TestServer::start().await;
    let ran = definition(&[shot("a", json!({ "prompt": "Rain" }))], &[]);
    let id = workflow(&server, "Ran", &ran).await;
    let run = server.client.post("/api/executions", &json!({ "workflow_id": id, "mode": "draft" })).await.expect(202).json();
    let path = format!("/api/executions/{}", run["execution_id"].as_str().unwrap());
    server.client.wait_for(&path, |run| run["finished_at"].is_string()).await;
    damage(&server, "workflows", "definition", &id, "").await;
    let broken = called(&server, "broken_workflow", &id).await.expect(200).json();
    assert_eq!((&broken["rescue"]["source"], &broken["rescue"]["definition"]), (&json!("Execution"), &ran));
    let nothing = workflow(&server, "Nothing", &prompt("x")).await;
    damage(&server, "workflows", "definition", &nothing, RUBBISH).await;
    let broken = called(&server, "broken_workflow", &nothing).await.expect(200).json();
    assert_eq!(broken["rescue"], Value::Null);
    server.client.get(&format!("/api/workflows/{nothing}")).await.problem(409);
    server.client.delete(&format!("/api/workflows/{nothing}")).await.expect(204);
}

#[tokio::test]
async fn edits_that_are_no_json_do_not_hide_their_workflow_and_are_kept() {
    let server = TestServer::start().await;
    let id = workflow(&server, "Rain", &prompt("saved")).await;
    let path = format!("/api/workflows/{id}");
    let draft = json!({ "definition": prompt("edited"), "base_etag": "\"1-0\"" });
    server.client.put(&format!("{path}/draft"), &draft).await.expect(200);
    damage(&server, "workflows", "draft_definition", &id, RUBBISH).await;
    let shown = server.client.get(&path).await.expect(200).json();
    assert_eq!((&shown["definition"], &shown["draft"]), (&prompt("saved"), &Value::Null));
    called(&server, "open_workflow", &id).await.expect(200);
    server.client.put(&format!("{path}/draft"), &draft).await.expect(200);
    server.client.put(&format!("{path}/draft"), &draft).await.expect(200);
    let kept = server.client.get("/api/workflows?q=unreadable").await.expect(200).json();
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(server.client.get(&path).await.expect(200).json()["draft"]["definition"], prompt("edited"));
}

#[tokio::test]
async fn one_bad_row_hides_no_other() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(
            workflow(&server, &format!("Episode {number}"), &definition(&[shot("a", json!({ "prompt": number.to_string() }))], &[])).await,
        );
    }
    let mut runs = Vec::new();
    for id in &ids {
        let run = server.client.post("/api/executions", &json!({ "workflow_id": id, "mode": "draft" })).await.expect(202).json();
        let path = format!("/api/executions/{}", run["execution_id"].as_str().unwrap());
        runs.push(server.client.wait_for(&path, |run| run["finished_at"].is_string()).await);
    }
    damage(&server, "workflows", "status", &ids[1], "torn").await;
    damage(&server, "executions", "mode", runs[1]["id"].as_str().unwrap(), "torn").await;
    damage(&server, "jobs", "created_at", runs[1]["nodes"][0]["job_id"].as_str().unwrap(), "torn").await;
    damage(&server, "videos", "file_hash", runs[1]["nodes"][0]["video_id"].as_str().unwrap(), "torn").await;
    for list in ["/api/workflows", "/api/executions", "/api/jobs?kind=generate", "/api/videos", "/api/assets"] {
        let answer = server.client.get(list).await.expect(200);
        assert_eq!(answer.header("x-unreadable-rows"), "1", "{list}");
        assert_eq!(answer.json().as_array().unwrap().len(), 2, "{list}: {:#}", answer.json());
    }
    // Page by page nothing is passed over.
    let first = server.client.get("/api/workflows?limit=2").await.expect(200);
    let next = first.header("link");
    let next = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let second = server.client.get(&next).await.expect(200);
    let names: Vec<_> =
        [first.json(), second.json()].iter().flat_map(|page| page.as_array().unwrap().clone()).map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["Episode 2", "Episode 0"]);
    for (path, words) in [("/", "1 workflow is left out"), ("/jobs", "is left out")] {
        let page =
            server.client.send(server.client.request(reqwest::Method::GET, path).header("accept", "text/html")).await.expect(200).text();
        assert!(page.contains(words), "{path}: {page}");
    }
    let problem = server.client.get(&format!("/api/workflows/{}", ids[1])).await.problem(409);
    assert_eq!(problem["type"], "urn:reelgraph:error:unreadable");
}
