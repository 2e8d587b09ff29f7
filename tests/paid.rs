//! Paid clips through the providers' doubles: what each scenario comes to, what is sent how often, and what the ledger has of it.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    double::book::Point,
    support::{
        Client, TestServer,
        graphs::{definition, node},
        paid::{KEYS, ask, double, entry, server, settled, use_double},
    },
};

/// What a scenario comes to: which provider, its tags, the job's status, the kind of its error, requests that arrived, jobs that were made.
type Case = (&'static str, &'static str, &'static str, &'static str, usize, usize);

const CASES: &[Case] = &[
    ("openai", "", "succeeded", "", 1, 1),
    ("google", "", "succeeded", "", 1, 1),
    ("veo", "", "succeeded", "", 1, 1),
    ("xai", "", "succeeded", "", 1, 1),
    ("openai", "[[slow=3]]", "succeeded", "", 1, 1),
    ("google", "[[slow=3]]", "succeeded", "", 1, 1),
    ("veo", "[[slow=3]]", "succeeded", "", 1, 1),
    ("xai", "[[slow=3]]", "succeeded", "", 1, 1),
    ("openai", "[[429x2]]", "succeeded", "", 3, 1),
    ("google", "[[429x1]]", "succeeded", "", 2, 1),
    ("veo", "[[429x1]]", "succeeded", "", 2, 1),
    ("xai", "[[429x1]]", "succeeded", "", 2, 1),
    ("google", "[[quota]]", "failed", "no_credit", 1, 0),
    ("veo", "[[quota]]", "failed", "no_credit", 1, 0),
    ("openai", "[[create500]]", "unknown", "unknown_outcome", 1, 0),
    ("google", "[[create500]]", "unknown", "unknown_outcome", 1, 0),
    ("veo", "[[create500]]", "unknown", "unknown_outcome", 1, 0),
    ("xai", "[[create500]]", "unknown", "unknown_outcome", 1, 0),
    ("openai", "[[500x3]]", "succeeded", "", 1, 1),
    ("google", "[[500x3]]", "succeeded", "", 1, 1),
    ("veo", "[[500x3]]", "succeeded", "", 1, 1),
    ("xai", "[[500x3]]", "succeeded", "", 1, 1),
    ("openai", "[[404x2]]", "succeeded", "", 1, 1),
    ("openai", "[[late=3]]", "succeeded", "", 1, 1),
    ("openai", "[[word=5]]", "succeeded", "", 1, 1),
    ("openai", "[[refused-in-200]]", "failed", "no_credit", 1, 0),
    ("openai", "[[html]]", "succeeded", "", 1, 1),
    ("google", "[[html]]", "succeeded", "", 1, 1),
    ("veo", "[[html]]", "succeeded", "", 1, 1),
    ("xai", "[[html]]", "succeeded", "", 1, 1),
    ("openai", "[[drop]]", "unknown", "unknown_outcome", 1, 1),
    ("google", "[[drop]]", "unknown", "unknown_outcome", 1, 1),
    ("veo", "[[drop]]", "unknown", "unknown_outcome", 1, 1),
    ("xai", "[[drop]]", "unknown", "unknown_outcome", 1, 1),
    ("openai", "[[truncate]]", "succeeded", "", 1, 1),
    ("google", "[[truncate]]", "succeeded", "", 1, 1),
    ("veo", "[[truncate]]", "succeeded", "", 1, 1),
    ("xai", "[[truncate]]", "succeeded", "", 1, 1),
    ("openai", "[[truncate-always]]", "unknown", "unknown_outcome", 1, 1),
    ("openai", "[[short=2]]", "succeeded", "", 1, 1),
    ("openai", "[[short-always]]", "unknown", "unknown_outcome", 1, 1),
    ("openai", "[[garbage]]", "succeeded", "", 1, 1),
    ("openai", "[[block]]", "failed", "moderated", 1, 1),
    ("google", "[[block]]", "failed", "moderated", 1, 1),
    ("google", "[[block-text]]", "failed", "moderated", 1, 1),
    ("google", "[[block-empty]]", "failed", "moderated", 1, 1),
    ("veo", "[[block]]", "failed", "moderated", 1, 1),
    ("xai", "[[block]]", "failed", "moderated", 1, 1),
    ("openai", "[[block-at-submit]]", "failed", "moderated", 1, 0),
    ("google", "[[block-at-submit]]", "failed", "moderated", 1, 0),
    ("veo", "[[block-at-submit]]", "failed", "moderated", 1, 0),
    ("xai", "[[block-at-submit]]", "failed", "moderated", 1, 0),
    ("openai", "[[fail]]", "failed", "provider_failed", 1, 1),
    ("google", "[[fail]]", "failed", "provider_failed", 1, 1),
    ("veo", "[[fail]]", "failed", "provider_failed", 1, 1),
    ("xai", "[[fail]]", "failed", "provider_failed", 1, 1),
    ("openai", "[[gone]]", "failed", "expired", 1, 1),
    ("google", "[[gone]]", "failed", "expired", 1, 1),
    ("veo", "[[gone]]", "failed", "expired", 1, 1),
    ("xai", "[[gone]]", "failed", "expired", 1, 1),
    ("xai", "[[expired]]", "failed", "expired", 1, 1),
    ("openai", "[[retired]]", "failed", "model_retired", 1, 0),
    ("google", "[[retired]]", "failed", "model_retired", 1, 0),
    ("veo", "[[retired]]", "failed", "model_retired", 1, 0),
    ("xai", "[[retired]]", "failed", "model_retired", 1, 0),
    ("openai", "[[redirect]]", "succeeded", "", 1, 1),
    ("google", "[[redirect]]", "succeeded", "", 1, 1),
    ("veo", "[[redirect]]", "succeeded", "", 1, 1),
    ("google", "[[inline]]", "succeeded", "", 1, 1),
    ("google", "[[processing=2]]", "succeeded", "", 1, 1),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_ends_as_it_should_and_nothing_is_asked_for_twice() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let prompt = |(of, tags, ..): &Case| format!("a lantern, {of} {tags}");
    let jobs = join_all(CASES.iter().map(async |case| {
        let job = ask(client, case.0, &prompt(case)).await;
        settled(client, &job).await
    }))
    .await;
    for (case, job) in CASES.iter().zip(&jobs) {
        let &(of, tags, status, kind, arrived, made) = case;
        assert_eq!(job["status"], status, "{of} {tags}: {job:#}");
        assert_eq!(job["error"]["kind"].as_str().unwrap_or_default(), kind, "{of} {tags}: {job:#}");
        let creates = double.book.open().creates.iter().filter(|create| create.prompt == prompt(case)).cloned().collect::<Vec<_>>();
        let jobs_made = creates.iter().filter(|create| create.job.is_some()).count();
        assert_eq!((creates.len(), jobs_made), (arrived, made), "{of} {tags}");
        let state = match (status, kind, made) {
            ("succeeded", ..) => "kept",
            ("unknown", _, _) if tags.contains("-always") => "accepted",
            ("unknown", ..) => "sent",
            (_, _, 0) => "refused",
            // Made, and withheld or gone: it counts, whether or not the provider tells of it.
            (_, "expired", _) => "lost",
            (_, "moderated", _) if ["xai", "google"].contains(&of) => "lost",
            _ => "failed",
        };
        assert_eq!(entry(client, job["id"].as_str().unwrap()).await["state"], state, "{of} {tags}");
        if status == "succeeded" {
            let video = client.get(&format!("/api/videos/{}", job["video_id"].as_str().unwrap())).await.expect(200).json();
            assert_eq!(video["source_type"], "generated");
            assert!(video["duration_seconds"].as_f64().unwrap() >= 0.9, "{video:#}");
            assert!(video["generation"]["provider_job_id"].as_str().is_some_and(|name| !name.is_empty()), "{video:#}");
        }
    }
    let spending = client.get("/api/spend?limit=200").await.expect(200).json();
    let costs = spending["requests"].as_array().unwrap().iter().map(|entry| entry["cost"]["usd_micros"].as_i64().unwrap());
    assert_eq!(spending["total_usd_micros"], costs.sum::<i64>());
    let elsewhere = double.book.open().elsewhere.clone();
    let gone: Vec<_> = double.book.open().jobs.iter().filter(|job| job.prompt.contains("[[gone]]")).map(|job| job.id.clone()).collect();
    let (gone, others): (Vec<_>, Vec<_>) = elsewhere.iter().partition(|request| gone.iter().any(|job| request.head.contains(job)));
    // One for each redirect and each of xAI's clips, which lie there anyway, and two for what was truncated. What is gone is waited for.
    assert_eq!(others.len(), 3 + 5 + 2);
    assert!(gone.len() > 2, "{}", gone.len());
    assert!(elsewhere.iter().all(|request| KEYS.iter().all(|key| !request.head.contains(key))), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_withheld_on_the_second_look_leaves_its_reason_its_price_and_the_answer() {
    let double = double().await;
    let server = server(&double).await;
    let job = ask(&server.client, "xai", "a lantern [[gone]][[block-later]]").await;
    let job = settled(&server.client, &job).await;
    assert_eq!(job["error"]["kind"], "moderated", "{job:#}");
    let entry = entry(&server.client, job["id"].as_str().unwrap()).await;
    assert_eq!(entry["state"], "lost");
    // The first look told 50,000 and let it pass.
    assert_eq!(entry["cost"]["usd_micros"], 70_000, "{entry:#}");
    assert!(entry["answer"].as_str().unwrap().contains(r#""respect_moderation":false"#), "{entry:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_an_empty_account_are_told_in_words() {
    let double = double().await;
    for (key, kind) in [("bad-key-1234567890", "bad_key"), ("no-credit-1234567890", "no_credit")] {
        let server = TestServer::start_with(|config| {
            use_double(config, &double);
            config.openai_api_key = Some(key.to_owned().into());
            config.gemini_api_key = Some(key.to_owned().into());
            config.xai_api_key = Some(key.to_owned().into());
        })
        .await;
        for of in ["openai", "google", "veo", "xai"] {
            let id = ask(&server.client, of, key).await;
            let job = settled(&server.client, &id).await;
            assert_eq!((&job["status"], &job["error"]["kind"]), (&json!("failed"), &json!(kind)), "{of}: {job:#}");
            assert!(!job.to_string().contains(key), "{job:#}");
        }
    }
}

/// Runs a shot through a workflow in final mode.
async fn run_final(client: &Client, prompt: &str) -> Value {
    let shot = node("shot", "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": prompt }));
    let body = json!({ "definition": definition(&[shot], &[]), "mode": "final" });
    let id = client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    let is_settled = |execution: &Value| !["queued", "running"].contains(&execution["status"].as_str().unwrap());
    client.wait_for(&format!("/api/executions/{id}"), is_settled).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_its_price_before_and_after_and_the_same_again_is_free() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let shot = |id: &str| node(id, "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": id }));
    let asked = json!({ "definition": definition(&[shot("one"), shot("two")], &[]), "mode": "final" });
    let before = client.post("/api/executions/estimate", &asked).await.expect(200).json();
    assert_eq!(before["usd_micros"], 800_000, "{before:#}");
    assert!(double.book.open().creates.is_empty());

    assert_eq!(run_final(client, "one").await["nodes"][0]["cost"], json!({ "usd_micros": 400_000, "estimated": true }));
    let between = client.post("/api/executions/estimate", &asked).await.expect(200).json();
    // The id of a node is no part of its clip's key.
    assert_eq!(between["usd_micros"], 400_000, "{between:#}");

    let again = run_final(client, "one").await;
    assert_eq!((&again["nodes"][0]["cached"], &again["nodes"][0]["cost"]["usd_micros"]), (&json!(true), &json!(0)));
    assert_eq!(double.book.open().creates.len(), 1);
    let spending = client.get("/api/spend").await.expect(200).json();
    assert_eq!((&spending["today_usd_micros"], &spending["total_usd_micros"]), (&json!(400_000), &json!(400_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_shots_are_priced_and_paid_once() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let shot =
        |id: &str, prompt: &str| node(id, "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": prompt }));
    let last = |id: &str| node(id, "FrameGrab", json!({ "frame": "last" }));
    // Twice the same two shots, the second of which begins where the first ends.
    let nodes = [shot("a1", "a door"), last("a2"), shot("a3", "it opens"), shot("b1", "a door"), last("b2"), shot("b3", "it opens")];
    let wires = ["a1.video a2.video", "a2.image a3.first_frame", "b1.video b2.video", "b2.image b3.first_frame"];
    let asked = json!({ "definition": definition(&nodes, &wires), "mode": "final" });
    let price = client.post("/api/executions/estimate", &asked).await.expect(200).json();
    assert_eq!(price["usd_micros"], 800_000, "{price:#}");

    let id = client.post("/api/executions", &asked).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    let run = client.wait_for(&format!("/api/executions/{id}"), |run| !run["finished_at"].is_null()).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    assert_eq!(double.book.open().creates.len(), 2);
    assert_eq!(client.get("/api/spend").await.expect(200).json()["total_usd_micros"], price["usd_micros"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_once_runs_again_without_a_key_and_after_its_model_is_retired() {
    let double = double().await;
    let mut server = server(&double).await;
    run_final(&server.client, "kept for ever").await;
    // The same folder without any key, at the vendor's own address, where this model was stopped.
    server.restart().await;
    let again = run_final(&server.client, "kept for ever").await;
    assert_eq!((&again["status"], &again["nodes"][0]["cached"]), (&json!("succeeded"), &json!(true)), "{again:#}");
    let shot = node("shot", "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": "a new one" }));
    let body = json!({ "definition": definition(&[shot], &[]), "mode": "final" });
    let refused = server.client.post("/api/executions", &body).await.problem(422);
    let kinds: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| error["kind"].clone()).collect();
    assert_eq!(kinds, ["missing_setting", "model_retired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_tells_of_its_price_takes_the_place_of_the_estimate() {
    let double = double().await;
    let server = server(&double).await;
    let job = ask(&server.client, "xai", "a price of its own").await;
    settled(&server.client, &job).await;
    assert_eq!(entry(&server.client, &job).await["cost"], json!({ "usd_micros": 50_000, "estimated": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_stops_before_anything_is_sent() {
    let double = double().await;
    let server = TestServer::start_with(|config| {
        use_double(config, &double);
        config.caps.run_usd_micros = Some(500_000);
        config.caps.day_usd_micros = Some(900_000);
    })
    .await;
    let client = &server.client;
    let shot = |id: &str| node(id, "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": id }));
    let two = json!({ "definition": definition(&[shot("a"), shot("b")], &[]), "mode": "final" });
    let refused = client.post("/api/executions", &two).await.problem(402);
    assert!(refused["detail"].as_str().unwrap().contains("REELGRAPH_CAP_RUN_USD"), "{refused:#}");
    assert!(client.get("/api/executions").await.json().as_array().unwrap().is_empty());
    assert_eq!(run_final(client, "a").await["status"], "succeeded");
    assert_eq!(run_final(client, "b").await["status"], "succeeded");
    let refused = client.post("/api/videos/generate", &crate::support::paid::shot("openai", "c")).await.problem(402);
    assert!(refused["detail"].as_str().unwrap().contains("REELGRAPH_CAP_DAY_USD"), "{refused:#}");
    assert_eq!(double.book.open().creates.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_waits_for_the_user_and_is_found_where_the_provider_has_a_list() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let execution = run_final(client, "lost on the way [[drop]]").await;
    assert_eq!((&execution["status"], &execution["nodes"][0]["status"]), (&json!("unknown"), &json!("unknown")), "{execution:#}");
    let job = execution["nodes"][0]["job_id"].as_str().unwrap().to_owned();
    client.post(&format!("/api/jobs/{job}/check"), &json!({})).await.expect(200);
    assert_eq!(settled(client, &job).await["status"], "succeeded");
    let path = format!("/api/executions/{}", execution["id"].as_str().unwrap());
    let after = client.wait_for(&path, |execution| execution["status"] == "succeeded").await;
    assert!(after["nodes"][0]["video_id"].is_string(), "{after:#}");
    assert_eq!(double.book.open().creates.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_without_a_list_stays_unknown_until_it_is_given_up() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let job = ask(client, "xai", "gone [[drop]]").await;
    settled(client, &job).await;
    // The same shot again waits for the same job; nothing is sent.
    assert_eq!(ask(client, "xai", "gone [[drop]]").await, job);
    client.post(&format!("/api/jobs/{job}/check"), &json!({})).await.expect(200);
    assert_eq!(settled(client, &job).await["status"], "unknown");
    let given_up = client.delete(&format!("/api/jobs/{job}")).await.expect(200).json();
    assert_eq!(given_up["status"], "cancelled");
    let left = entry(client, &job).await;
    assert_eq!((&left["state"], &left["cost"]), (&json!("abandoned"), &json!({ "usd_micros": 50_000, "estimated": true })));
    assert_eq!(double.book.open().creates.len(), 1);
    // Given up in so many words: now it may be asked for anew.
    assert_ne!(ask(client, "xai", "gone [[drop]]").await, job);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shot_that_takes_for_ever_is_asked_about_until_its_deadline_and_then_kept_for_the_user() {
    let double = double().await;
    let server = TestServer::start_with(|config| {
        use_double(config, &double);
        config.pace.deadline = Duration::from_millis(500);
    })
    .await;
    for of in ["openai", "google", "veo", "xai"] {
        let job = ask(&server.client, of, "[[forever]]").await;
        assert_eq!(settled(&server.client, &job).await["status"], "unknown", "{of}");
        assert_eq!(entry(&server.client, &job).await["state"], "accepted", "{of}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shot_that_its_provider_does_not_know_is_asked_about_until_its_deadline_and_by_check_again() {
    let double = double().await;
    let server = TestServer::start_with(|config| {
        use_double(config, &double);
        config.pace.deadline = Duration::from_millis(500);
    })
    .await;
    let client = &server.client;
    for of in ["openai", "google", "veo"] {
        let job = ask(client, of, "[[expired]]").await;
        assert_eq!(settled(client, &job).await["status"], "unknown", "{of}");
        assert_eq!(entry(client, &job).await["state"], "accepted", "{of}: it is there for all anybody knows");
        let polls = || double.book.open().jobs.last().unwrap().polls;
        let asked = polls();
        assert!(asked > 2, "{of} was asked {asked} times");
        client.post(&format!("/api/jobs/{job}/check"), &json!({})).await.expect(200);
        assert_eq!(settled(client, &job).await["status"], "unknown", "{of}");
        assert!(polls() > asked, "{of} was not asked again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_nobody_knows_is_shown_and_holds_nothing_up() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let prompts = ["a", "b", "c", "d", "e"].map(|shot| format!("{shot} [[word=1000000]]"));
    let stuck = join_all(prompts.iter().map(|prompt| ask(client, "openai", prompt))).await;
    let next = ask(client, "openai", "the next shot").await;
    assert_eq!(settled(client, &next).await["status"], "succeeded");
    for job in &stuck {
        let shows = |job: &Value| job["message"].as_str().is_some_and(|message| message.contains("“marinating”"));
        let job = client.wait_for(&format!("/api/jobs/{job}"), shows).await;
        assert_eq!(job["status"], "running");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_stays_short_is_kept_with_a_warning_and_is_no_result() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let execution = run_final(client, "a pier [[short-always]]").await;
    let shot = &execution["nodes"][0];
    assert_eq!((&shot["status"], &shot["video_id"]), (&json!("unknown"), &Value::Null), "{execution:#}");
    let kept = client.get("/api/videos?limit=1").await.expect(200).json();
    assert!(kept[0]["name"].as_str().unwrap().starts_with("a pier"), "{kept:#}");
    assert!(kept[0]["metadata"]["warning"].as_str().unwrap().contains("cut short"), "{kept:#}");
    let told = shot["error"]["message"].as_str().unwrap();
    assert!(told.contains("cut short") && told.contains("Check again"), "{told}");
    // Run again it waits for the same job; nothing is sent and nothing is cached.
    let job = shot["job_id"].as_str().unwrap();
    client.post(&format!("/api/jobs/{job}/check"), &json!({})).await.expect(200);
    assert_eq!(settled(client, job).await["status"], "unknown");
    assert_eq!(double.book.open().creates.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_the_settings_teach_is_known() {
    let double = double().await;
    let server = TestServer::start_with(|config| {
        use_double(config, &double);
        config.dialects = serde_json::from_value(json!([{ "words": { "failed": ["Marinating"] } }])).unwrap();
    })
    .await;
    let job = ask(&server.client, "openai", "[[word=1000000]]").await;
    assert_eq!(settled(&server.client, &job).await["status"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_tells_the_provider_also_when_it_comes_while_the_request_is_on_its_way() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    for (of, prompt) in [("openai", "one [[forever]]"), ("google", "two [[forever]]")] {
        let job = ask(client, of, prompt).await;
        let entry_of = async |state: &str| {
            let is_there = |spending: &Value| {
                spending["requests"].as_array().unwrap().iter().any(|entry| entry["job_id"] == job.as_str() && entry["state"] == state)
            };
            client.wait_for("/api/spend", is_there).await;
        };
        entry_of("accepted").await;
        client.delete(&format!("/api/jobs/{job}")).await.expect(200);
        entry_of("abandoned").await;
    }
    double.book.hold(Point::Answer);
    let job = ask(client, "openai", "three [[forever]]").await;
    double.book.reached().await;
    client.delete(&format!("/api/jobs/{job}")).await.expect(200);
    double.book.release();
    // The answer that nobody waited for any more has been written down, and the provider is told by the name in it.
    tokio::time::timeout(crate::support::PATIENCE, double.book.cancelled(3)).await.expect("the provider is told of all three");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_frame_reaches_the_provider_in_the_size_of_the_shot() {
    let double = double().await;
    let server = server(&double).await;
    let client = &server.client;
    let clip = client.upload("clip.mp4", crate::support::clips::short(5)).await.expect(201).json()["video_id"].clone();
    let nodes = [
        node("clip", "UploadVideo", json!({ "video_id": clip })),
        node("frame", "FrameGrab", json!({ "frame": "last" })),
        node("sora", "Sora2Video", json!({ "provider": "openai", "model": "sora-2", "seconds": 4, "prompt": "it goes on" })),
        node("omni", "VeoVideo", json!({ "provider": "google", "seconds": 3, "prompt": "it goes on elsewhere" })),
        node("veo", "VeoVideo", json!({ "provider": "google", "model": "veo-3.1-generate-preview", "seconds": 4, "prompt": "and back" })),
        node("grok", "Sora2Video", json!({ "provider": "xai", "model": "grok-imagine-video", "seconds": 1, "prompt": "and on" })),
    ];
    let wires = [
        "clip.video frame.video",
        "frame.image sora.first_frame",
        "frame.image omni.first_frame",
        "frame.image veo.first_frame",
        "frame.image veo.last_frame",
        "frame.image grok.first_frame",
    ];
    let body = json!({ "definition": definition(&nodes, &wires), "mode": "final" });
    let id = client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    let run = client.wait_for(&format!("/api/executions/{id}"), |run| !run["finished_at"].is_null()).await;
    // The doubles refuse a picture of another size, or in another shape, as the real ones do.
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let creates = double.book.open().creates.clone();
    let sent = |prompt: &str, place: &str| {
        let create = creates.iter().find(|create| create.prompt.ends_with(prompt)).unwrap();
        create.body.pointer(place).cloned().unwrap_or_else(|| panic!("no {place} in {:#}", create.body))
    };
    assert_eq!(sent("it goes on elsewhere", "/input/0/type"), "image");
    assert_eq!(sent("and back", "/instances/0/image/mimeType"), sent("and back", "/instances/0/lastFrame/mimeType"));
    assert!(sent("and on", "/image/url").as_str().unwrap().starts_with("data:image/"));
}
