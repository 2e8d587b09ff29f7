//! What is at a limit is taken, what is past it is refused by its place, and neither is an error of the server or takes long.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestServer, clips};

#[tokio::test]
async fn a_search_may_have_as_many_words_as_a_query_can_hold() {
    let server = TestServer::start().await;
    // A letter and a space each.
    let words = |characters: usize| "a+".repeat(characters / 2);
    for list in ["/api/videos", "/api/workflows"] {
        server.client.get(&format!("{list}?q={}", words(500))).await.expect(200);
        for too_many in [502, 4_000] {
            let problem = server.client.get(&format!("{list}?q={}", words(too_many))).await.problem(422);
            assert_eq!(problem["errors"][0]["pointer"], "/q");
        }
    }
}

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
