//! The workflow routes: every row of the contract's table and every way to get it wrong.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer, clips};

const UNKNOWN: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";

/// Two prompts' worth of nodes: a prompt, a generator, an output.
fn definition() -> Value {
    json!({
        "schema": 1,
        "nodes": [
            {"id": "p", "type": "Prompt", "position": {"x": 0.5, "y": -20}, "params": {"text": "A door opens. 门开了"}},
            {"id": "s", "type": "Sora2Video", "position": {"x": 300, "y": 0}, "params": {"seconds": 4, "size": "720x1280"}},
            {"id": "o", "type": "Output", "position": {"x": 700, "y": 0}, "params": {"name": "Episode"}}
        ],
        "connections": [
            {"from": {"node": "p", "socket": "text"}, "to": {"node": "s", "socket": "prompt"}},
            {"from": {"node": "s", "socket": "video"}, "to": {"node": "o", "socket": "video"}}
        ]
    })
}

async fn create(client: &Client, name: &str) -> String {
    let answer = client.post("/api/workflows", &json!({"name": name, "definition": definition()})).await.expect(201);
    answer.json()["workflow_id"].as_str().unwrap().to_owned()
}

async fn put_if_match(client: &Client, path: &str, etag: &str, body: &Value) -> Answer {
    client.send(client.request(Method::PUT, path).header("If-Match", etag).json(body)).await
}

async fn upload(client: &Client, variant: u32) -> String {
    let answer = client.upload("clip.mp4", clips::short(variant)).await.expect(201);
    answer.json()["video_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_workflow_is_made_shown_changed_and_deleted() {
    let server = TestServer::start().await;
    let client = &server.client;
    let made = client
        .post("/api/workflows", &json!({"name": "  Episode 1 ", "description": "Rain", "status": "saved", "definition": definition()}))
        .await
        .expect(201);
    let id = made.json()["workflow_id"].as_str().unwrap().to_owned();
    assert_eq!(made.json(), json!({"workflow_id": id}));
    let path = format!("/api/workflows/{id}");
    assert_eq!(made.header("location"), path);

    let shown = client.get(&path).await.expect(200);
    assert_eq!(shown.header("etag"), made.header("etag"));
    assert_eq!(shown.header("x-event-id"), "0");
    assert_eq!(shown.header("cache-control"), "no-store");
    let row = shown.json();
    assert_eq!(
        (&row["id"], &row["name"], &row["description"], &row["status"]),
        (&json!(id), &json!("Episode 1"), &json!("Rain"), &json!("saved"))
    );
    assert_eq!(row["definition"], definition());
    assert_eq!((&row["draft"], &row["videos"], &row["last_executed_at"]), (&Value::Null, &json!([]), &Value::Null));
    assert_eq!(row["created_at"], row["updated_at"]);
    assert_eq!(row["created_at"].as_str().unwrap().len(), "2026-01-31T08:30:00.000000Z".len());

    let changed = client.put(&path, &json!({"name": "Episode 2"})).await.expect(200);
    assert_eq!(changed.json(), json!({"workflow_id": id}));
    assert_ne!(changed.header("etag"), made.header("etag"));
    let after = client.get(&path).await.expect(200);
    assert_eq!(after.header("etag"), changed.header("etag"));
    let after = after.json();
    assert_eq!((&after["name"], &after["description"], &after["status"]), (&json!("Episode 2"), &json!("Rain"), &json!("saved")));
    assert_eq!(after["definition"], definition());
    assert!(after["updated_at"].as_str() > row["updated_at"].as_str());
    assert_eq!(after["created_at"], row["created_at"]);

    client.delete(&path).await.expect(204);
    client.get(&path).await.problem(404);
    client.delete(&path).await.problem(404);
}

#[tokio::test]
async fn the_tag_follows_what_was_saved_and_nothing_else() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    let before = client.get(&path).await;
    for same in [json!({}), json!({"name": "One"}), json!({"status": "draft", "definition": definition()})] {
        assert_eq!(client.put(&path, &same).await.expect(200).header("etag"), before.header("etag"), "{same}");
    }
    client.put(&format!("{path}/draft"), &json!({"definition": definition(), "base_etag": before.header("etag")})).await.expect(200);
    let video = upload(client, 1).await;
    let association = json!({"video_id": video, "node_id": "s", "node_type": "Sora2Video", "role": "output"});
    client.post(&format!("{path}/videos"), &association).await.expect(201);
    let after = client.get(&path).await;
    assert_eq!(after.header("etag"), before.header("etag"));
    assert_eq!(after.json()["updated_at"], before.json()["updated_at"]);
    let mut tags = HashSet::from([before.header("etag")]);
    for change in [json!({"description": "x"}), json!({"status": "saved"}), json!({"name": "Two"}), json!({"name": "One"})] {
        assert!(tags.insert(client.put(&path, &change).await.expect(200).header("etag")), "{change} kept an old tag");
    }
}

#[tokio::test]
async fn the_second_tab_is_told_and_nothing_is_overwritten() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    let tag = client.get(&path).await.header("etag");
    let newer = put_if_match(client, &path, &tag, &json!({"name": "First tab"})).await.expect(200).header("etag");
    put_if_match(client, &path, &tag, &json!({"name": "Second tab", "definition": {"nodes": [], "connections": []}})).await.problem(412);
    let kept = client.get(&path).await;
    assert_eq!(
        (kept.header("etag"), &kept.json()["name"], &kept.json()["definition"]),
        (newer.clone(), &json!("First tab"), &definition())
    );
    for other in ["\"never\"", "nonsense", ""] {
        put_if_match(client, &path, other, &json!({"name": "x"})).await.problem(412);
    }
    let named = put_if_match(client, &path, &format!("\"never\", W/{newer}"), &json!({"name": "Weak"})).await.expect(200);
    put_if_match(client, &path, "*", &json!({"name": "Any"})).await.expect(200);
    let id = path.rsplit('/').next().unwrap();
    let body = json!({"id": id, "name": "Again", "definition": definition()});
    client.send(client.request(Method::POST, "/api/workflows").header("If-Match", named.header("etag")).json(&body)).await.problem(412);
    client.send(client.request(Method::DELETE, &path).header("If-Match", named.header("etag"))).await.problem(412);
    put_if_match(client, &format!("/api/workflows/{UNKNOWN}"), "*", &json!({"name": "x"})).await.problem(404);
}

#[tokio::test]
async fn two_saves_at_once_leave_one_of_them() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    let tag = client.get(&path).await.header("etag");
    let bodies: Vec<_> = (0..8).map(|tab| json!({"name": format!("Tab {tab}")})).collect();
    let tabs = bodies.iter().map(|body| put_if_match(client, &path, &tag, body));
    let answers = futures_util::future::join_all(tabs).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn an_id_may_be_chosen_and_a_known_one_is_changed() {
    let server = TestServer::start().await;
    let client = &server.client;
    let body = json!({"id": UNKNOWN, "name": "Mine", "description": "Kept", "status": "saved", "definition": definition()});
    assert_eq!(client.post("/api/workflows", &body).await.expect(201).json(), json!({"workflow_id": UNKNOWN}));
    let empty = json!({"nodes": [], "connections": []});
    let again = client.post("/api/workflows", &json!({"id": UNKNOWN, "name": "Ours", "definition": empty})).await.expect(200);
    assert_eq!(again.json(), json!({"workflow_id": UNKNOWN}));
    let row = client.get(&format!("/api/workflows/{UNKNOWN}")).await;
    assert_eq!(row.header("etag"), again.header("etag"));
    let row = row.json();
    assert_eq!(
        (&row["name"], &row["description"], &row["status"], &row["definition"]),
        (&json!("Ours"), &json!("Kept"), &json!("saved"), &empty)
    );
}

#[tokio::test]
async fn a_description_can_be_taken_away() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    for none in [json!(null), json!("")] {
        client.put(&path, &json!({"description": "Some"})).await.expect(200);
        client.put(&path, &json!({"description": none})).await.expect(200);
        assert_eq!(client.get(&path).await.json()["description"], Value::Null);
    }
}

#[tokio::test]
async fn wrong_bodies_are_explained_and_change_nothing() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    let before = client.get(&path).await.json();
    let raw = |method: Method, path: &str, kind: &str, body: &str| {
        client.send(client.request(method, path).header("Content-Type", kind).body(body.to_owned()))
    };
    for (method, path) in [(Method::POST, "/api/workflows"), (Method::PUT, &path)] {
        raw(method.clone(), path, "application/json", "{\"name\": ").await.problem(400);
        raw(method.clone(), path, "application/json", "").await.problem(400);
        raw(method.clone(), path, "text/plain", "{}").await.problem(415);
    }
    let long = "n".repeat(201);
    let wordy = "d".repeat(10_001);
    for (body, pointer) in [
        (json!({"nmae": "x"}), "/nmae"),
        (json!({"name": 3}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"name": "  "}), "/name"),
        (json!({"name": long}), "/name"),
        (json!({"description": wordy}), "/description"),
        (json!({"status": "published"}), "/status"),
        (json!({"status": null}), "/status"),
        (json!({"definition": null}), "/definition"),
        (json!({"definition": "x"}), "/definition"),
        (json!({"definition": {"nodes": {}}}), "/definition/nodes"),
        (json!({"definition": {"nodes": [{"type": "Note"}]}}), "/definition/nodes/0"),
    ] {
        let problem = client.put(&path, &body).await.problem(422);
        let found = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert!(found.starts_with(pointer), "{body} gave {problem:#}");
    }
    let both = client.put(&path, &json!({"name": "", "description": wordy})).await.problem(422);
    assert_eq!(both["errors"].as_array().unwrap().len(), 2);
    client.post("/api/workflows", &json!({"definition": definition()})).await.problem(422);
    client.post("/api/workflows", &json!({"name": "x"})).await.problem(422);
    client.post("/api/workflows", &json!({"id": "X", "name": "x", "definition": definition()})).await.problem(422);
    assert_eq!(client.get(&path).await.json(), before);
    assert_eq!(client.get("/api/workflows").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_broken_graph_is_refused_and_its_node_named() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    let node = |id: &str, kind: &str| json!({"id": id, "type": kind, "position": {"x": 0, "y": 0}, "params": {}});
    let wire =
        |from: (&str, &str), to: (&str, &str)| json!({"from": {"node": from.0, "socket": from.1}, "to": {"node": to.0, "socket": to.1}});
    let stitchers = [node("a", "VideoStitcher"), node("b", "VideoStitcher")];
    let prompts = [node("p", "Prompt"), node("q", "Prompt"), node("s", "Sora2Video")];
    for (what, definition, nodes) in [
        (
            "a cycle",
            json!({"nodes": stitchers, "connections": [wire(("a", "video"), ("b", "videos")), wire(("b", "video"), ("a", "videos"))]}),
            &["a", "b"][..],
        ),
        ("a dangling connection", json!({"nodes": prompts, "connections": [wire(("gone", "text"), ("s", "prompt"))]}), &["gone", "s"]),
        ("an unknown socket", json!({"nodes": prompts, "connections": [wire(("p", "text"), ("s", "colour"))]}), &["s", "p"]),
        ("a duplicate id", json!({"nodes": [node("p", "Prompt"), node("p", "Note")], "connections": []}), &["p"]),
        (
            "a second connection into one input",
            json!({"nodes": prompts, "connections": [wire(("p", "text"), ("s", "prompt")), wire(("q", "text"), ("s", "prompt"))]}),
            &["s", "q"],
        ),
        ("a type mismatch", json!({"nodes": prompts, "connections": [wire(("p", "text"), ("s", "first_frame"))]}), &["s", "p"]),
    ] {
        let mut definition = definition;
        definition["schema"] = json!(1);
        for (method, path, body) in [
            (Method::POST, "/api/workflows", json!({"name": "x", "definition": definition})),
            (Method::PUT, path.as_str(), json!({"definition": definition})),
            (Method::PUT, &format!("{path}/draft"), json!({"definition": definition, "base_etag": "\"1\""})),
        ] {
            let problem = client.send(client.request(method, path).json(&body)).await.problem(422);
            let errors = problem["errors"].as_array().unwrap();
            assert!(!errors.is_empty(), "{what}");
            for error in errors {
                assert!(error["pointer"].as_str().unwrap().starts_with("/definition"), "{what}: {error}");
                assert!(nodes.contains(&error["node_id"].as_str().unwrap_or_default()), "{what}: {error}");
                assert!(error["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{what}: {error}");
            }
        }
    }
    assert_eq!(client.get(&path).await.json()["definition"], definition());
}

#[tokio::test]
async fn what_is_merely_unfinished_is_saved() {
    let server = TestServer::start().await;
    let unfinished = json!({"nodes": [
        {"id": "v", "type": "VeoVideo", "position": {"x": 0, "y": 0}, "params": {}},
        {"id": "st", "type": "VideoStitcher", "position": {"x": 9, "y": 0}, "params": {}},
    ], "connections": []});
    server.client.post("/api/workflows", &json!({"name": "Later", "status": "saved", "definition": unfinished})).await.expect(201);
}

#[tokio::test]
async fn what_a_newer_version_wrote_comes_back_untouched() {
    let server = TestServer::start().await;
    let newer = json!({
        "schema": 1,
        "theme": {"accent": [1, 2.5, null]},
        "nodes": [
            {"id": "g", "type": "ColourGrade", "position": {"x": 1e-3, "y": 2}, "params": {"lut": "teal", "deep": {"a": [true]}}, "locked": true},
            {"id": "s", "type": "Sora2Video", "position": {"x": 0, "y": 0}, "params": {"prompt": "Rain", "upscale": 4}, "collapsed": false}
        ],
        "connections": [{"from": {"node": "s", "socket": "video"}, "to": {"node": "g", "socket": "clip"}, "delay": 2}]
    });
    let made = server.client.post("/api/workflows", &json!({"name": "Newer", "definition": newer})).await.expect(201);
    let path = format!("/api/workflows/{}", made.json()["workflow_id"].as_str().unwrap());
    assert_eq!(server.client.get(&path).await.json()["definition"], newer);
    server.client.put(&path, &json!({"name": "Renamed"})).await.expect(200);
    assert_eq!(server.client.get(&path).await.json()["definition"], newer);
}

#[tokio::test]
async fn a_seed_document_without_schema_is_taken() {
    let server = TestServer::start().await;
    let mut seed = definition();
    seed.as_object_mut().unwrap().remove("schema");
    let made = server
        .client
        .post("/api/workflows", &json!({"name": "My Drama Workflow", "status": "saved", "definition": seed}))
        .await
        .expect(201);
    let path = format!("/api/workflows/{}", made.json()["workflow_id"].as_str().unwrap());
    assert_eq!(server.client.get(&path).await.json()["definition"], seed);
}

#[tokio::test]
async fn a_thousand_nodes_are_saved_and_too_large_a_body_is_told_so() {
    let server = TestServer::start().await;
    let client = &server.client;
    let nodes: Vec<_> = (0..1000)
        .map(|n| json!({"id": format!("n{n}"), "type": "Note", "position": {"x": n, "y": 0}, "params": {"text": "x".repeat(5000)}}))
        .collect();
    let made = client.post("/api/workflows", &json!({"name": "Big", "definition": {"nodes": nodes, "connections": []}})).await.expect(201);
    let list = client.get("/api/workflows").await.json();
    assert_eq!((&list[0]["id"], &list[0]["node_count"]), (&made.json()["workflow_id"], &json!(1000)));
    client.post("/api/workflows", &json!({"name": "x", "definition": {"nodes": [], "blob": "x".repeat(17 << 20)}})).await.problem(422);
    client.post("/api/workflows", &json!({"name": "x", "definition": {"nodes": [], "blob": "x".repeat(33 << 20)}})).await.problem(413);
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_not_found() {
    let server = TestServer::start().await;
    let client = &server.client;
    let draft = json!({"definition": definition(), "base_etag": "\"1\""});
    let association = json!({"video_id": UNKNOWN, "node_id": "s", "node_type": "Sora2Video", "role": "output"});
    for id in [UNKNOWN, "1", "0190B5A0-7B0E-7C3E-8F1E-0123456789AB", "%00", "..%2f..%2fetc", "'; DROP TABLE workflows"] {
        let path = format!("/api/workflows/{id}");
        client.get(&path).await.problem(404);
        client.put(&path, &json!({"name": "x"})).await.problem(404);
        client.delete(&path).await.problem(404);
        client.put(&format!("{path}/draft"), &draft).await.problem(404);
        client.delete(&format!("{path}/draft")).await.problem(404);
        client.post(&format!("{path}/videos"), &association).await.problem(404);
    }
    client.send(client.request(Method::PATCH, "/api/workflows")).await.problem(405);
}

#[tokio::test]
async fn lists_are_filtered_searched_and_counted() {
    let server = TestServer::start().await;
    let client = &server.client;
    let rain = create(client, "Rain at night").await;
    let sun = create(client, "Sun 100%").await;
    client.put(&format!("/api/workflows/{sun}"), &json!({"status": "saved", "description": "A night_scene"})).await.expect(200);
    let ids = async |query: &str| -> Vec<String> {
        let list = client.get(&format!("/api/workflows{query}")).await.expect(200).json();
        list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("").await, [&*sun, &rain], "the last changed comes first");
    assert_eq!(ids("?status=&q=").await.len(), 2);
    assert_eq!(ids("?status=saved").await, [&*sun]);
    assert_eq!(ids("?status=draft").await, [&*rain]);
    assert_eq!(ids("?q=NIGHT").await, [&*sun, &rain]);
    assert_eq!(ids("?q=night%20rain").await, [&*rain]);
    assert_eq!(ids("?q=100%25").await, [&*sun]);
    assert_eq!(ids("?q=night_s").await, [&*sun], "an underscore joins");
    assert_eq!(ids("?sort=name").await, [&*rain, &sun]);
    assert_eq!(ids("?sort=-created_at").await, [&*sun, &rain]);
    for (query, pointer) in [
        ("?status=published", "/status"),
        ("?sort=rowid", "/sort"),
        ("?sort=size", "/sort"),
        ("?limit=0", "/limit"),
        ("?limit=201", "/limit"),
        ("?limit=x", "/limit"),
        ("?cursor=zz", "/cursor"),
        ("?colour=red", "/colour"),
    ] {
        let problem = client.get(&format!("/api/workflows{query}")).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}: {problem:#}");
    }
    let (one, two) = (upload(client, 1).await, upload(client, 2).await);
    for (video, node) in [(&one, "s"), (&one, "o"), (&two, "s")] {
        let association = json!({"video_id": video, "node_id": node, "node_type": "Sora2Video", "role": "output"});
        client.post(&format!("/api/workflows/{rain}/videos"), &association).await.expect(201);
    }
    let row = client.get("/api/workflows?q=rain").await.json()[0].clone();
    let keys: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["created_at", "description", "id", "last_executed_at", "name", "node_count", "status", "updated_at", "video_count"]);
    assert_eq!((&row["node_count"], &row["video_count"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_rows_of_the_same_moment() {
    let server = TestServer::start().await;
    let client = &server.client;
    for number in 0..7 {
        create(client, if number % 2 == 0 { "same" } else { "Same" }).await;
    }
    let mut tx = server.state().studio.db.begin().await.unwrap();
    sqlx::query("UPDATE workflows SET updated_at = '2026-01-01T00:00:00.000000Z', created_at = updated_at")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for sort in ["-updated_at", "updated_at", "created_at", "name", "-name"] {
        let mut path = format!("/api/workflows?limit=3&sort={sort}");
        let mut seen = Vec::new();
        loop {
            let answer = client.get(&path).await.expect(200);
            seen.extend(answer.json().as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            let link = answer.header("link");
            if link.is_empty() {
                break;
            }
            path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
            assert!(seen.len() <= 7, "{sort} does not end");
        }
        assert_eq!(seen.len(), 7, "{sort}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 7, "{sort}");
    }
    let link = client.get("/api/workflows?limit=3&sort=name").await.header("link");
    let other = link.trim_start_matches('<').split('>').next().unwrap().replace("sort=name", "sort=-name");
    client.get(&other).await.problem(422);
}

#[tokio::test]
async fn unsaved_edits_are_kept_beside_the_workflow_until_it_is_saved() {
    let server = TestServer::start().await;
    let client = &server.client;
    let path = format!("/api/workflows/{}", create(client, "One").await);
    let tag = client.get(&path).await.header("etag");
    let mut edited = definition();
    edited["nodes"][0]["params"]["text"] = json!("edited");
    client.put(&format!("{path}/draft"), &json!({"definition": edited, "base_etag": tag})).await.expect(200);
    let row = client.get(&path).await.json();
    assert_eq!((&row["draft"]["definition"], &row["draft"]["base_etag"]), (&edited, &json!(tag)));
    assert!(row["draft"]["updated_at"].is_string());
    assert_eq!((&row["definition"], &row["status"]), (&definition(), &json!("draft")));

    client.put(&path, &json!({"name": "Renamed"})).await.expect(200);
    assert!(client.get(&path).await.json()["draft"].is_object(), "a new name is no save of the graph");
    client.put(&path, &json!({"definition": edited})).await.expect(200);
    assert_eq!(client.get(&path).await.json()["draft"], Value::Null);

    client.put(&format!("{path}/draft"), &json!({"definition": edited, "base_etag": tag})).await.expect(200);
    for _ in 0..2 {
        client.delete(&format!("{path}/draft")).await.expect(204);
        assert_eq!(client.get(&path).await.json()["draft"], Value::Null);
    }
    for (body, pointer) in [
        (json!({"definition": edited}), ""),
        (json!({"definition": edited, "base_etag": ""}), "/base_etag"),
        (json!({"definition": 3, "base_etag": "\"1\""}), "/definition"),
        (json!({"definition": edited, "base_etag": "\"1\"", "status": "saved"}), "/status"),
    ] {
        let problem = client.put(&format!("{path}/draft"), &body).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
    }
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let mut server = TestServer::start().await;
    let path = format!("/api/workflows/{}", create(&server.client, "One").await);
    server.client.put(&format!("{path}/draft"), &json!({"definition": definition(), "base_etag": "\"1\""})).await.expect(200);
    let before = server.client.get(&path).await;
    server.restart().await;
    let after = server.client.get(&path).await;
    assert_eq!((after.header("etag"), after.json()), (before.header("etag"), before.json()));
}
