//! `/v1/videos`: what is sent, and what the answers on record mean.

#![expect(clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::Query, routing::get};
use serde_json::json;

use super::*;
use crate::server::providers::sample_answers::{
    KEY, MP4, MP4_BASE64, answer, clip_in, failures, http, picture, request, serve, with_header,
};

const JOB: &str = "video_68d7512d07848190b3e45da0ecbebcde004da08e1e0678d5";

fn job(status: &str, more: &Value) -> Value {
    let mut job = json!({
        "id": JOB, "object": "video", "created_at": 1_763_053_953, "status": status, "completed_at": null, "error": null, "expires_at": null,
        "model": "sora-2", "progress": 0, "prompt": "A paper boat on a rainy street", "remixed_from_video_id": null, "seconds": "6",
        "size": "1280x720",
    });
    job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job
}

fn read(job: &Value) -> Result<Polled> {
    let spelling = Spelling::of_host(None, &[]);
    let failures = failures(Provider::OpenAi).with_reasons_at(spelling.fields.reason.clone());
    polled(&failures, &spelling, &answer(200, &job.to_string()), "https://here/content")
}

fn ended(job: &Value) -> ProviderClass {
    match read(job).unwrap() {
        Polled::Ended(error) | Polled::Withheld { error, .. } => error.class,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_fields_are_texts_and_the_seed_is_not_for_openai() {
    let mut request = request("sora-2");
    request.params = json!({ "negative_prompt": " cars " });
    let prompt = ("prompt", "A paper boat on a rainy street\n\nAvoid: cars".to_owned());
    let own = [prompt, ("model", "sora-2".into()), ("seconds", "6".into()), ("size", "1280x720".into())];
    assert_eq!(super::fields(&request, true), own);
    assert_eq!(super::fields(&request, false)[4], ("seed", "7".to_owned()));
    request.model.clear();
    assert!(super::fields(&request, true).iter().all(|(name, _)| *name != "model"), "the server's own model");
    let at = |base_url| OpenAiVideos::new(base_url, KEY.into(), http(), &[]).unwrap().is_openai();
    assert!(at("https://api.openai.com/v1") && !at("https://api.openai.com.example.org/v1") && !at("http://127.0.0.1:8000/v1"));
}

#[test]
fn a_job_goes_from_working_to_ready() {
    let running = with_header(answer(200, &job("in_progress", &json!({ "progress": 33 })).to_string()), "openai-poll-after-ms", "2000");
    let working = polled(&failures(Provider::OpenAi), &Spelling::of_host(None, &[]), &running, "x").unwrap();
    assert_eq!(working, Polled::working(Some(0.33), Some(Duration::from_secs(2))));
    for status in ["queued", "in_progress", "pending", "PROCESSING", "running"] {
        assert_eq!(read(&json!({ "id": "x", "status": status })).unwrap(), Polled::working(None, None));
    }
    let unknown_word = Some("a word of tomorrow".to_owned());
    let tomorrow = Polled::Working { progress: None, ask_again: None, unknown_word };
    assert_eq!(read(&json!({ "id": "x", "status": "a word of tomorrow" })).unwrap(), tomorrow);
    let at = |job: &Value| match read(job).unwrap() {
        Polled::Ready { clip: Clip::At(place), usd_micros: None } => place,
        other => panic!("{other:?}"),
    };
    for status in ["completed", "succeeded", "done"] {
        assert_eq!(at(&job(status, &json!({}))), "https://here/content");
    }
    assert_eq!(at(&job("completed", &json!({ "url": "https://cdn/a.mp4" }))), "https://cdn/a.mp4");
    assert_eq!(at(&job("completed", &json!({ "url": null, "video_url": "https://cdn/b.mp4" }))), "https://cdn/b.mp4");
}

#[test]
fn a_job_that_ended_says_why() {
    let failed =
        json!({ "error": { "code": "video_generation_failed", "message": "The video could not be generated. Please try again." } });
    assert_eq!(ended(&job("failed", &failed)), ProviderClass::Failed);
    let blocked = json!({ "error": { "code": "moderation_blocked", "message": "Your request was blocked by our moderation system." } });
    assert_eq!(ended(&job("failed", &blocked)), ProviderClass::Moderated);
    assert_eq!(ended(&job("failed", &json!({}))), ProviderClass::Failed);
    assert_eq!(ended(&job("cancelled", &json!({}))), ProviderClass::Failed);
    assert_eq!(ended(&job("expired", &json!({}))), ProviderClass::Expired);
    for body in ["<html>", "", "{}", r#"{"status":null}"#] {
        let error = polled(&failures(Provider::OpenAi), &Spelling::of_host(None, &[]), &answer(200, body), "x").unwrap_err();
        assert_eq!(error.class, ProviderClass::Transient(None), "{body}");
    }
}

/// How a gateway answers: the paid request, a question while it works, one when it is done, one when it failed. The job is `t-1` and the clip
/// at `https://cdn.example/a.mp4`, or in the answer.
const GATEWAYS: [(&str, &str, &str, &str, &str); 10] = [
    (
        "one envelope with a task in it",
        r#"{"code":"success","message":"","data":{"task_id":"t-1"}}"#,
        r#"{"code":"success","message":"","data":{"task_id":"t-1","status":"IN_PROGRESS","progress":"40%"}}"#,
        r#"{"code":"success","data":{"task_id":"t-1","status":"SUCCESS","progress":"100%","url":"https://cdn.example/a.mp4"}}"#,
        r#"{"code":"success","data":{"task_id":"t-1","status":"FAILURE","progress":"100%","fail_reason":"no luck"}}"#,
    ),
    (
        "a number for success and a list of clips",
        r#"{"code":0,"message":"SUCCEED","request_id":"r","data":{"task_id":"t-1","task_status":"submitted"}}"#,
        r#"{"code":0,"message":"SUCCEED","data":{"task_id":"t-1","task_status":"processing","progress":0.4}}"#,
        r#"{"code":0,"data":{"task_status":"succeed","task_result":{"videos":[{"id":"v","url":"https://cdn.example/a.mp4"}]}}}"#,
        r#"{"code":0,"message":"SUCCEED","data":{"task_status":"failed","task_status_msg":"no luck"}}"#,
    ),
    (
        "everything below output",
        r#"{"output":{"task_status":"PENDING","task_id":"t-1"},"request_id":"r"}"#,
        r#"{"output":{"task_status":"RUNNING","task_id":"t-1","progress":40},"request_id":"r"}"#,
        r#"{"output":{"task_status":"SUCCEEDED","task_id":"t-1","video_url":"https://cdn.example/a.mp4"},"request_id":"r"}"#,
        r#"{"output":{"task_status":"FAILED","code":"x","message":"no luck"},"request_id":"r"}"#,
    ),
    (
        "a prediction with an output",
        r#"{"id":"t-1","status":"starting"}"#,
        r#"{"id":"t-1","status":"processing","progress":40}"#,
        r#"{"id":"t-1","status":"succeeded","output":["https://cdn.example/a.mp4"]}"#,
        r#"{"id":"t-1","status":"aborted","error":"no luck"}"#,
    ),
    (
        "a request in a queue",
        r#"{"request_id":"t-1","status":"IN_QUEUE"}"#,
        r#"{"request_id":"t-1","status":"IN_PROGRESS","percent":40}"#,
        r#"{"request_id":"t-1","status":"COMPLETED","video":{"url":"https://cdn.example/a.mp4"}}"#,
        r#"{"request_id":"t-1","status":"ERROR","detail":"no luck"}"#,
    ),
    (
        "a state with a reason for failure",
        r#"{"id":"t-1","state":"queued"}"#,
        r#"{"id":"t-1","state":"dreaming","progress":40}"#,
        r#"{"id":"t-1","state":"completed","assets":{"video":"https://cdn.example/a.mp4"}}"#,
        r#"{"id":"t-1","state":"failed","failure_reason":"no luck"}"#,
    ),
    (
        "content of its own",
        r#"{"id":"t-1"}"#,
        r#"{"id":"t-1","status":"running","percentage":40}"#,
        r#"{"id":"t-1","status":"succeeded","content":{"video_url":"https://cdn.example/a.mp4"}}"#,
        r#"{"id":"t-1","status":"failed","error":{"code":"x","message":"no luck"}}"#,
    ),
    (
        "words with a prefix",
        r#"{"task_id":"t-1"}"#,
        r#"{"task":{"task_id":"t-1","status":"TASK_STATUS_PROCESSING","progress_percent":40}}"#,
        r#"{"task":{"status":"TASK_STATUS_SUCCEED"},"videos":[{"video_url":"https://cdn.example/a.mp4"}]}"#,
        r#"{"task":{"status":"TASK_STATUS_FAILED","reason":"no luck"}}"#,
    ),
    (
        "a job in camels",
        r#"{"data":{"jobId":"t-1"}}"#,
        r#"{"data":{"jobId":"t-1","state":"generating","progress":"40"}}"#,
        r#"{"data":{"jobId":"t-1","state":"success","resultUrls":["https://cdn.example/a.mp4"]}}"#,
        r#"{"data":{"jobId":"t-1","state":"fail","failMsg":"no luck"}}"#,
    ),
    (
        "a list and base64",
        r#"{"data":[{"id":"t-1"}]}"#,
        r#"{"data":[{"id":"t-1","status":"pending","progress":40}]}"#,
        r#"{"data":[{"id":"t-1","status":"done","b64_json":"AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDE="}]}"#,
        r#"{"data":[{"id":"t-1","status":"rejected","fail_reason":"no luck"}]}"#,
    ),
];

#[test]
fn ten_gateways_are_read_in_their_own_words() {
    let api = OpenAiVideos::new("https://gw.example/v1", KEY.into(), http(), &[]).unwrap();
    for (name, created, working, done, failed) in GATEWAYS {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(api.job_taken(&parsed(created)).as_deref(), Some("t-1"), "{name}");
        assert_eq!(read(&parsed(working)).unwrap(), Polled::working(Some(0.4), None), "{name}");
        match read(&parsed(done)).unwrap() {
            Polled::Ready { clip: Clip::At(place), .. } => assert_eq!(place, "https://cdn.example/a.mp4", "{name}"),
            inline => assert_eq!(clip_in(inline), MP4, "{name}"),
        }
        match read(&parsed(failed)).unwrap() {
            Polled::Ended(error) => assert!(error.message.contains("no luck"), "{name}: {}", error.message),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn beside_an_error_the_name_of_the_question_is_no_job() {
    let api = OpenAiVideos::new("https://gw.example/v1", KEY.into(), http(), &[]).unwrap();
    for (answer, job) in [
        (json!({ "request_id": "r", "status": "IN_QUEUE" }), Some("r")),
        (json!({ "requestId": "r", "error": null }), Some("r")),
        (json!({ "request_id": "r", "error": { "message": "Bad size", "code": "invalid_size" } }), None),
        (json!({ "data": { "request_id": "r" }, "success": false }), None),
        (json!({ "request_id": "r", "code": "insufficient_quota", "message": "No." }), None),
        (json!({ "request_id": "r", "id": "t-1", "error": { "message": "slow today" } }), Some("t-1")),
    ] {
        assert_eq!(api.job_taken(&answer).as_deref(), job, "{answer}");
    }
}

#[test]
fn a_word_of_moderation_is_a_refusal_of_moderation() {
    for word in ["moderated", "NSFW", "content_filtered"] {
        assert_eq!(ended(&json!({ "id": "x", "status": word })), ProviderClass::Moderated, "{word}");
    }
    let reason = json!({ "task_id": "x", "status": "FAILURE", "fail_reason": "blocked by the safety system" });
    assert_eq!(ended(&reason), ProviderClass::Moderated);
}

/// `value` at a JSON pointer whose numbers are places in lists, in an object of its own.
fn at(pointer: &str, value: Value) -> Value {
    pointer.rsplit('/').filter(|token| !token.is_empty()).fold(value, |inner, token| match token {
        "0" => json!([inner]),
        name => json!({ name: inner }),
    })
}

#[test]
fn moderation_is_known_by_its_code_wherever_the_table_looks_for_reasons() {
    let api = OpenAiVideos::new("https://gw.example/v1", KEY.into(), http(), &[]).unwrap();
    let failures = &api.endpoint.failures;
    for pointer in &api.spelling.fields.reason {
        let fault = json!({ "code": "content_policy_violation", "message": "No." });
        let mut places = vec![at(pointer, fault)];
        // Beside the words about it.
        if let Some((around, name)) = pointer.rsplit_once('/').filter(|(around, _)| !around.is_empty()) {
            places.push(at(around, json!({ "code": "content_policy_violation", name: "No." })));
        }
        for said in places {
            let mut failed = said.clone();
            failed["status"] = json!("failed");
            let Polled::Ended(error) = polled(failures, &api.spelling, &answer(200, &failed.to_string()), "x").unwrap() else { panic!() };
            assert_eq!(error.class, ProviderClass::Moderated, "{failed}");
            for status in [200, 400, 403] {
                let answered = answer(status, &said.to_string());
                let refused = match status {
                    200 => failures.created(&answered, |json| api.job(json)).unwrap_err(),
                    _ => failures.refused(Call::Create, &answered),
                };
                assert_eq!(refused.class, ProviderClass::Moderated, "{status} {said}");
            }
        }
    }
    let taken = json!({ "code": "success", "data": { "message": "Queued." } });
    assert_eq!(failures.created(&answer(200, &taken.to_string()), |_| None).unwrap_err().class, ProviderClass::Unknown);
    let nested = json!({ "code": "success", "data": { "error": { "message": "The prompt is too long." } } });
    let refused = failures.created(&answer(200, &nested.to_string()), |_| None).unwrap_err();
    assert!(refused.class == ProviderClass::Rejected && refused.message.contains("too long"), "{refused}");
}

#[test]
fn an_address_from_the_hosts_root_and_a_clip_in_the_answer_are_taken() {
    let clip = |more: Value| match read(&job("completed", &more)).unwrap() {
        Polled::Ready { clip, .. } => clip,
        other => panic!("{other:?}"),
    };
    assert_eq!(clip(json!({ "url": "/files/x.mp4" })), Clip::At("/files/x.mp4".into()));
    let data = format!("data:video/mp4;base64,{MP4_BASE64}");
    assert_eq!(clip_in(read(&job("completed", &json!({ "video": data }))).unwrap()), MP4);
    let not_base64 = json!({ "video": "data:text/plain,Sorry!", "b64_json": "<html>" });
    assert_eq!(clip(not_base64), Clip::At("https://here/content".into()));
    assert_eq!(clip(json!({ "video": "x.mp4", "output": "done" })), Clip::At("https://here/content".into()), "a name is no address");
}

/// A server with these jobs, and what it was asked.
async fn server(jobs: Vec<Value>) -> (OpenAiVideos, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (list_asked, delete_asked) = (asked.clone(), asked.clone());
    let all = jobs.clone();
    let list = move |Query(query): Query<Value>| async move {
        list_asked.lock().unwrap().push("list".to_owned());
        let after = query["after"].as_str().and_then(|after| all.iter().position(|job| job["id"] == after));
        let page: Vec<Value> = all.into_iter().skip(after.map_or(0, |at| at + 1)).take(2).collect();
        let has_more = page.len() == 2;
        Json(json!({ "object": "list", "data": page, "has_more": has_more }))
    };
    let first = jobs.first().cloned().unwrap_or_default();
    let delete = move || async move {
        delete_asked.lock().unwrap().push("delete".to_owned());
        Json(json!({ "deleted": true }))
    };
    let router =
        Router::new().route("/v1/videos", get(list)).route("/v1/videos/{id}", get(move || async move { Json(first) }).delete(delete));
    let base_url = format!("{}/v1", serve(router).await);
    (OpenAiVideos::new(&base_url, KEY.into(), http(), &[]).unwrap(), asked)
}

#[tokio::test]
async fn a_job_that_the_server_does_not_know_leaves_nothing_to_stop() {
    let base_url = format!("{}/v1", serve(Router::new()).await);
    let api = OpenAiVideos::new(&base_url, KEY.into(), http(), &[]).unwrap();
    // Not transient: who stops jobs would try for ever.
    assert_eq!(api.cancel("x").await.unwrap_err().class, ProviderClass::NotKnown);
}

fn sent_at() -> Timestamp {
    "2025-11-13T17:12:33Z".parse().unwrap()
}

async fn find(jobs: Vec<Value>) -> Option<String> {
    server(jobs).await.0.find(&request("sora-2"), sent_at()).await.unwrap()
}

#[tokio::test]
async fn a_lost_job_is_found_only_where_there_is_no_doubt() {
    assert_eq!(sent_at().date_time().unix_timestamp(), 1_763_053_953);
    let ours = job("queued", &json!({}));
    let other = |id: &str, more: Value| {
        let mut job = job("queued", &more);
        job["id"] = json!(id);
        job
    };
    assert_eq!(find(vec![ours.clone()]).await.as_deref(), Some(JOB));
    let others = [
        other("a", json!({ "prompt": "Another" })),
        other("b", json!({ "model": "sora-2-pro" })),
        other("c", json!({ "seconds": "8" })),
        other("d", json!({ "size": "720x1280" })),
        other("e", json!({ "created_at": 1_763_053_953 - 31 })),
        other("f", json!({ "created_at": 1_763_053_953 + 3600 })),
        other("g", json!({ "created_at": null })),
    ];
    assert_eq!(find(others.to_vec()).await, None);
    let later = [other("h", json!({ "prompt": "Another" })), other("i", json!({ "prompt": null })), ours.clone()];
    assert_eq!(find(later.to_vec()).await.as_deref(), Some(JOB), "on the second page");
    assert_eq!(find(vec![ours.clone(), other("twin", json!({}))]).await, None, "two that look alike");
    assert_eq!(find(vec![other("n", json!({ "seconds": 6 }))]).await.as_deref(), Some("n"), "a number from a gateway");
    let no_list = OpenAiVideos::new(&serve(Router::new()).await, KEY.into(), http(), &[]).unwrap();
    assert_eq!(no_list.find(&request("sora-2"), sent_at()).await.unwrap(), None);
}

#[tokio::test]
async fn a_running_job_is_stopped_and_a_finished_one_is_not_deleted() {
    let (api, asked) = server(vec![job("in_progress", &json!({}))]).await;
    assert!(api.cancel(JOB).await.unwrap());
    assert_eq!(*asked.lock().unwrap(), ["delete"]);
    let (api, asked) = server(vec![job("completed", &json!({}))]).await;
    assert!(api.cancel(JOB).await.unwrap_err().message.contains("made already"));
    assert!(asked.lock().unwrap().is_empty(), "the clip that was paid for stays");
}

#[tokio::test]
async fn the_request_is_a_form_with_the_picture_as_a_file() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let fields = seen.clone();
    let create = move |headers: http::HeaderMap, mut form: axum::extract::Multipart| async move {
        assert_eq!(headers["authorization"], format!("Bearer {KEY}").as_str());
        assert!(headers.contains_key("content-length"), "some servers refuse a form without a length");
        while let Some(field) = form.next_field().await.unwrap() {
            let head = (field.name().unwrap().to_owned(), field.file_name().map(str::to_owned), field.content_type().map(str::to_owned));
            let bytes = field.bytes().await.unwrap();
            fields.lock().unwrap().push((head, bytes));
        }
        Json(job("queued", &json!({})))
    };
    let base_url = serve(Router::new().route("/videos", axum::routing::post(create))).await;
    let api = OpenAiVideos::new(&base_url, KEY.into(), http(), &[]).unwrap();
    let mut request = request("sora-2");
    request.first_frame = Some(picture());
    let created = api.create(&request).await.unwrap();
    assert!(created.job == JOB && created.raw.contains("queued"));
    let fields = std::mem::take(&mut *seen.lock().unwrap());
    let names: Vec<&str> = fields.iter().map(|((name, ..), _)| name.as_str()).collect();
    assert_eq!(names, ["prompt", "model", "seconds", "size", "seed", "input_reference"]);
    assert_eq!(fields[2].1, "6");
    let ((_, file_name, media_type), bytes) = &fields[5];
    assert_eq!((file_name.as_deref(), media_type.as_deref()), (Some("image.png"), Some("image/png")));
    assert_eq!(*bytes, picture().bytes);
    request.last_frame = Some(picture());
    assert_eq!(api.create(&request).await.unwrap_err().class, ProviderClass::Rejected);
    assert!(seen.lock().unwrap().is_empty(), "what it cannot do is not sent");
}
