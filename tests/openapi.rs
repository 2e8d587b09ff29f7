//! The API's own description: every path in it is served, every path of the contract that exists is in it, and it explains its errors.

use reqwest::Method;
use serde_json::Value;

use crate::support::TestServer;

/// The contract's routes that this version serves.
const CONTRACT: &[(&str, &[&str])] = &[
    ("/healthz", &["get"]),
    ("/readyz", &["get"]),
    ("/api/workflows", &["get", "post"]),
    ("/api/workflows/{id}", &["get", "put", "delete"]),
    ("/api/workflows/{id}/draft", &["put", "delete"]),
    ("/api/workflows/{id}/videos", &["post"]),
    ("/api/videos", &["get"]),
    ("/api/videos/upload", &["post"]),
    ("/api/videos/generate", &["post"]),
    ("/api/videos/stitch", &["post"]),
    ("/api/videos/{id}", &["get", "patch", "delete"]),
    ("/api/videos/{id}/download", &["get"]),
    ("/api/videos/{id}/thumbnail", &["get"]),
    ("/api/images/upload", &["post"]),
    ("/api/images/{id}", &["get"]),
    ("/api/images/{id}/download", &["get"]),
    ("/api/jobs", &["get"]),
    ("/api/jobs/{id}", &["get", "patch", "delete"]),
    ("/api/executions", &["get", "post"]),
    ("/api/executions/{id}", &["get"]),
    ("/api/executions/{id}/cancel", &["post"]),
    ("/api/events", &["get"]),
];

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| METHODS.iter().map(move |method| (path.clone(), (*method).to_owned(), item[*method].clone())))
        .filter(|(_, _, operation)| operation.is_object())
        .collect()
}

#[tokio::test]
async fn every_documented_path_is_served() {
    let server = TestServer::start().await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    for (path, method, _) in operations(&description) {
        let address = path.replace("{id}", "0190b5a0-7b0e-7c3e-8f1e-0123456789ab");
        assert!(!address.contains('{'), "{path} has a parameter that this test does not fill");
        // The stream of events does not end by itself: its headers are enough.
        let request = server.client.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &address);
        let response = request.send().await.unwrap();
        assert_ne!(response.status(), 405, "{method} {path}");
        if response.status() == 404 {
            let problem: Value = response.json().await.unwrap();
            assert_ne!(problem["detail"], "There is nothing at this address.", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_path_of_the_contract_is_documented() {
    let server = TestServer::start().await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    for (path, methods) in CONTRACT {
        for method in *methods {
            assert!(description["paths"][path][method].is_object(), "{method} {path} is not in openapi.json");
        }
    }
}

#[tokio::test]
async fn operations_say_what_they_take_and_answer() {
    let server = TestServer::start().await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    let mut references = Vec::new();
    for (path, method, operation) in operations(&description) {
        let place = format!("{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place} does not say how it succeeds");
        assert!(operation["responses"]["default"]["content"]["application/problem+json"].is_object(), "{place}");
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5']) && *status != "503") {
            let content = &response["content"];
            assert!(content.is_null() || content["application/problem+json"].is_object(), "{place} {status} is no problem: {response}");
        }
        assert!(operation["summary"].is_string(), "{place} has no summary");
        if path.contains("{id}") && path.starts_with("/api/") {
            assert!(responses.contains_key("404"), "{place} does not say what an unknown id gives");
        }
        collect_references(&operation, &mut references);
    }
    collect_references(&description["components"], &mut references);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect_references(member, found));
        }
        Value::Array(members) => members.iter().for_each(|member| collect_references(member, found)),
        _ => {}
    }
}
