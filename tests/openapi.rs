//! The API's own description: every path in it is served, every path of the contract that exists is in it, and it explains its errors.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    ("/api/assets", &["get"]),
    ("/api/assets/{id}", &["get", "patch", "delete"]),
    ("/api/assets/{id}/restore", &["post"]),
    ("/api/assets/{id}/download", &["get"]),
    ("/api/assets/{id}/thumbnail", &["get"]),
    ("/api/jobs", &["get"]),
    ("/api/jobs/{id}", &["get", "patch", "delete"]),
    ("/api/executions", &["get", "post"]),
    ("/api/executions/{id}", &["get"]),
    ("/api/executions/{id}/cancel", &["post"]),
    ("/api/events", &["get"]),
    ("/metrics", &["get"]),
    ("/api/openapi.json", &["get"]),
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

/// Every change of the outside shows in review: `cargo insta accept`, or the file that a failure leaves beside it, makes it the new one.
/// The `.json` is the document itself, which the linter reads.
#[tokio::test]
async fn the_description_is_the_reviewed_one() {
    let server = TestServer::start().await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    let text = serde_json::to_string_pretty(&description).unwrap() + "\n";
    insta::assert_binary_snapshot!("openapi.json", text.into_bytes());
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_a_known_tag() {
    let server = TestServer::start().await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    let tags: Vec<_> = description["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut names = HashSet::new();
    for (path, method, operation) in operations(&description) {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(name.contains('_') && !name.contains(|letter: char| !letter.is_ascii_lowercase() && letter != '_'), "{name}");
        assert!(names.insert(name), "{method} {path} has the name of another operation");
        assert!(operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag)), "{method} {path}");
    }
}

#[tokio::test]
async fn who_may_call_is_described() {
    let server = TestServer::start().await;
    let description = server.client.get("/api/openapi.json").await.expect(200).json();
    assert_eq!(description["security"], serde_json::json!([{ "access_token": [] }, { "session": [] }, {}]));
    assert_eq!(description["components"]["securitySchemes"]["access_token"]["scheme"], "bearer");
    assert_eq!(description["components"]["securitySchemes"]["session"]["in"], "cookie");
    assert_eq!(description["paths"]["/healthz"]["get"]["security"], serde_json::json!([]));
}

#[tokio::test]
async fn what_is_too_long_to_be_read_is_refused_as_described() {
    let server = TestServer::start().await;
    // By hand, as no client sends such a request.
    let asked = async |head: String| {
        let mut connection = tokio::net::TcpStream::connect(server.client.address).await.unwrap();
        connection.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
        let mut status = [0; 12];
        connection.read_exact(&mut status).await.unwrap();
        String::from_utf8_lossy(&status).into_owned()
    };
    let many: String = (0..150).map(|number| format!("\r\nx-{number}: 1")).collect();
    assert_eq!(asked(format!("GET /healthz HTTP/1.1\r\nhost: {}{many}", server.client.address)).await, "HTTP/1.1 431");
    assert_eq!(asked(format!("GET /healthz?{} HTTP/1.1", "a".repeat(70_000))).await, "HTTP/1.1 414");
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
        assert!(!responses.contains_key("default"), "{place} has an answer for every status");
        let is_readiness = |status: &str| path == "/readyz" && status == "503";
        // Given before anything of ours looks at the request.
        let is_unread = |status: &str| matches!(status, "414" | "431");
        for (status, response) in responses {
            let response = response["$ref"].as_str().map_or(response, |reference| description.pointer(&reference[1..]).unwrap());
            assert!(response["description"].as_str().is_some_and(|words| !words.is_empty()), "{place} does not explain {status}");
            if is_unread(status) {
                assert!(response["content"].is_null(), "{place} {status}: {response}");
            } else if status.starts_with(['4', '5']) && !is_readiness(status) {
                let content = &response["content"]["application/problem+json"];
                assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{place} {status}: {response}");
                assert_eq!(content["example"]["status"].to_string(), *status, "{place}: {response}");
            }
        }
        let expected: &[&str] = if path == "/healthz" { &["414", "431"] } else { &["401", "414", "431", "500", "503"] };
        let of_bodies: &[&str] = if operation["requestBody"].is_object() { &["400", "413", "415", "422"] } else { &[] };
        for status in expected.iter().chain(of_bodies) {
            assert!(responses.contains_key(*status), "{place} does not say when it answers {status}");
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
