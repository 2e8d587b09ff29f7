//! Names, prompts and answers that are markup: in the HTML of every page they are text.

use axum::{Json, Router, http::StatusCode};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    TestServer, clips,
    graphs::{definition, node, shot},
};

/// Ends whatever it may stand in, and begins an element that no page of ours has.
const HOSTILE: &str = "\"'></title></textarea></script></style></option></noscript>--><x-foreign>&lt;x-foreign&gt;<!--<script><x-foreign>";

/// The page at `path` as a browser asks for it.
async fn page(server: &TestServer, path: &str, status: u16) -> String {
    server.client.send(server.client.request(Method::GET, path).header("accept", "text/html")).await.expect(status).text()
}

/// A provider that refuses everything, in these words.
async fn refusing() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = || async { (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": HOSTILE, "type": HOSTILE, "code": HOSTILE } }))) };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.unwrap() });
    format!("http://{address}/v1")
}

#[tokio::test]
async fn what_anybody_wrote_is_text_in_every_page() {
    let provider = refusing().await;
    let server = TestServer::start_with(|config| {
        config.openai_base_url = provider;
        config.openai_api_key = Some("k".into());
    })
    .await;
    let video = server.client.upload(&format!("{HOSTILE}.mp4"), clips::short(0)).await.expect(201).json();
    let paid = json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "size": "720x1280", "prompt": HOSTILE });
    let graph = definition(
        &[
            node(HOSTILE, "Prompt", json!({ "text": HOSTILE })),
            node("note", "Note", json!({ "text": HOSTILE })),
            node("out", "Output", json!({ "name": HOSTILE })),
            node("clip", "UploadVideo", json!({ "video_id": video["video_id"] })),
            node("strange", HOSTILE, json!({ HOSTILE: HOSTILE })),
            shot("shot", paid),
        ],
        &[],
    );
    let row = json!({ "name": HOSTILE, "description": HOSTILE, "status": "saved", "definition": graph });
    let id = server.client.post("/api/workflows", &row).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned();
    let draft = json!({ "definition": row["definition"], "base_etag": HOSTILE });
    server.client.put(&format!("/api/workflows/{id}/draft"), &draft).await.expect(200);
    let run = json!({ "workflow_id": id, "nodes": ["shot"], "mode": "final" });
    let run = server.client.post("/api/executions", &run).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    let ended = server.client.wait_for(&format!("/api/executions/{run}"), |run| run["finished_at"].is_string()).await;
    assert!(ended.to_string().contains("x-foreign"), "the provider's words are told: {ended:#}");

    let asked: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    let builder = format!("/workflows/{id}");
    let pages = [
        ("/".to_owned(), 200),
        (format!("/?q={asked}&status={asked}"), 200),
        ("/workflows/new".to_owned(), 200),
        (builder.clone(), 200),
        (format!("/workflows/{asked}"), 200),
        ("/jobs".to_owned(), 200),
        (format!("/jobs?status={asked}"), 200),
        ("/spend".to_owned(), 200),
        (format!("/no/{asked}"), 404),
        ("/login".to_owned(), 200),
    ];
    for (path, status) in pages {
        let html = page(&server, &path, status).await;
        assert!(!html.to_lowercase().contains("<x-foreign"), "{path} holds foreign markup: {html}");
    }
    let html = page(&server, &builder, 200).await;
    assert!(html.contains("&lt;/title&gt;") && html.contains("&lt;/textarea&gt;"), "the words are shown as they are: {html}");
    assert_eq!(html.matches("</title>").count(), 1);
}

#[tokio::test]
async fn in_headers_and_problems_it_is_text_too() {
    let server = TestServer::start().await;
    let video = server.client.upload(&format!("{HOSTILE}.mp4"), clips::short(0)).await.expect(201).json();
    let video = format!("/api/videos/{}", video["video_id"].as_str().unwrap());
    let two_lines = server.client.request(Method::PATCH, &video).json(&json!({ "name": "a\r\nX-Foreign: 1" }));
    server.client.send(two_lines).await.problem(422);
    let download = server.client.get(&format!("{video}/download")).await.expect(200);
    assert!(download.header("content-disposition").starts_with("inline; filename=\""));
    assert_eq!(download.header("content-disposition").matches('"').count(), 2);
    for path in
        ["/api/workflows?sort=%0d%0aX-Foreign:1", "/api/workflows/%3Cx-foreign%3E", "/%0d%0aX-Foreign:1", "/api/jobs?%3Cscript%3E=1"]
    {
        let answer = server.client.get(path).await;
        assert_eq!(answer.header("x-foreign"), "", "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox", "{path}");
    }
    for number in 0..2 {
        let row = json!({ "name": format!("{HOSTILE}{number}"), "definition": definition(&[], &[]) });
        server.client.post("/api/workflows", &row).await.expect(201);
    }
    let link = server.client.get("/api/workflows?limit=1&sort=name&q=%3Cx-foreign%3E").await.expect(200).header("link");
    assert!(link.starts_with("</api/workflows?") && link.ends_with(">; rel=\"next\""), "{link}");
    assert_eq!((link.matches('<').count(), link.matches('>').count()), (1, 1), "{link}");
}
