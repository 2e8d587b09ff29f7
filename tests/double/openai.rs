//! The `/v1/videos` shape. Fixtures and rules as OpenAI's specification and observed answers have them; what it refuses is refused.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Multipart, Path, Query, Request, State},
    http::HeaderMap,
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{
    Shared,
    answer::{bearer, download, dropped, html, is_good_key, json as answer, with},
    book::{Job, Point},
    scenario::Scenario,
};

const MODELS: [&str; 3] = ["sora-2", "sora-2-pro", "house-video-1"];
const FIELDS: [&str; 4] = ["prompt", "model", "seconds", "size"];
/// The first two for every model, the others for the larger one.
const SIZES: [&str; 6] = ["720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"];

/// The routes below `/openai/v1`.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/videos", post(create).get(list))
        .route("/videos/{id}", get(show).delete(cancel))
        .route("/videos/{id}/content", get(content))
        .layer(middleware::from_fn(check_key))
        .with_state(shared)
}

fn error(status: u16, message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Response {
    answer(status, json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }))
}

fn invalid(message: &str, param: Option<&str>, code: Option<&str>) -> Response {
    error(400, message, "invalid_request_error", param, code)
}

async fn check_key(headers: HeaderMap, request: Request, next: Next) -> Response {
    let key = bearer(&headers);
    if !is_good_key(key) {
        let shown = key.map_or_else(String::new, |key| format!("{}***********key", &key[..key.len().min(6)]));
        let message =
            format!("Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com/account/api-keys.");
        return error(401, &message, "invalid_request_error", None, Some("invalid_api_key"));
    }
    next.run(request).await
}

async fn create(State(shared): State<Arc<Shared>>, headers: HeaderMap, mut form: Multipart) -> Response {
    let book = &shared.book;
    let (mut fields, mut picture) = (Map::new(), None);
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "input_reference" => picture = Some(field.bytes().await.unwrap()),
            _ => drop(fields.insert(name, field.text().await.unwrap().into())),
        }
    }
    let text = |name: &str, default: &str| fields.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
    let (prompt, model) = (text("prompt", ""), text("model", "sora-2"));
    let (seconds, size) = (text("seconds", "4"), text("size", "720x1280"));
    let body = Value::Object(fields.clone());
    let scenario = Scenario::of(&prompt);
    book.pass(Point::Create).await;
    if let Some(strange) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        book.refuse(&prompt, &body);
        return invalid(&format!("Unknown parameter: '{strange}'."), Some(strange), Some("unknown_parameter"));
    }
    if let Some(refusal) = refuse(&shared, &headers, &prompt, &model, &seconds, &size, picture.as_deref()) {
        book.refuse(&prompt, &body);
        return refusal;
    }
    let (width, height) = size.split_once('x').unwrap();
    let frame = (width.parse().unwrap(), height.parse().unwrap());
    if scenario.has("refused-in-200") {
        book.refuse(&prompt, &body);
        return answer(200, json!({ "error": { "message": "Insufficient credits", "code": "insufficient_quota" } }));
    }
    let job = book.job("video_", &model, &prompt, frame, seconds.parse().unwrap());
    let job = book.make(&body, job);
    book.pass(Point::Answer).await;
    if scenario.has("drop") { dropped() } else { answer(200, video(&job)) }
}

fn refuse(
    shared: &Shared,
    headers: &HeaderMap,
    prompt: &str,
    model: &str,
    seconds: &str,
    size: &str,
    picture: Option<&[u8]>,
) -> Option<Response> {
    let scenario = Scenario::of(prompt);
    if bearer(headers).is_some_and(|key| key.starts_with("no-credit")) {
        let message = "You exceeded your current quota, please check your plan and billing details.";
        return Some(error(429, message, "insufficient_quota", None, Some("insufficient_quota")));
    }
    if scenario.has("create500") {
        return Some(error(500, "The server had an error while processing your request.", "server_error", None, None));
    }
    if shared.book.tried(&format!("create {prompt}")) < scenario.number("429") {
        let message =
            format!("Rate limit reached for {model} on requests per min (RPM): Limit 25, Used 25, Requested 1. Please try again in 1s.");
        return Some(with(error(429, &message, "requests", None, Some("rate_limit_exceeded")), "retry-after", "1"));
    }
    if scenario.has("retired") || !MODELS.contains(&model) {
        let message = format!("The model '{model}' does not exist or you do not have access to it.");
        return Some(error(404, &message, "invalid_request_error", None, Some("model_not_found")));
    }
    if scenario.has("block-at-submit") {
        return Some(invalid("Your request was blocked by our moderation system.", None, Some("moderation_blocked")));
    }
    if !["4", "8", "12"].contains(&seconds) {
        let message = format!("Invalid value: '{seconds}'. Supported values are: '4', '8', and '12'.");
        return Some(invalid(&message, Some("seconds"), Some("invalid_value")));
    }
    let sizes = if model == "sora-2-pro" { &SIZES[..] } else { &SIZES[..2] };
    if !sizes.contains(&size) {
        return Some(invalid(&format!("Invalid value: '{size}'."), Some("size"), Some("invalid_value")));
    }
    let wanted = size.split_once('x').map(|(width, height)| (width.parse().unwrap(), height.parse().unwrap()));
    let given = picture.map(|bytes| image::load_from_memory(bytes).map(|image| (image.width(), image.height())).ok());
    if given.is_some_and(|given| given != wanted) {
        return Some(invalid("Inpaint image must match the requested width and height", None, None));
    }
    None
}

fn video(job: &Job) -> Value {
    let scenario = job.scenario();
    let done = job.share() >= 1.0;
    let failed = done && (scenario.has("fail") || scenario.has("block"));
    let is_strange = job.polls > 0 && job.polls <= scenario.number("word");
    let status = match (failed, done, job.polls) {
        _ if is_strange => "marinating",
        (true, ..) => "failed",
        (_, true, _) => "completed",
        (.., 0) => "queued",
        _ => "in_progress",
    };
    let error = match (failed, scenario.has("block")) {
        (false, _) => Value::Null,
        (true, true) => json!({ "code": "moderation_blocked", "message": "Your request was blocked by our moderation system." }),
        (true, false) => json!({ "code": "video_generation_failed", "message": "The video could not be generated. Please try again." }),
    };
    let (width, height) = job.size;
    json!({
        "id": job.id, "object": "video", "created_at": job.created_at, "status": status, "completed_at": done.then_some(job.created_at),
        "error": error, "expires_at": done.then_some(job.created_at + 3600), "model": job.model, "progress": (job.share() * 100.0) as u32,
        "prompt": job.prompt, "remixed_from_video_id": null, "seconds": job.seconds.to_string(), "size": format!("{width}x{height}"),
    })
}

fn unknown(id: &str) -> Response {
    error(404, &format!("Video with id '{id}' not found."), "invalid_request_error", None, None)
}

async fn show(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared.book.pass(Point::Poll).await;
    let Some(job) = shared.book.with(&id, |job| job.polls += 1) else { return unknown(&id) };
    let scenario = job.scenario();
    if job.polls <= scenario.number("500") {
        let answer = error(500, "The server had an error while processing your request.", "server_error", None, None);
        return with(answer, "retry-after-ms", "50");
    }
    if scenario.has("html") && job.polls <= 2 {
        return html();
    }
    if scenario.has("expired") || job.cancelled || job.polls <= scenario.number("404") {
        return unknown(&id);
    }
    with(answer(200, video(&job)), "openai-poll-after-ms", "50")
}

#[derive(serde::Deserialize)]
struct Page {
    limit: Option<usize>,
    after: Option<String>,
}

async fn list(State(shared): State<Arc<Shared>>, Query(page): Query<Page>) -> Response {
    let jobs: Vec<_> = shared.book.open().jobs.iter().rev().filter(|job| job.id.starts_with("video_") && !job.cancelled).cloned().collect();
    let begin = page.after.and_then(|after| jobs.iter().position(|job| job.id == after)).map_or(0, |place| place + 1);
    let limit = page.limit.unwrap_or(20);
    let shown: Vec<_> = jobs.iter().skip(begin).take(limit).map(video).collect();
    let id = |video: Option<&Value>| video.map(|video| video["id"].clone()).unwrap_or_default();
    answer(
        200,
        json!({ "object": "list", "first_id": id(shown.first()), "last_id": id(shown.last()), "has_more": jobs.len() > begin + limit, "data": shown }),
    )
}

async fn cancel(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let Some(job) = shared.book.with(&id, |job| job.cancelled = true) else { return unknown(&id) };
    shared.book.cancel(&job.id);
    answer(200, json!({ "id": id, "object": "video.deleted", "deleted": true }))
}

async fn content(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let Some(job) = shared.book.with(&id, |job| job.downloads += 1) else { return unknown(&id) };
    if job.share() < 1.0 {
        return invalid("Video is not ready yet.", None, None);
    }
    if job.downloads <= job.scenario().number("late") {
        return error(404, "Video content is not ready.", "invalid_request_error", None, None);
    }
    download(&shared.book, &job, &shared.elsewhere()).await
}
