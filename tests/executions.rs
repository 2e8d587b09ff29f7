//! Running workflows: the happy path, the cache, failures, refusals, cancelling, jobs on their own.

use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, clips,
    graphs::{definition, episode, node, shot},
};

/// Starts a draft of `definition` and gives its id.
async fn start(client: &Client, definition: &Value) -> String {
    let answer = client.post("/api/executions", &json!({ "definition": definition, "mode": "draft" })).await.expect(202);
    answer.json()["execution_id"].as_str().unwrap().to_owned()
}

/// Waits until an execution has ended.
async fn ended(client: &Client, id: &str) -> Value {
    client.wait_for(&format!("/api/executions/{id}"), |execution| !execution["finished_at"].is_null()).await
}

async fn run(client: &Client, definition: &Value) -> Value {
    let id = start(client, definition).await;
    ended(client, &id).await
}

#[track_caller]
fn node_of<'a>(execution: &'a Value, id: &str) -> &'a Value {
    let nodes = execution["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["node_id"] == id).unwrap_or_else(|| panic!("no node {id} in {execution:#}"))
}

/// A shot that takes long enough to be caught in the act.
fn long_shot(id: &str, prompt: &str) -> Value {
    shot(id, json!({ "prompt": prompt, "seconds": 60, "size": "1080x1920" }))
}

async fn running_job(client: &Client, execution: &str) -> Value {
    let jobs = client.wait_for(&format!("/api/jobs?execution_id={execution}&status=running"), |jobs| jobs[0].is_object()).await;
    jobs[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_runs_from_prompt_to_named_output() {
    let server = TestServer::start().await;
    let execution = run(&server.client, &episode()).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    assert_eq!(execution["mode"], "draft");
    for id in ["prompt", "first", "second", "stitch", "output"] {
        assert_eq!(node_of(&execution, id)["status"], "succeeded", "{id}");
    }
    for id in ["first", "second", "stitch"] {
        let node = node_of(&execution, id);
        assert_eq!((&node["cached"], &node["progress"]), (&json!(false), &json!(1.0)));
        let job = server.client.get(&format!("/api/jobs/{}", node["job_id"].as_str().unwrap())).await.expect(200);
        assert!(!job.header("x-event-id").is_empty());
        assert_eq!((&job.json()["video_id"], &job.json()["status"]), (&node["video_id"], &json!("succeeded")));
        assert_ne!(node["job_id"], node["video_id"]);
    }
    let stitched = server.client.get(&format!("/api/videos/{}", node_of(&execution, "stitch")["video_id"].as_str().unwrap())).await;
    let stitched = stitched.expect(200).json();
    assert_eq!((&stitched["name"], &stitched["source_type"]), (&json!("Episode one"), &json!("stitched")));
    assert!((stitched["duration_seconds"].as_f64().unwrap() - 2.0).abs() < 0.2, "{stitched:#}");
    let inputs = [node_of(&execution, "first")["video_id"].clone(), node_of(&execution, "second")["video_id"].clone()];
    assert_eq!(stitched["metadata"]["stitch"]["input_video_ids"], json!(inputs));
    let shot = server.client.get(&format!("/api/videos/{}", inputs[0].as_str().unwrap())).await.expect(200).json();
    assert_eq!(shot["generation"]["prompt"], "A rainy street in Chongqing, 重庆, neon \"signs\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_is_cached_also_after_a_restart_and_another_take_is_not() {
    let mut server = TestServer::start().await;
    let first = run(&server.client, &episode()).await;
    let second = run(&server.client, &episode()).await;
    server.restart().await;
    let third = run(&server.client, &episode()).await;
    for again in [&second, &third] {
        assert_eq!(again["status"], "succeeded");
        for id in ["first", "second", "stitch"] {
            assert_eq!(node_of(again, id)["cached"], true, "{id}");
            assert_eq!(node_of(again, id)["video_id"], node_of(&first, id)["video_id"], "{id}");
        }
    }
    let jobs = server.client.get("/api/jobs").await.expect(200).json();
    let steps = jobs.as_array().unwrap().iter().filter(|job| job["kind"] != "poster");
    assert_eq!(steps.count(), 3, "a cached step is no job");
    let mut again = episode();
    again["nodes"][2]["params"]["take"] = json!(2);
    let other = run(&server.client, &again).await;
    assert_eq!((&node_of(&other, "first")["cached"], &node_of(&other, "second")["cached"]), (&json!(true), &json!(false)));
    assert_ne!(node_of(&other, "second")["video_id"], node_of(&first, "second")["video_id"]);
    assert_eq!(node_of(&other, "stitch")["cached"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_branch_does_not_stop_the_other_and_what_needs_it_is_skipped() {
    let server = TestServer::start().await;
    let clip = server.client.upload("clip.mp4", clips::short(1)).await.expect(201).json();
    let graph = definition(
        &[
            node("clip", "UploadVideo", json!({ "video_id": clip["video_id"] })),
            shot("good", json!({ "prompt": "It goes on" })),
            node("stitch", "VideoStitcher", json!({})),
            node("output", "Output", json!({})),
        ],
        &["clip.video stitch.videos", "stitch.video output.video"],
    );
    // Its poster is made, or its maker would find the file gone before the stitch does.
    let is_done = |jobs: &Value| jobs.as_array().is_some_and(|jobs| jobs.iter().all(|job| !job["finished_at"].is_null()));
    server.client.wait_for("/api/jobs", is_done).await;
    // The row is there, its file is not: the stitch fails when it runs.
    let file = server.state().studio.content.path_of(&stored_path(&server, &clip).await);
    std::fs::remove_file(file).unwrap();
    let execution = run(&server.client, &graph).await;
    assert_eq!(execution["status"], "failed");
    assert_eq!(node_of(&execution, "good")["status"], "succeeded");
    let stitch = node_of(&execution, "stitch");
    assert_eq!(stitch["status"], "failed");
    assert!(!stitch["error"]["message"].as_str().unwrap().is_empty());
    assert_eq!(node_of(&execution, "output")["status"], "skipped");
}

async fn stored_path(server: &TestServer, uploaded: &Value) -> String {
    use reelgraph::{domain::VideoId, server::store::assets};
    let id: VideoId = uploaded["video_id"].as_str().unwrap().parse().unwrap();
    assets::row(server.state().studio.db.reader(), id.into()).await.unwrap().unwrap().file_path
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_stops_what_runs_and_keeps_what_is_done() {
    let server = TestServer::start().await;
    let graph = definition(
        &[shot("short", json!({ "prompt": "A blink" })), long_shot("long", "A long look"), node("stitch", "VideoStitcher", json!({}))],
        &["short.video stitch.videos", "long.video stitch.videos"],
    );
    let id = start(&server.client, &graph).await;
    let path = format!("/api/executions/{id}");
    server
        .client
        .wait_for(&path, |execution| {
            node_of(execution, "short")["status"] == "succeeded" && node_of(execution, "long")["status"] == "running"
        })
        .await;
    let cancelled = server.client.post(&format!("{path}/cancel"), &json!({})).await.expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(node_of(&cancelled, "short")["status"], "succeeded");
    assert_eq!(
        (&node_of(&cancelled, "long")["status"], &node_of(&cancelled, "stitch")["status"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    let again = server.client.post(&format!("{path}/cancel"), &json!({})).await.expect(200).json();
    assert_eq!(again, cancelled, "a finished execution stays as it is");
    let jobs = server.client.get(&format!("/api/jobs?execution_id={id}&status=cancelled")).await.expect(200).json();
    assert_eq!(jobs.as_array().unwrap().len(), 1);
    // The workers are free again: another run goes through.
    let next = run(&server.client, &definition(&[shot("next", json!({ "prompt": "After it" }))], &[])).await;
    assert_eq!(next["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_executions_that_need_the_same_share_one_job_until_the_last_is_cancelled() {
    let server = TestServer::start().await;
    let graph = definition(&[long_shot("one", "Shared")], &[]);
    let first = start(&server.client, &graph).await;
    let job = running_job(&server.client, &first).await;
    let second = start(&server.client, &graph).await;
    let shared = running_job(&server.client, &second).await;
    assert_eq!(job["id"], shared["id"]);
    server.client.post(&format!("/api/executions/{first}/cancel"), &json!({})).await.expect(200);
    let job_path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(server.client.get(&job_path).await.json()["status"], "running", "the other execution still waits for it");
    server.client.post(&format!("/api/executions/{second}/cancel"), &json!({})).await.expect(200);
    assert_eq!(server.client.get(&job_path).await.json()["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_refused_node_by_node_and_nothing_is_created() {
    let server = TestServer::start().await;
    let gone = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";
    let graph = definition(
        &[
            shot("speechless", json!({})),
            node("empty", "VideoStitcher", json!({})),
            node("later", "Hologram", json!({})),
            node("gone", "UploadVideo", json!({ "video_id": gone })),
        ],
        &[],
    );
    let problem = server.client.post("/api/executions", &json!({ "definition": graph, "mode": "draft" })).await.problem(422);
    for (place, id) in ["speechless", "empty", "later", "gone"].into_iter().enumerate() {
        let error = problem["errors"].as_array().unwrap().iter().find(|error| error["node_id"] == id);
        let error = error.unwrap_or_else(|| panic!("nothing about {id}: {problem:#}"));
        assert!(error["pointer"].as_str().unwrap().starts_with(&format!("/definition/nodes/{place}")), "{error}");
        assert!(!error["kind"].as_str().unwrap().is_empty() && !error["detail"].as_str().unwrap().is_empty());
    }
    let broken = definition(&[shot("a", json!({}))], &["b.video a.prompt"]);
    server.client.post("/api/executions", &json!({ "definition": broken, "mode": "draft" })).await.problem(422);
    server.client.post("/api/executions", &json!({ "mode": "draft" })).await.problem(422);
    server.client.post("/api/executions", &json!({ "workflow_id": gone, "mode": "draft" })).await.problem(404);
    let unknown = json!({ "definition": episode(), "mode": "draft", "nodes": ["nobody"] });
    server.client.post("/api/executions", &unknown).await.problem(422);
    assert_eq!(server.client.get("/api/executions").await.expect(200).json(), json!([]));
    assert_eq!(server.client.get("/api/jobs").await.expect(200).json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_final_run_without_a_key_names_the_setting() {
    let server = TestServer::start().await;
    let nodes = [node("sora", "Sora2Video", json!({ "prompt": "x" })), node("veo", "VeoVideo", json!({ "prompt": "x" }))];
    let body = json!({ "definition": definition(&nodes, &[]), "mode": "final" });
    let problem = server.client.post("/api/executions", &body).await.problem(422);
    for (id, variable) in [("sora", "OPENAI_API_KEY"), ("veo", "GEMINI_API_KEY")] {
        let error = problem["errors"].as_array().unwrap().iter().find(|error| error["node_id"] == id).unwrap();
        assert_eq!(error["kind"], "missing_setting");
        assert!(error["detail"].as_str().unwrap().contains(variable), "{error}");
    }
    // An animatic needs no key, in final mode neither.
    let body = json!({ "definition": definition(&[shot("one", json!({ "prompt": "x" }))], &[]), "mode": "final" });
    server.client.post("/api/executions", &body).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_asked_for_nodes_run_with_what_they_need() {
    let server = TestServer::start().await;
    let mut graph = episode();
    graph["nodes"].as_array_mut().unwrap().push(shot("unfinished", json!({})));
    let body = json!({ "definition": graph, "mode": "draft", "nodes": ["first"] });
    let started = server.client.post("/api/executions", &body).await.expect(202).json();
    let execution = ended(&server.client, started["execution_id"].as_str().unwrap()).await;
    let ids: Vec<_> = execution["nodes"].as_array().unwrap().iter().map(|node| node["node_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["prompt", "first"]);
    assert_eq!(execution["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_workflow_gets_the_clips_of_its_runs() {
    let server = TestServer::start().await;
    let body = json!({ "name": "Street", "status": "saved", "definition": episode() });
    let id = server.client.post("/api/workflows", &body).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned();
    let started = server.client.post("/api/executions", &json!({ "workflow_id": id, "mode": "draft" })).await.expect(202).json();
    let execution = ended(&server.client, started["execution_id"].as_str().unwrap()).await;
    let workflow = server.client.get(&format!("/api/workflows/{id}")).await.expect(200).json();
    assert!(!workflow["last_executed_at"].is_null());
    for (node, role) in [("first", "intermediate"), ("second", "intermediate"), ("stitch", "output")] {
        let video = workflow["videos"].as_array().unwrap().iter().find(|video| video["node_id"] == node).unwrap();
        assert_eq!((&video["role"], &video["video_id"]), (&json!(role), &node_of(&execution, node)["video_id"]), "{node}");
    }
    let listed = server.client.get(&format!("/api/executions?workflow_id={id}&status=succeeded")).await.expect(200).json();
    assert_eq!(listed[0]["id"], execution["id"]);
    let long = definition(&[long_shot("one", "To be cut")], &[]);
    let body = json!({ "workflow_id": id, "definition": long, "mode": "draft" });
    let started = server.client.post("/api/executions", &body).await.expect(202).json();
    server.client.delete(&format!("/api/workflows/{id}")).await.expect(204);
    let cut = ended(&server.client, started["execution_id"].as_str().unwrap()).await;
    assert_eq!(cut["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_page_by_page_newest_first() {
    let server = TestServer::start().await;
    let graph = definition(&[shot("one", json!({ "prompt": "Listed" }))], &[]);
    let mut started = Vec::new();
    for _ in 0..3 {
        started.push(start(&server.client, &graph).await);
    }
    let first = server.client.get("/api/executions?limit=2").await.expect(200);
    let link = first.header("link");
    let next = link.strip_prefix('<').unwrap().split_once('>').unwrap().0.to_owned();
    let rest = server.client.get(&next).await.expect(200);
    assert_eq!(rest.header("link"), "");
    let ids: Vec<_> =
        [first.json(), rest.json()].iter().flat_map(|page| page.as_array().unwrap().clone()).map(|one| one["id"].clone()).collect();
    started.reverse();
    assert_eq!(json!(ids), json!(started));
    server.client.get("/api/executions?sort=size").await.problem(422);
    server.client.get("/api/jobs?status=lost").await.problem(422);
    server.client.get("/api/jobs/none").await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn clips_are_generated_and_joined_on_their_own_from_the_same_cache() {
    let server = TestServer::start().await;
    let body = |prompt| json!({ "provider": "animatic", "prompt": prompt, "params": { "seconds": 1, "size": "180x320" }, "name": "Alone" });
    let mut clips = Vec::new();
    for prompt in ["One", "Two"] {
        let job = server.client.post("/api/videos/generate", &body(prompt)).await.expect(202).json();
        let job = done(&server.client, &job).await;
        assert_eq!((&job["kind"], &job["status"]), (&json!("generate"), &json!("succeeded")), "{job:#}");
        clips.push(job["video_id"].clone());
    }
    let clip = server.client.get(&format!("/api/videos/{}", clips[0].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&clip["name"], &clip["resolution"]), (&json!("Alone"), &json!("180x320")));
    let again = server.client.post("/api/videos/generate", &body("One")).await.expect(202).json();
    assert_eq!(done(&server.client, &again).await["video_id"], clips[0]);
    let body = json!({ "video_ids": clips, "transition": "fade", "transition_seconds": 0.2, "name": "Both" });
    let job = server.client.post("/api/videos/stitch", &body).await.expect(202).json();
    let job = done(&server.client, &job).await;
    assert_eq!((&job["kind"], &job["status"]), (&json!("stitch"), &json!("succeeded")), "{job:#}");
    let finished = server.client.delete(&format!("/api/jobs/{}", job["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(finished, job, "a finished job stays as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_its_own_that_cannot_be_done_is_refused() {
    let server = TestServer::start().await;
    let problem = server.client.post("/api/videos/generate", &json!({ "provider": "openai", "prompt": "x" })).await.problem(422);
    assert!(problem["detail"].as_str().unwrap().contains("OPENAI_API_KEY") || problem["errors"].to_string().contains("OPENAI_API_KEY"));
    for body in [
        json!({ "provider": "nobody", "prompt": "x" }),
        json!({ "provider": "animatic", "prompt": "" }),
        json!({ "provider": "animatic", "prompt": "x", "params": { "seconds": -1 } }),
        json!({ "provider": "animatic", "prompt": "x", "sedes": 1 }),
    ] {
        server.client.post("/api/videos/generate", &body).await.problem(422);
    }
    let gone = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";
    for body in [json!({ "video_ids": [] }), json!({ "video_ids": [gone, gone] }), json!({ "video_ids": [gone], "transition": "explode" })]
    {
        server.client.post("/api/videos/stitch", &body).await.problem(422);
    }
    let job = server.client.post("/api/videos/generate", &long_request()).await.expect(202).json();
    let path = format!("/api/jobs/{}", job["job_id"].as_str().unwrap());
    server.client.wait_for(&path, |job| job["status"] == "running").await;
    assert_eq!(server.client.delete(&path).await.expect(200).json()["status"], "cancelled");
}

fn long_request() -> Value {
    json!({ "provider": "animatic", "prompt": "Endless", "params": { "seconds": 60, "size": "1080x1920" } })
}

async fn done(client: &Client, started: &Value) -> Value {
    client.wait_for(&format!("/api/jobs/{}", started["job_id"].as_str().unwrap()), |job| !job["finished_at"].is_null()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trimmed_clip_says_what_it_was_made_of() {
    let server = TestServer::start().await;
    let client = &server.client;
    let uploaded = client.upload("walk.mp4", clips::short(60)).await.expect(201).json();
    let clip = uploaded["video_id"].as_str().unwrap();
    let trimmed = |from: f64, to: f64| {
        let part = node("part", "Trim", json!({ "in_seconds": from, "out_seconds": to }));
        definition(&[node("clip", "UploadVideo", json!({ "video_id": clip })), part], &["clip.video part.video"])
    };
    let execution = run(client, &trimmed(0.25, 0.75)).await;
    assert_eq!(execution["status"], "succeeded", "{execution:#}");
    let video = client.get(&format!("/api/videos/{}", node_of(&execution, "part")["video_id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(
        (&video["source_type"], &video["name"], &video["duration_seconds"]),
        (&json!("derived"), &json!("Trim of walk.mp4"), &json!(0.5))
    );
    let made_by = &video["metadata"]["made_by"];
    assert_eq!((&made_by["operation"], &made_by["inputs"]), (&json!("trim"), &json!([{ "kind": "video", "id": clip }])), "{made_by:#}");
    assert_eq!((&made_by["params"]["first_frame"], &made_by["params"]["frames"]), (&json!(6), &json!(12)));
    let refused = client.post("/api/executions", &json!({ "definition": trimmed(0.75, 0.25), "mode": "draft" })).await.problem(422);
    assert_eq!((&refused["errors"][0]["node_id"], &refused["errors"][0]["kind"]), (&json!("part"), &json!("invalid")), "{refused:#}");
}
