//! What is at a limit is taken, what is past it is refused by its place, and neither is an error of the server or takes long.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestServer, clips};

#[tokio::test]
async fn a_clip_is_uploaded_under_a_long_name_but_not_under_any() {
    let server = TestServer::start().await;
    for (characters, status) in [(1_024, 201), (1_025, 422), (5_000, 422)] {
        let part = reqwest::multipart::Part::bytes(clips::short(0)).file_name("clip.mp4");
        let form = reqwest::multipart::Form::new().text("name", "\u{573a}".repeat(characters)).part("file", part);
        let answer = server.client.send(server.client.request(Method::POST, "/api/videos/upload").multipart(form)).await.expect(status);
        if status == 422 {
            assert_eq!(answer.problem(422)["errors"][0]["pointer"], "/name");
        }
    }
}

#[tokio::test]
async fn the_largest_workflow_is_saved_and_priced() {
    let server = TestServer::start().await;
    let node = |id: String, kind: &str| json!({ "id": id, "type": kind, "params": { "prompt": "A door", "text": "A door" } });
    let wire = |from: String, to: String| {
        let end = |text: String| text.split_once('.').map(|(node, socket)| json!({ "node": node, "socket": socket })).unwrap();
        json!({ "from": end(from), "to": end(to) })
    };
    let shots = (0..2_500).map(|shot| node(format!("s{shot}"), "Sora2Video"));
    let stitchers = (0..7_500).map(|join| node(format!("j{join}"), "VideoStitcher"));
    let nodes: Vec<Value> = shots.chain(stitchers).collect();
    let pairs = (0..2_500).flat_map(|shot| (0..16).map(move |wired| (shot, (shot * 3 + wired * 469) % 7_500)));
    let wires: Vec<Value> = pairs.map(|(shot, join)| wire(format!("s{shot}.video"), format!("j{join}.videos"))).collect();
    let mut definition = json!({ "schema": 1, "nodes": nodes, "connections": wires });
    server.client.post("/api/workflows", &json!({ "name": "Largest", "definition": definition })).await.expect(201);
    // Each node is looked at with its connections: what looks at all of them for each takes half a minute here.
    let began = std::time::Instant::now();
    server.client.post("/api/executions/estimate", &json!({ "definition": definition, "mode": "draft" })).await.expect(200);
    println!("priced in {:?}", began.elapsed());
    definition["nodes"].as_array_mut().unwrap().push(node("more".into(), "Note"));
    let problem = server.client.post("/api/workflows", &json!({ "name": "Larger", "definition": definition })).await.problem(422);
    assert_eq!(problem["errors"][0]["kind"], "too_large");
}

/// A sound definition of exactly so many bytes of JSON: most of them in a field that this version does not know, and keeps.
fn definition_of(bytes: usize) -> Value {
    let definition = |text: String| json!({ "schema": 1, "nodes": [], "connections": [], "later": text });
    let empty = definition(String::new()).to_string().len();
    definition("x".repeat(bytes - empty))
}

#[tokio::test]
async fn a_definition_of_16_mib_is_saved_by_every_door_and_a_larger_one_is_refused_in_words() {
    const LARGEST: usize = 16 << 20;
    let server = TestServer::start().await;
    let (fits, too_large) = (definition_of(LARGEST), definition_of(LARGEST + 1));
    let id = server.client.post("/api/workflows", &json!({ "name": "Long", "definition": fits })).await.expect(201).json()["workflow_id"]
        .clone();
    let path = format!("/api/workflows/{}", id.as_str().unwrap());
    server.client.put(&path, &json!({ "definition": fits, "status": "saved" })).await.expect(200);
    server.client.put(&format!("{path}/draft"), &json!({ "definition": fits, "base_etag": "\"1-0\"" })).await.expect(200);
    let save = |definition: &Value| json!({ "id": id, "change": { "name": "Long again", "definition": definition }, "if_match": null });
    server.client.post("/api/fn/save_workflow", &save(&fits)).await.expect(200);
    let create = |definition: &Value| json!({ "workflow": { "name": "Another", "definition": definition } });
    server.client.post("/api/fn/create_workflow", &create(&fits)).await.expect(200);

    for problem in [
        server.client.post("/api/workflows", &json!({ "name": "Longer", "definition": too_large })).await,
        server.client.put(&path, &json!({ "definition": too_large })).await,
        server.client.put(&format!("{path}/draft"), &json!({ "definition": too_large, "base_etag": "\"1-0\"" })).await,
        server.client.post("/api/executions", &json!({ "definition": too_large, "mode": "draft" })).await,
    ] {
        let problem = problem.problem(422);
        assert_eq!((&problem["errors"][0]["kind"], &problem["errors"][0]["pointer"]), (&json!("too_large"), &json!("/definition")));
    }
    for (function, body) in [("save_workflow", save(&too_large)), ("create_workflow", create(&too_large))] {
        let refused = server.client.post(&format!("/api/fn/{function}"), &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["kind"], "too_large", "{function}");
    }
    let far_too_large = definition_of(3 * LARGEST);
    server.client.put(&path, &json!({ "definition": far_too_large })).await.problem(413);
    let refused = server.client.post("/api/fn/save_workflow", &save(&far_too_large)).await.expect(413).json();
    assert_eq!(refused["kind"], "too_large");
    assert!(refused["message"].as_str().unwrap().contains("32 MiB"));
}

#[tokio::test]
async fn the_largest_workflow_is_saved_opened_and_kept_by_the_page_s_doors() {
    let server = TestServer::start().await;
    let node = |place: usize| {
        let (kind, params) = if place.is_multiple_of(2) { ("Prompt", json!({ "text": "A door" })) } else { ("Sora2Video", json!({})) };
        json!({ "id": format!("n{place}"), "type": kind, "position": { "x": place % 100 * 340, "y": place / 100 * 460 }, "params": params })
    };
    let wire = |place: usize| json!({ "from": { "node": format!("n{place}"), "socket": "text" }, "to": { "node": format!("n{}", place + 1), "socket": "prompt" } });
    let nodes: Vec<_> = (0..10_000).map(node).collect();
    let wires: Vec<_> = (0..10_000).step_by(2).map(wire).collect();
    let mut definition = json!({ "schema": 1, "nodes": nodes, "connections": wires });
    let created = server
        .client
        .post("/api/fn/create_workflow", &json!({ "workflow": { "name": "Largest", "definition": definition } }))
        .await
        .expect(200)
        .json();
    definition["nodes"][0]["params"]["text"] = "A gate".into();
    let change = json!({ "status": "saved", "definition": definition });
    let saved = json!({ "id": created["id"], "change": change, "if_match": created["etag"] });
    server.client.post("/api/fn/save_workflow", &saved).await.expect(200);
    let opened = server.client.post("/api/fn/open_workflow", &json!({ "id": created["id"] })).await.expect(200).json();
    assert_eq!(opened["definition"], definition);
    let page = server.client.request(Method::GET, &format!("/workflows/{}", created["id"].as_str().unwrap())).header("accept", "text/html");
    let page = server.client.send(page).await.expect(200).text();
    let drawn = page.matches("data-node-id=").count();
    assert!((1..=200).contains(&drawn), "{drawn} nodes are drawn by the server");

    // So many things wrong that no answer holds them: the first are told.
    for node in definition["nodes"].as_array_mut().unwrap() {
        node["params"]["take"] = "many".into();
        node["position"] = json!({ "x": "far", "y": "far" });
    }
    let saved = json!({ "id": created["id"], "change": { "definition": definition }, "if_match": null });
    let refused = server.client.post("/api/fn/save_workflow", &saved).await.expect(422).json();
    assert_eq!(refused["errors"].as_array().map(Vec::len), Some(1_000));
    assert!(refused["message"].as_str().unwrap().contains("more"), "{}", refused["message"]);
}
