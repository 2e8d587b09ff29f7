//! Google's API: Gemini Omni through Interactions, Veo in the `predictLongRunning` shape, and the files both put their clips into.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::HeaderMap,
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Shared,
    answer::{bearer, download, dropped, html, is_good_key, json as answer, json_with_clip, with},
    book::{Job, Point},
    rules,
    scenario::Scenario,
};

const OMNI: [&str; 2] = ["gemini-omni-1.2-flash", "gemini-omni-1.1-flash"];
const VEO: [&str; 3] = ["veo-3.1-generate-preview", "veo-3.1-fast-generate-preview", "veo-3.1-lite-generate-preview"];
/// The routes below `/google`.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1beta/interactions", post(interact))
        .route("/v1beta/interactions/{id}", get(interaction))
        .route("/v1beta/interactions/{id}/cancel", post(cancel))
        .route("/v1beta/models/{call}", post(predict))
        .route("/v1beta/models/{model}/operations/{id}", get(operation))
        .route("/v1beta/files/{file}", get(file))
        .layer(middleware::from_fn(check_key))
        .with_state(shared)
}

fn error(status: u16, code: &str, message: &str) -> Response {
    answer(status, json!({ "error": { "code": code, "message": message } }))
}

fn front(status: u16, canonical: &str, message: &str, details: Value) -> Response {
    answer(status, json!({ "error": { "code": status, "message": message, "status": canonical, "details": details } }))
}

async fn check_key(
    Query(query): Query<std::collections::HashMap<String, String>>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let header = headers.get("x-goog-api-key").and_then(|key| key.to_str().ok());
    let given = [header, query.get("key").map(String::as_str), bearer(&headers)];
    if given.iter().flatten().count() > 1 {
        return front(400, "INVALID_ARGUMENT", "Multiple authentication credentials received. Please pass only one.", json!([]));
    }
    match given.into_iter().flatten().next() {
        key if !is_good_key(key) => {
            let reason =
                json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com" }]);
            front(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", reason)
        }
        _ => next.run(request).await,
    }
}

fn has_no_credit(headers: &HeaderMap) -> bool {
    headers.get("x-goog-api-key").is_some_and(|key| key.as_bytes().starts_with(b"no-credit"))
}

async fn interact(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let book = &shared.book;
    let parts = body["input"].as_array().cloned().unwrap_or_default();
    let prompt = parts.last().filter(|part| part["type"] == "text").and_then(|part| part["text"].as_str()).unwrap_or_default().to_owned();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    let format = &body["response_format"];
    let seconds = format["duration"].as_str().and_then(|text| text.strip_suffix('s')?.parse::<u32>().ok());
    let scenario = Scenario::of(&prompt);
    book.pass(Point::Create).await;
    let refusal = if has_no_credit(&headers) {
        Some(error(402, "payment_required", "Your prepayment credits are depleted."))
    } else if scenario.has("create500") {
        Some(error(500, "api_error", "An internal error has occurred. Please retry."))
    } else if scenario.has("quota") {
        Some(error(429, "quota_exceeded", "You exceeded your current quota, please check your plan and billing details."))
    } else if book.tried(&format!("create {prompt}")) < scenario.number("429") {
        let message = "You have exceeded your requests-per-minute limit. Please wait and try again.";
        Some(with(error(429, "rate_limit_exceeded", message), "retry-after", "1"))
    } else if scenario.has("retired") || !OMNI.contains(&model.as_str()) {
        let message = format!("models/{model} is no longer available. Please update your code to use a newer model.");
        Some(error(404, "model_not_found", &message))
    } else if scenario.has("block-at-submit") {
        Some(error(400, "invalid_request", "Request blocked due to safety policy."))
    } else if let Err(complaint) = rules::omni(&body) {
        Some(error(400, "invalid_request", &complaint))
    } else {
        None
    };
    if let Some(refusal) = refusal {
        book.refuse(&prompt, &body);
        return refusal;
    }
    let size = if format["aspect_ratio"] == "16:9" { (1280, 720) } else { (720, 1280) };
    let job = book.job("v1_", &model, &prompt, size, seconds.unwrap_or(8));
    let job = book.make(&body, job);
    book.pass(Point::Answer).await;
    if scenario.has("drop") { dropped() } else { answer(200, shown(&job, "in_progress")) }
}

fn shown(job: &Job, status: &str) -> Value {
    json!({
        "id": job.id, "status": status, "created": "2026-11-22T10:00:00Z", "updated": "2026-11-22T10:00:00Z", "service_tier": "standard",
        "object": "interaction", "model": job.model,
    })
}

async fn interaction(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared.book.pass(Point::Poll).await;
    let gone = || error(400, "invalid_request", &format!("Invalid interaction name: interactions/{id}"));
    let Some(job) = shared.book.with(&id, |job| job.polls += 1) else { return gone() };
    let scenario = job.scenario();
    if job.polls <= scenario.number("500") {
        return error(500, "api_error", "An internal error has occurred. Please retry.");
    }
    if scenario.has("html") && job.polls <= 2 {
        return html();
    }
    if scenario.has("expired") {
        return gone();
    }
    if job.cancelled {
        return answer(200, shown(&job, "cancelled"));
    }
    if job.share() < 1.0 {
        return answer(200, shown(&job, if job.polls == 1 { "queued" } else { "in_progress" }));
    }
    let mut done = shown(&job, "completed");
    let tokens = u64::from(job.seconds) * 5_792;
    let text = |text: &str| json!([{ "type": "model_output", "content": [{ "type": "text", "text": text }] }]);
    let usage = |kind: &str, tokens: u64| json!({ "total_output_tokens": tokens, "output_tokens_by_modality": [{ "modality": kind, "tokens": tokens }] });
    if scenario.has("fail") || scenario.has("block") {
        let (code, message) = if scenario.has("fail") {
            ("api_error", "An internal error has occurred. Please retry.")
        } else {
            ("prohibited_content", "The request was blocked because it contains prohibited content.")
        };
        done["status"] = "failed".into();
        done["errors"] = json!([{ "code": code, "message": message }]);
    } else if scenario.has("block-text") {
        done["steps"] = text("I can't generate that video because it may violate our usage policies.");
        done["usage"] = usage("text", 32);
    } else if scenario.has("block-empty") {
        done["steps"] = json!([]);
        done["usage"] = usage("video", 0);
    } else {
        let place = format!("{}/v1beta/files/{}:download?alt=media", shared.google_base(), job.id);
        let video = if scenario.has("inline") {
            json!({ "type": "video", "mime_type": "video/mp4", "data": "BASE64" })
        } else {
            json!({ "type": "video", "mime_type": "video/mp4", "uri": place })
        };
        done["steps"] = json!([{ "type": "thought", "signature": "EpcwCpQwAQw51sdI" }, { "type": "model_output", "content": [video] }]);
        done["usage"] = usage("video", tokens);
        if scenario.has("inline") {
            return json_with_clip(&done.to_string(), &job);
        }
    }
    answer(200, done)
}

async fn cancel(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let Some(job) = shared.book.with(&id, |job| job.cancelled = true) else {
        return error(400, "invalid_request", &format!("Invalid interaction name: interactions/{id}"));
    };
    shared.book.cancel(&job.id);
    answer(200, shown(&job, "cancelled"))
}

async fn predict(State(shared): State<Arc<Shared>>, Path(call): Path<String>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let book = &shared.book;
    let model = call.trim_end_matches(":predictLongRunning").to_owned();
    let prompt = body["instances"][0]["prompt"].as_str().unwrap_or_default().to_owned();
    let parameters = &body["parameters"];
    let seconds = parameters["durationSeconds"].as_u64().or_else(|| parameters["durationSeconds"].as_str()?.parse().ok());
    let scenario = Scenario::of(&prompt);
    book.pass(Point::Create).await;
    let refusal = if has_no_credit(&headers) {
        Some(front(402, "FAILED_PRECONDITION", "Your prepayment credits are depleted.", json!([])))
    } else if scenario.has("create500") {
        Some(front(500, "INTERNAL", "An internal error has occurred.", json!([])))
    } else if scenario.has("quota") {
        let details = json!([
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": "GenerateRequestsPerDayPerProjectPerModel" }] },
        ]);
        Some(front(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.", details))
    } else if book.tried(&format!("create {prompt}")) < scenario.number("429") {
        let details = json!([
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": "GenerateRequestsPerMinutePerProjectPerModel" }] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s" },
        ]);
        Some(front(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.", details))
    } else if scenario.has("retired") || !VEO.contains(&model.as_str()) {
        let message = format!("This model models/{model} is no longer available. Please update your code to use a newer model.");
        Some(front(404, "NOT_FOUND", &message, json!([])))
    } else if scenario.has("block-at-submit") {
        Some(front(400, "INVALID_ARGUMENT", "The prompt could not be submitted. It was blocked by our safety policy.", json!([])))
    } else if let Err(complaint) = rules::veo(&model, &body) {
        Some(front(400, "INVALID_ARGUMENT", &complaint, json!([])))
    } else {
        None
    };
    if let Some(refusal) = refusal {
        book.refuse(&prompt, &body);
        return refusal;
    }
    let size = if parameters["aspectRatio"] == "9:16" { (720, 1280) } else { (1280, 720) };
    let job = book.job("veo", &model, &prompt, size, u32::try_from(seconds.unwrap_or(8)).unwrap());
    let job = book.make(&body, job);
    book.pass(Point::Answer).await;
    if scenario.has("drop") { dropped() } else { answer(200, json!({ "name": name(&job) })) }
}

fn name(job: &Job) -> String {
    format!("models/{}/operations/{}", job.model, job.id)
}

async fn operation(State(shared): State<Arc<Shared>>, Path((_, id)): Path<(String, String)>) -> Response {
    shared.book.pass(Point::Poll).await;
    let Some(job) = shared.book.with(&id, |job| job.polls += 1) else { return front(404, "NOT_FOUND", "Operation not found.", json!([])) };
    let scenario = job.scenario();
    if job.polls <= scenario.number("500") {
        return front(500, "INTERNAL", "An internal error has occurred.", json!([]));
    }
    if scenario.has("html") && job.polls <= 2 {
        return html();
    }
    if scenario.has("expired") {
        return front(404, "NOT_FOUND", "Operation not found.", json!([]));
    }
    if job.share() < 1.0 {
        return answer(200, json!({ "name": name(&job) }));
    }
    if scenario.has("fail") {
        let error =
            json!({ "code": 13, "message": "Video generation failed due to an internal server issue. Please try again in a few minutes." });
        return answer(200, json!({ "name": name(&job), "done": true, "error": error }));
    }
    if scenario.has("inline") {
        // As Vertex has it, and servers that copy it.
        let made = json!({ "raiMediaFilteredCount": 0, "videos": [{ "bytesBase64Encoded": "BASE64", "mimeType": "video/mp4" }] });
        return json_with_clip(&json!({ "name": name(&job), "done": true, "response": made }).to_string(), &job);
    }
    let made = if scenario.has("block") {
        json!({ "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["We encountered an issue with the prompt you submitted. You have not been charged for this attempt."] })
    } else {
        json!({ "generatedSamples": [{ "video": { "uri": format!("{}/v1beta/files/{}:download?alt=media", shared.google_base(), job.id) } }] })
    };
    let kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse";
    answer(200, json!({ "name": name(&job), "done": true, "response": { "@type": kind, "generateVideoResponse": made } }))
}

async fn file(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Response {
    let Some(id) = file.strip_suffix(":download") else {
        let asked = shared.book.tried(&format!("file {file}"));
        let Some(job) = shared.book.with(&file, |_| ()) else { return error(404, "not_found", "File not found.") };
        let state = if asked < job.scenario().number("processing") { "PROCESSING" } else { "ACTIVE" };
        return answer(200, json!({ "name": format!("files/{file}"), "mimeType": "video/mp4", "state": state, "source": "GENERATED" }));
    };
    match shared.book.with(id, |job| job.downloads += 1) {
        Some(job) if job.share() < 1.0 => error(400, "failed_precondition", "The file is not ready."),
        Some(job) => download(&shared.book, &job, &shared.elsewhere()).await,
        None => error(404, "not_found", "File not found."),
    }
}
