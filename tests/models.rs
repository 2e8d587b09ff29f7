//! The model table from outside: models that a server's owner adds, and models that their providers have stopped.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    TestServer,
    graphs::{definition, node},
    process::{self, ServerProcess},
};

/// An entry for the models file, with `change` in it.
fn house_video(change: Value) -> Value {
    let mut entry = json!({
        "provider": "openai", "model": "house-video-1", "title": "House <Video>", "durations": [1, 2], "default_seconds": 1,
        "sizes": ["180x320", "480x832"], "audio": false, "image_input": true, "seed": true, "usd_per_second": { "480p": 0.01 }
    });
    entry.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    entry
}

/// A folder with a models file of these entries, and the file's path.
fn models_file(entries: &Value) -> (TempDir, std::path::PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("models.json");
    std::fs::write(&path, entries.to_string()).unwrap();
    (dir, path)
}

/// Of a refused execution, kind, pointer and detail of each error.
fn errors(problem: &Value) -> Vec<(String, String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (text(error, "kind"), text(error, "pointer"), text(error, "detail"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_model_is_rehearsed_checked_and_told_to_the_page() {
    let (dir, file) = models_file(&json!([house_video(json!({}))]));
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("REELGRAPH_MODELS", &file).env("OPENAI_API_KEY", "k").env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    });
    let shot = |params: Value| {
        let mut all = json!({ "prompt": "A rainy street", "model": "house-video-1" });
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        definition(&[node("shot", "Sora2Video", all)], &[])
    };
    let run = |definition: Value, mode: &str| json!({ "definition": definition, "mode": mode });

    let started = server.client.post("/api/executions", &run(shot(json!({})), "draft")).await.expect(202).json();
    let path = format!("/api/executions/{}", started["execution_id"].as_str().unwrap());
    let execution = server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    let video = server.client.get(&format!("/api/videos/{}", execution["nodes"][0]["video_id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(video["resolution"], "180x320", "the model's own default frame");

    let problem = server.client.post("/api/executions", &run(shot(json!({ "seconds": 8 })), "final")).await.problem(422);
    let said = errors(&problem);
    assert!(said.iter().any(|(_, pointer, detail)| {
        pointer.ends_with("/params/seconds") && detail == "House <Video> makes clips of 1 to 2 whole seconds, not of 8."
    }));
    let fine = server.client.post("/api/executions", &run(shot(json!({ "seconds": 2, "size": "480x832" })), "final")).await;
    assert!(!fine.text().contains("/params/seconds") && !fine.text().contains("/params/size"), "{}", fine.text());

    let page = server.client.get("/workflows/new").await.expect(200).text();
    let block = page.split_once(r#"<script type="application/json" id="models">"#).unwrap().1.split_once("</script>").unwrap().0;
    let told: Value = serde_json::from_str(block).unwrap();
    assert_eq!((&told[0]["model"], &told[0]["title"]), (&json!("house-video-1"), &json!("House <Video>")));
    assert!(!block.contains('<'), "a title ends no element: {block}");
}

#[test]
fn a_bad_models_file_stops_the_start_and_is_named() {
    for (entries, said) in [
        (json!({ "dialect": [] }), "array"),
        (json!([house_video(json!({ "default_seconds": 7 }))]), "entry 1 (house-video-1): default_seconds: "),
        (json!([house_video(json!({})), house_video(json!({}))]), "entry 2 (house-video-1): model: "),
        (json!([house_video(json!({ "duration": 7 }))]), "duration"),
    ] {
        let (dir, file) = models_file(&entries);
        let (code, words) = process::refused(dir.path(), |command| {
            command.env("REELGRAPH_MODELS", &file);
        });
        assert_eq!(code, Some(2), "{words}");
        assert!(words.contains("REELGRAPH_MODELS") && words.contains(said), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_model_is_refused_in_final_mode_at_its_providers_own_host_only() {
    let nodes = [node("sora", "Sora2Video", json!({ "prompt": "x" })), node("omni", "VeoVideo", json!({ "prompt": "x" }))];
    let body = |mode: &str| json!({ "definition": definition(&nodes, &[]), "mode": mode });
    let server = TestServer::start_with(|config| config.openai_api_key = Some("k".into())).await;
    let problem = server.client.post("/api/executions", &body("final")).await.problem(422);
    let retired: Vec<_> = errors(&problem).into_iter().filter(|(kind, ..)| kind == "model_retired").collect();
    let [(_, pointer, detail)] = retired.as_slice() else { panic!("{problem:#}") };
    assert_eq!(pointer, "/definition/nodes/0/params/model");
    assert_eq!(detail, "Sora 2 was retired on 24 September 2026. Swap the provider of this node, or run a rehearsal (mode draft).");
    assert_eq!(server.client.get("/api/jobs").await.expect(200).json(), json!([]), "nothing was created");
    let alone = json!({ "provider": "openai", "prompt": "x" });
    let problem = server.client.post("/api/videos/generate", &alone).await.problem(422);
    assert!(errors(&problem).iter().any(|(kind, pointer, _)| kind == "model_retired" && pointer == "/model"), "{problem:#}");

    let elsewhere = TestServer::start_with(|config| {
        config.openai_api_key = Some("k".into());
        config.openai_base_url = "http://127.0.0.1:9/v1".into();
    })
    .await;
    let answer = elsewhere.client.post("/api/executions", &body("final")).await;
    assert!(!answer.text().contains("model_retired"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_with_a_retired_or_unknown_model_opens_saves_and_is_rehearsed() {
    let server = TestServer::start().await;
    let shot = |id: &str, model: &str| {
        node(id, "Sora2Video", json!({ "prompt": id, "model": model, "provider": "openai", "seconds": 1, "size": "180x320" }))
    };
    let old = definition(&[shot("retired", "sora-2"), shot("unknown", "sora-9")], &[]);
    let body = json!({ "name": "Of last year", "status": "saved", "definition": old });
    let id = server.client.post("/api/workflows", &body).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned();
    let page = server.client.get(&format!("/workflows/{id}")).await.expect(200).text();
    assert!(page.contains(r#"data-node-id="retired""#) && page.contains(r#"data-node-id="unknown""#));
    let started = server.client.post("/api/executions", &json!({ "workflow_id": id, "mode": "draft" })).await.expect(202).json();
    let path = format!("/api/executions/{}", started["execution_id"].as_str().unwrap());
    let execution = server.client.wait_for(&path, |execution| !execution["finished_at"].is_null()).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    assert_eq!(server.client.get(&format!("/api/workflows/{id}")).await.expect(200).json()["definition"], old, "kept as it was");
}
