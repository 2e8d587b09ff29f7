//! Providers' keys: used where they belong, and nowhere to be found.

use std::path::Path;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Client,
    paid::{KEYS, ask, double, settled},
    process::ServerProcess,
};

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
}

/// Everything that a browser or a script can read.
async fn everything_sent(client: &Client) -> Vec<(String, Vec<u8>)> {
    let jobs = client.get("/api/jobs?limit=200").await.expect(200).json();
    let jobs = jobs.as_array().unwrap().iter().map(|job| format!("/api/jobs/{}", job["id"].as_str().unwrap()));
    let videos = client.get("/api/videos?limit=200").await.expect(200).json();
    let videos = videos.as_array().unwrap().iter().map(|video| format!("/api/videos/{}", video["id"].as_str().unwrap()));
    let fixed = ["/", "/spend", "/jobs", "/workflows/new", "/api/spend", "/api/jobs", "/api/videos", "/api/executions", "/metrics"];
    let mut sent = Vec::new();
    for path in fixed.into_iter().map(str::to_owned).chain(jobs).chain(videos).chain(["/api/openapi.json".to_owned()]) {
        let answer = client.get(&path).await;
        let head = answer.headers.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        sent.push((format!("head of {path}"), head.collect::<String>().into_bytes()));
        sent.push((path, answer.body));
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_on_the_disk_in_an_answer_in_the_log_or_with_another_host() {
    let double = double().await;
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        for (name, key) in ["OPENAI_API_KEY", "GEMINI_API_KEY", "XAI_API_KEY"].into_iter().zip(KEYS) {
            command.env(name, key);
        }
        command.env("RUST_LOG", "trace").env("OPENAI_BASE_URL", double.openai_base()).env("GEMINI_BASE_URL", double.google_base());
        command.env("XAI_BASE_URL", double.xai_base());
    });
    let client = server.client.clone();
    let tags = ["", "[[redirect]]", "[[block-at-submit]]", "[[fail]]", "[[drop]]", "[[create500]]", "[[retired]]"];
    let shots = ["openai", "google", "veo", "xai"].into_iter().flat_map(|of| tags.map(|tags| (of, format!("a shot of {of} {tags}"))));
    join_all(shots.map(async |(of, prompt)| settled(&client, &ask(&client, of, &prompt).await).await)).await;
    // What a provider answers to a wrong key may hold a part of it.
    let definition = json!({ "schema": 1, "nodes": [], "connections": [] });
    client.post("/api/workflows", &json!({ "name": "n", "definition": definition })).await.expect(201);

    let mut found = everything_sent(&client).await;
    files(dir.path(), &mut found);
    found.push(("the log".into(), server.log().into_bytes()));
    let known: usize = double.book.open().requests.iter().filter(|request| KEYS.iter().any(|key| request.head.contains(key))).count();
    assert!(known > 20, "the keys were used");
    for (place, bytes) in &found {
        for key in KEYS {
            // A part of a key is a leak too.
            let part = &key.as_bytes()[..key.len() - 4];
            assert!(!bytes.windows(part.len()).any(|window| window == part), "a key stands in {place}");
        }
    }
    let elsewhere = double.book.open().elsewhere.clone();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|request| KEYS.iter().all(|key| !request.head.contains(key))));
}
