//! `kill -9` at each step of a paid request, and at random moments: nothing is asked for twice, no paid clip is lost, no row is stuck.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    double::{Shared, book::Point},
    support::{
        Client, PATIENCE,
        paid::{KEYS, ask, double, entry, settled},
        process::ServerProcess,
    },
};

fn start(dir: &Path, double: &Arc<Shared>) -> ServerProcess {
    ServerProcess::start_with(dir, |command| {
        command.env("OPENAI_API_KEY", KEYS[0]).env("OPENAI_BASE_URL", double.openai_base());
        command.env("XAI_API_KEY", KEYS[2]).env("XAI_BASE_URL", double.xai_base());
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_of_the_ledger_it_goes_on_from_there() {
    for (point, then, state, made) in [
        // It had left and the provider has no such job: only the user may decide.
        (Point::Create, "unknown", "sent", 0),
        // It had arrived, the answer was lost: the provider's list has it.
        (Point::Answer, "succeeded", "kept", 1),
        // The provider's name for the job was written down: it is asked after, and nothing else.
        (Point::Poll, "succeeded", "kept", 1),
        (Point::Download, "succeeded", "kept", 1),
    ] {
        let (double, dir) = (double().await, tempfile::tempdir().unwrap());
        double.book.hold(point);
        let server = start(dir.path(), &double);
        let job = ask(&server.client, "openai", &format!("killed at {point:?}")).await;
        double.book.reached().await;
        server.kill();
        // Nothing is made for a caller who is gone: what waits is dropped with its connection.
        double.book.left().await;
        double.book.release();
        let server = start(dir.path(), &double);
        let client = &server.client;
        let after = settled(client, &job).await;
        assert_eq!(after["status"], then, "{point:?}: {after:#}");
        assert_eq!(entry(client, &job).await["state"], state, "{point:?}");
        assert_eq!(double.book.open().jobs.len(), made, "{point:?}");
        assert_eq!(double.book.open().creates.len(), made, "{point:?}");
    }
}

/// Kills of the long test; each finds some requests under way.
const KILLS: usize = 200;
/// A kill falls at most so long after the start, in milliseconds.
const SPREAD: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_repeat_no_request_and_lose_no_clip() {
    let (double, dir) = (double().await, tempfile::tempdir().unwrap());
    let mut jobs = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..KILLS {
        let started = Instant::now();
        let server = start(dir.path(), &double);
        let of = if round % 10 == 9 { "xai" } else { "openai" };
        let prompt = format!("shot {round} {}", ["", "[[slow=2]]", "[[500x2]]"][round % 3]);
        // The answer may be cut by the kill of an earlier round; this one comes before the kill.
        let job = ask(&server.client, of, &prompt).await;
        jobs.push((job, of, prompt));
        // A moment of its own for each kill (xorshift, the same in every run).
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        tokio::time::sleep(Duration::from_millis(random % SPREAD)).await;
        server.kill();
        assert!(started.elapsed() < PATIENCE, "round {round}");
    }
    let server = start(dir.path(), &double);
    let client = &server.client;
    let mut lost = 0;
    // In the order of the queue: each has only to come after the one before it.
    for (job, of, prompt) in &jobs {
        let after = settle(client, job, of).await;
        let creates = double.book.open().creates.iter().filter(|create| create.prompt == *prompt).count();
        assert!(creates <= 1, "{prompt} was asked for {creates} times");
        let spend = entry(client, job).await;
        match after["status"].as_str().unwrap() {
            "succeeded" => {
                assert_eq!((creates, &spend["state"]), (1, &json!("kept")), "{prompt}");
                let path = format!("/api/videos/{}/download", after["video_id"].as_str().unwrap());
                assert!(!client.get(&path).await.expect(200).body.is_empty());
            }
            // Sent as the server died, and no list of the provider tells what became of it.
            "unknown" => {
                assert!(*of == "xai" || creates == 0, "{prompt} was made, and is lost: {spend:#}");
                lost += 1;
            }
            status => panic!("{prompt} is {status}: {after:#}"),
        }
    }
    // No row is stuck: posters, which come last, end as well.
    client.wait_for("/api/jobs?status=running", |under_way| *under_way == json!([])).await;
    client.wait_for("/api/jobs?status=queued", |waiting| *waiting == json!([])).await;
    let spending = client.get("/api/spend?limit=200").await.expect(200).json();
    let sent = spending["requests"].as_array().unwrap().iter().filter(|entry| !entry["sent_at"].is_null()).count();
    let arrived = double.book.open().creates.len();
    println!("{KILLS} kills: {} requests intended, {sent} sent, {arrived} arrived, {lost} wait for the user", jobs.len());
    assert!(sent >= arrived && sent - arrived <= lost, "{sent} sent, {arrived} arrived, {lost} wait for the user");
}

/// Waits for a job; one whose outcome is not known is checked once, as a user would.
async fn settle(client: &Client, job: &str, of: &str) -> Value {
    let after = settled(client, job).await;
    if after["status"] != "unknown" || of == "xai" {
        return after;
    }
    client.post(&format!("/api/jobs/{job}/check"), &json!({})).await.expect(200);
    settled(client, job).await
}
