//! Grok Imagine Video, as its documentation and its SDK have it. Its clips lie at another host, which wants no key.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Shared,
    answer::{bearer, dropped, html, is_good_key, json as answer, with},
    book::Point,
    rules,
    scenario::Scenario,
};

const MODELS: [&str; 2] = ["grok-imagine-video-1.5", "grok-imagine-video"];

/// The routes below `/xai/v1`.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/videos/generations", post(create))
        .route("/videos/{id}", get(show))
        .layer(middleware::from_fn(check_key))
        .with_state(shared)
}

fn error(status: u16, message: &str, code: &str) -> Response {
    answer(status, json!({ "error": { "message": message, "type": code, "param": null, "code": code } }))
}

async fn check_key(headers: HeaderMap, request: Request, next: Next) -> Response {
    match bearer(&headers) {
        key if !is_good_key(key) => {
            let text = "Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai.";
            answer(400, json!({ "code": "Client specified an invalid argument", "error": text }))
        }
        _ => next.run(request).await,
    }
}

async fn create(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let book = &shared.book;
    let prompt = body["prompt"].as_str().unwrap_or_default().to_owned();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    let scenario = Scenario::of(&prompt);
    book.pass(Point::Create).await;
    let seconds = body["duration"].as_u64();
    let refusal = if bearer(&headers).is_some_and(|key| key.starts_with("no-credit")) {
        let text = "Your team has either used all available credits or reached its monthly spending limit.";
        Some(answer(429, json!({ "code": "Some resource has been exhausted", "error": text })))
    } else if scenario.has("create500") {
        Some(error(500, "Internal error", "internal_error"))
    } else if book.tried(&format!("create {prompt}")) < scenario.number("429") {
        Some(with(error(429, "Too many requests", "rate_limit_exceeded"), "retry-after", "1"))
    } else if scenario.has("retired") || !MODELS.contains(&model.as_str()) {
        Some(error(404, &format!("The model {model} does not exist or your team does not have access to it."), "model_not_found"))
    } else if scenario.has("block-at-submit") {
        Some(error(400, "The prompt was blocked by content moderation.", "content_policy_violation"))
    } else if let Err(complaint) = rules::xai(&body) {
        Some(error(422, &complaint, "invalid_argument"))
    } else {
        None
    };
    if let Some(refusal) = refusal {
        book.refuse(&prompt, &body);
        return refusal;
    }
    let size = match body["aspect_ratio"].as_str() {
        Some("16:9") => (1280, 720),
        Some("1:1") => (720, 720),
        _ => (720, 1280),
    };
    let job = book.job("", &model, &prompt, size, u32::try_from(seconds.unwrap_or(6)).unwrap());
    let job = book.make(&body, job);
    book.pass(Point::Answer).await;
    if scenario.has("drop") { dropped() } else { answer(200, json!({ "request_id": job.id })) }
}

async fn show(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared.book.pass(Point::Poll).await;
    let Some(job) = shared.book.with(&id, |job| job.polls += 1) else { return error(404, "Request not found", "not_found") };
    let scenario = job.scenario();
    if job.polls <= scenario.number("500") {
        return error(500, "Internal error", "internal_error");
    }
    if scenario.has("html") && job.polls <= 2 {
        return html();
    }
    if scenario.has("expired") {
        return answer(200, json!({ "status": "expired" }));
    }
    if job.share() < 1.0 {
        // The first answer has no body at all.
        return if job.polls == 1 {
            StatusCode::ACCEPTED.into_response()
        } else {
            answer(202, json!({ "status": "pending", "progress": (job.share() * 100.0) as u32 }))
        };
    }
    if scenario.has("fail") {
        let error = json!({ "code": "internal_error", "message": "Video generation failed" });
        return answer(200, json!({ "status": "failed", "model": job.model, "progress": 0, "error": error }));
    }
    let is_blocked_later = scenario.has("block-later") && job.downloads > 0;
    let is_blocked = scenario.has("block") || is_blocked_later;
    let video = json!({
        "url": format!("{}/{}", shared.elsewhere(), job.id), "duration": job.seconds, "respect_moderation": !is_blocked,
    });
    let usage = json!({ "cost_in_usd_ticks": if is_blocked_later { 700_000_000_u64 } else { 500_000_000 } });
    answer(200, json!({ "status": "done", "video": video, "model": job.model, "progress": 100, "usage": usage }))
}
