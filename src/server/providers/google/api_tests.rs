//! Google as one provider: which form a model and a job are asked in, over real HTTP.

#![expect(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::Request, routing::any};
use serde_json::{Value, json};

use super::*;
use crate::server::{
    error::ProviderClass,
    providers::sample_answers::{KEY, http, picture, request, serve},
};

const OPERATION: &str = "models/veo-3.1-generate-preview/operations/321kvdcepmcg";

/// A server that answers these paths, and `METHOD path` of what it was asked. No request may carry anything but the one key.
async fn google(answers: &[(&'static str, Value)]) -> (Google, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (answers, remembered) = (answers.to_vec(), asked.clone());
    let handler = move |request: Request| {
        assert_eq!(request.headers()["x-goog-api-key"], KEY);
        assert!(!request.headers().contains_key("authorization") && request.uri().query().is_none_or(|query| !query.contains("key=")));
        let asked = format!("{} {}", request.method(), request.uri());
        let answer = answers.iter().find(|(path, _)| *path == asked).map(|(_, answer)| answer.clone());
        remembered.lock().unwrap().push(asked);
        async move { answer.map(Json).ok_or(http::StatusCode::NOT_FOUND) }
    };
    let base_url = serve(Router::new().fallback(any(handler))).await;
    (Google::new(&format!("{base_url}/v1beta/"), KEY.into(), http()).unwrap(), asked)
}

#[tokio::test]
async fn veo_is_known_by_the_models_name_and_then_by_the_jobs() {
    let (api, asked) = google(&[
        ("POST /v1beta/models/veo-3.1-generate-preview:predictLongRunning", json!({ "name": OPERATION })),
        ("GET /v1beta/models/veo-3.1-generate-preview/operations/321kvdcepmcg", json!({ "name": OPERATION })),
    ])
    .await;
    let created = api.create(&request("veo-3.1-generate-preview")).await.unwrap();
    assert_eq!(created.job, OPERATION);
    assert!(matches!(api.poll(&created.job).await.unwrap(), Polled::Working { .. }));
    assert!(!api.cancel(&created.job).await.unwrap());
    assert_eq!(asked.lock().unwrap().len(), 2, "there is nothing to ask for a stop");
}

#[tokio::test]
async fn omni_is_asked_for_the_job_then_for_its_file() {
    let (api, asked) = google(&[
        ("POST /v1beta/interactions", json!({ "id": "v1_Chd", "status": "in_progress" })),
        ("POST /v1beta/interactions/v1_Chd/cancel", json!({ "id": "v1_Chd", "status": "cancelled" })),
    ])
    .await;
    let created = api.create(&request("gemini-omni-1.2-flash")).await.unwrap();
    assert_eq!(created.job, "v1_Chd");
    assert!(api.cancel("v1_Chd").await.unwrap());
    assert_eq!(asked.lock().unwrap().len(), 2);
    assert_eq!(api.poll("gone").await.unwrap_err().class, ProviderClass::NotKnown);

    assert!(matches!(poll_done("ACTIVE").await, Polled::Ready { .. }));
    assert!(matches!(poll_done("PROCESSING").await, Polled::Working { ask_again: Some(_), .. }));
}

/// Polls a job whose clip is a file of the same server in that state.
async fn poll_done(state: &'static str) -> Polled {
    let done = |headers: http::HeaderMap| async move {
        let clip = format!("http://{}/v1beta/files/abc:download?alt=media", headers["host"].to_str().unwrap());
        let content = json!([{ "type": "video", "mime_type": "video/mp4", "uri": clip }]);
        Json(json!({ "id": "v1_Chd", "status": "completed", "steps": [{ "type": "model_output", "content": content }] }))
    };
    let router = Router::new()
        .route("/v1beta/interactions/{id}", any(done))
        .route("/v1beta/files/{id}", any(move || async move { Json(json!({ "name": "files/abc", "state": state })) }));
    let base_url = serve(router).await;
    Google::new(&base_url, KEY.into(), http()).unwrap().poll("v1_Chd").await.unwrap()
}

#[tokio::test]
async fn a_last_picture_alone_is_not_sent() {
    let (api, asked) = google(&[]).await;
    let mut request = request("gemini-omni-1.2-flash");
    request.last_frame = Some(picture());
    assert_eq!(api.create(&request).await.unwrap_err().class, ProviderClass::Rejected);
    assert!(asked.lock().unwrap().is_empty());
}
