//! Gateways: servers at the address of `/v1/videos` that answer in words and shapes of their own, the one that `[[dialect=N]]` in the prompt names.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Multipart, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Shared,
    answer::{bearer, download, dropped, is_good_key, json as answer, json_with_clip, with},
    book::{Job, Point},
    scenario::Scenario,
};

/// How one gateway answers, as JSON in which stand for themselves: `ID`, the job; `WORD`, its state; `URL`, where its clip is; `BASE64`, the clip.
#[derive(Debug)]
pub struct Dialect {
    /// What is peculiar to it.
    pub name: &'static str,
    /// To the paid request.
    created: &'static str,
    /// To a question while it works, and its word for that.
    working: (&'static str, &'static str),
    /// To a question when it is done.
    done: &'static str,
    /// The same with the clip in the answer.
    with_clip: &'static str,
    /// To the paid request, with status 200, where it takes nothing.
    refused: &'static str,
}

/// Nine that the program knows, and one that it is taught: see [`TAUGHT`].
pub const DIALECTS: [Dialect; 10] = [
    Dialect {
        name: "as OpenAI has it",
        created: r#"{"id":"ID","object":"video","status":"queued","progress":0}"#,
        working: (r#"{"id":"ID","object":"video","status":"WORD","progress":40}"#, "in_progress"),
        done: r#"{"id":"ID","object":"video","status":"completed","progress":100}"#,
        with_clip: r#"{"id":"ID","status":"completed","b64_json":"BASE64"}"#,
        refused: r#"{"error":{"message":"You have no credits.","code":"insufficient_quota"}}"#,
    },
    Dialect {
        name: "an envelope with a task in it",
        created: r#"{"code":"success","message":"","data":{"task_id":"ID"}}"#,
        working: (r#"{"code":"success","message":"","data":{"task_id":"ID","status":"WORD","progress":"40%"}}"#, "IN_PROGRESS"),
        done: r#"{"code":"success","data":{"task_id":"ID","status":"SUCCESS","url":"URL"}}"#,
        with_clip: r#"{"code":"success","data":{"task_id":"ID","status":"SUCCESS","b64_json":"BASE64"}}"#,
        refused: r#"{"code":"insufficient_user_quota","message":"You have no credits.","data":null}"#,
    },
    Dialect {
        name: "a number for success, a list of clips",
        created: r#"{"code":0,"message":"SUCCEED","data":{"task_id":"ID","task_status":"submitted"}}"#,
        working: (r#"{"code":0,"message":"SUCCEED","data":{"task_id":"ID","task_status":"WORD"}}"#, "processing"),
        done: r#"{"code":0,"data":{"task_status":"succeed","task_result":{"videos":[{"id":"v","url":"URL"}]}}}"#,
        with_clip: r#"{"code":0,"data":{"task_status":"succeed","task_result":{"videos":[{"url":"data:video/mp4;base64,BASE64"}]}}}"#,
        refused: r#"{"code":1102,"message":"You have no available credits.","data":null}"#,
    },
    Dialect {
        name: "everything below output",
        created: r#"{"output":{"task_status":"PENDING","task_id":"ID"},"request_id":"r"}"#,
        working: (r#"{"output":{"task_status":"WORD","task_id":"ID"},"request_id":"r"}"#, "RUNNING"),
        done: r#"{"output":{"task_status":"SUCCEEDED","task_id":"ID","video_url":"URL"},"request_id":"r"}"#,
        with_clip: r#"{"output":{"task_status":"SUCCEEDED","task_id":"ID","b64_json":"BASE64"},"request_id":"r"}"#,
        refused: r#"{"output":{"error":{"code":"insufficient_balance","message":"You have no credits."}},"request":"r"}"#,
    },
    Dialect {
        name: "a prediction with an output",
        created: r#"{"id":"ID","status":"starting"}"#,
        working: (r#"{"id":"ID","status":"WORD","logs":""}"#, "processing"),
        done: r#"{"id":"ID","status":"succeeded","output":["URL"]}"#,
        with_clip: r#"{"id":"ID","status":"succeeded","output":["data:video/mp4;base64,BASE64"]}"#,
        refused: r#"{"success":false,"error":"You have run out of credits."}"#,
    },
    Dialect {
        name: "a request in a queue",
        created: r#"{"request_id":"ID","status":"IN_QUEUE"}"#,
        working: (r#"{"request_id":"ID","status":"WORD","percent":40}"#, "IN_PROGRESS"),
        done: r#"{"request_id":"ID","status":"COMPLETED","video":{"url":"URL"}}"#,
        with_clip: r#"{"request_id":"ID","status":"COMPLETED","video":{"base64":"BASE64"}}"#,
        refused: r#"{"detail":"The credit balance is too low."}"#,
    },
    Dialect {
        name: "a state, and assets",
        created: r#"{"id":"ID","state":"queued"}"#,
        working: (r#"{"id":"ID","state":"WORD"}"#, "dreaming"),
        done: r#"{"id":"ID","state":"completed","assets":{"video":"URL"}}"#,
        with_clip: r#"{"id":"ID","state":"completed","assets":{"video":"data:video/mp4;base64,BASE64"}}"#,
        refused: r#"{"errors":[{"code":"insufficient_credits","message":"You have no credits."}]}"#,
    },
    Dialect {
        name: "words with a prefix",
        created: r#"{"task_id":"ID"}"#,
        working: (r#"{"task":{"task_id":"ID","status":"WORD","progress_percent":40}}"#, "TASK_STATUS_PROCESSING"),
        done: r#"{"task":{"status":"TASK_STATUS_SUCCEED"},"videos":[{"video_url":"URL"}]}"#,
        with_clip: r#"{"task":{"status":"TASK_STATUS_SUCCEED"},"videos":[{"b64_json":"BASE64"}]}"#,
        refused: r#"{"task":{"error":{"code":"insufficient_quota","message":"You have no credits."}}}"#,
    },
    Dialect {
        name: "a job in camels",
        created: r#"{"data":{"jobId":"ID"}}"#,
        working: (r#"{"data":{"jobId":"ID","state":"WORD","progress":"40"}}"#, "generating"),
        done: r#"{"data":{"jobId":"ID","state":"success","resultUrls":["URL"]}}"#,
        with_clip: r#"{"data":{"jobId":"ID","state":"success","resultUrls":["data:video/mp4;base64,BASE64"]}}"#,
        refused: r#"{"data":{"error":{"code":"insufficient_credits","message":"You have no credits."}}}"#,
    },
    Dialect {
        name: "taught by the settings",
        created: r#"{"auftrag":{"nummer":"ID"}}"#,
        working: (r#"{"auftrag":{"nummer":"ID","zustand":"WORD"}}"#, "brodelt"),
        done: r#"{"auftrag":{"nummer":"ID","zustand":"angerichtet","gericht":{"ort":"URL"}}}"#,
        with_clip: r#"{"auftrag":{"nummer":"ID","zustand":"angerichtet","gericht":{"kern":"BASE64"}}}"#,
        refused: r#"{"auftrag":{"error":{"code":"insufficient_credits","grund":"You have no credits."}}}"#,
    },
];

/// What a file of `REELGRAPH_MODELS` says of the last one.
pub const TAUGHT: &str = r#"{ "dialects": [{
    "fields": {
        "id": ["/auftrag/nummer"], "status": ["/auftrag/zustand"], "url": ["/auftrag/gericht/ort"], "base64": ["/auftrag/gericht/kern"],
        "reason": ["/auftrag/error/grund"]
    },
    "words": { "working": ["brodelt"], "done": ["angerichtet"] }
}] }"#;

/// The routes below `/gateway/v1`.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/videos", post(create))
        .route("/videos/{id}", get(show))
        .route("/videos/{id}/content", get(content))
        .layer(middleware::from_fn(check_key))
        .with_state(shared)
}

async fn check_key(headers: HeaderMap, request: Request, next: Next) -> Response {
    match bearer(&headers) {
        key if is_good_key(key) => next.run(request).await,
        _ => answer(401, json!({ "error": { "message": "Incorrect API key provided.", "code": "invalid_api_key" } })),
    }
}

fn dialect(scenario: &Scenario) -> &'static Dialect {
    &DIALECTS[scenario.number("dialect")]
}

/// An answer about a job.
fn said(template: &str, id: &str) -> Response {
    let answer = ([(header::CONTENT_TYPE, "application/json")], template.replace("ID", id)).into_response();
    with(answer, "openai-poll-after-ms", "50")
}

async fn create(State(shared): State<Arc<Shared>>, mut form: Multipart) -> Response {
    let mut fields = serde_json::Map::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        fields.insert(name, field.text().await.unwrap().into());
    }
    let text = |name: &str| fields[name].as_str().unwrap().to_owned();
    let (prompt, model, seconds, size) = (text("prompt"), text("model"), text("seconds"), text("size"));
    let body = Value::Object(fields);
    let scenario = Scenario::of(&prompt);
    shared.book.pass(Point::Create).await;
    if scenario.has("refused-in-200") {
        shared.book.refuse(&prompt, &body);
        return said(dialect(&scenario).refused, "");
    }
    let (width, height) = size.split_once('x').unwrap();
    let frame = (width.parse().unwrap(), height.parse().unwrap());
    let job = shared.book.job("gw-", &model, &prompt, frame, seconds.parse().unwrap());
    let job = shared.book.make(&body, job);
    shared.book.pass(Point::Answer).await;
    if scenario.has("drop") { dropped() } else { said(dialect(&scenario).created, &job.id) }
}

async fn show(State(shared): State<Arc<Shared>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    shared.book.pass(Point::Poll).await;
    let Some(job) = shared.book.with(&id, |job| job.polls += 1) else { return StatusCode::NOT_FOUND.into_response() };
    let scenario = job.scenario();
    let dialect = dialect(&scenario);
    if job.polls <= scenario.number("404") {
        return answer(404, json!({ "error": { "message": "No such task." } }));
    }
    if job.polls <= scenario.number("word") {
        return said(&dialect.working.0.replace("WORD", "marinating"), &id);
    }
    if job.share() < 1.0 {
        return said(&dialect.working.0.replace("WORD", dialect.working.1), &id);
    }
    if scenario.has("base64") {
        return json_with_clip(&dialect.with_clip.replace("ID", &id), &job);
    }
    // By the name that it was reached under.
    let host = headers[header::HOST].to_str().unwrap();
    said(&dialect.done.replace("URL", &format!("http://{host}/gateway/v1/videos/{id}/content")), &id)
}

async fn content(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let late = |job: &Job| job.downloads <= job.scenario().number("late");
    match shared.book.with(&id, |job| job.downloads += 1) {
        Some(job) if !late(&job) => download(&shared.book, &job, &shared.elsewhere()).await,
        _ => answer(404, json!({ "error": { "message": "The file is not there yet." } })),
    }
}
