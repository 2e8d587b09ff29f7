//! A database of an earlier release opens with all that was under way. `fixtures/f047a37` was made by that commit's program against the
//! providers' doubles and killed; `fixtures/README.md` tells how.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};

use crate::{
    double::{Shared, book::Job},
    layers::root,
    support::{
        Client, TestServer,
        paid::{double, entry, settled, use_double},
    },
};

/// The ids of what is in the database, by the name that says what each is.
struct Names(Value);

impl Names {
    fn of(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The old database with its files, in a folder of its own, and the doubles, who remember the jobs that they were asked for then.
async fn opened() -> (TestServer, Names, Arc<Shared>) {
    let fixture = root().join("tests/fixtures/f047a37");
    let dir = tempfile::tempdir().unwrap();
    fs::copy(fixture.join("database.sqlite"), dir.path().join("media.db")).unwrap();
    copy(&fixture.join("videos"), &dir.path().join("videos"));
    let names = Names(serde_json::from_slice(&fs::read(fixture.join("names.json")).unwrap()).unwrap());
    let double = double().await;
    let known: Vec<(String, String)> = serde_json::from_value(names.0["at_openai"].clone()).unwrap();
    for (id, prompt) in known {
        let job = Job { id, ..double.book.job("", "sora-2", &prompt, (720, 1280), 4) };
        double.book.open().jobs.push(job);
    }
    // By now it takes what it refused a hundred times.
    for _ in 0..99 {
        double.book.tried("create not sent yet [[429x99]]");
    }
    let server = TestServer::start_in(dir, |config| use_double(config, &double)).await;
    (server, names, double)
}

fn node<'a>(execution: &'a Value, id: &str) -> &'a Value {
    execution["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == id).unwrap()
}

async fn finished(client: &Client, execution: &str) -> Value {
    client.wait_for(&format!("/api/executions/{execution}"), |execution| !execution["finished_at"].is_null()).await
}

/// How many requests for a clip whose prompt begins so have arrived at the doubles.
fn asked_for(double: &Shared, prompt: &str) -> usize {
    double.book.open().creates.iter().filter(|create| create.prompt.starts_with(prompt)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_goes_on() {
    let (server, names, double) = opened().await;
    let client = &server.client;
    // Local work: what ran is done again, what waited has its turn, what was held back stays so.
    let half = finished(client, names.of("half_run")).await;
    assert_eq!(half["status"], "succeeded", "{half:#}");
    let jobs = client.get(&format!("/api/jobs?execution_id={}", names.of("half_run"))).await.expect(200).json();
    assert_eq!(jobs.as_array().unwrap().len(), 3, "what was done is not done again: {jobs:#}");
    assert_eq!(settled(client, names.of("queued")).await["status"], "succeeded");
    let held = client.get(&format!("/api/jobs/{}", names.of("paused"))).await.expect(200).json();
    assert_eq!((&held["status"], &held["paused"]), (&json!("queued"), &json!(true)));
    client
        .send(client.request(reqwest::Method::PATCH, &format!("/api/jobs/{}", names.of("paused"))).json(&json!({ "paused": false })))
        .await;
    assert_eq!(settled(client, names.of("paused")).await["status"], "succeeded");

    // Paid work: what the provider has is asked after by its name, what never left is sent once.
    let paid = finished(client, names.of("paid_run")).await;
    assert_eq!(paid["status"], "succeeded", "{paid:#}");
    assert_eq!(settled(client, names.of("running")).await["status"], "succeeded");
    assert_eq!((asked_for(&double, "in a workflow"), asked_for(&double, "under way")), (0, 0));
    assert_eq!(entry(client, names.of("running")).await["state"], "kept");
    assert_eq!(settled(client, names.of("waits")).await["status"], "succeeded");
    assert_eq!(asked_for(&double, "not sent yet"), 1);
    assert_eq!(entry(client, names.of("waits")).await["state"], "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_waits_for_the_user_and_is_never_sent_again() {
    let (server, names, double) = opened().await;
    let client = &server.client;
    for (name, state) in [("dropped", "sent"), ("broken", "accepted")] {
        let job = client.get(&format!("/api/jobs/{}", names.of(name))).await.expect(200).json();
        assert_eq!((&job["status"], &job["error"]["kind"]), (&json!("unknown"), &json!("unknown_outcome")), "{name}: {job:#}");
        assert_eq!(entry(client, names.of(name)).await["state"], state);
    }
    let check = async |name: &str| client.post(&format!("/api/jobs/{}/check", names.of(name)), &json!({})).await.expect(200);
    check("broken").await;
    assert_eq!(settled(client, names.of("broken")).await["status"], "succeeded", "asked after by its name");
    check("dropped").await;
    client.wait_for(&format!("/api/jobs/{}", names.of("dropped")), |job| job["status"] == "unknown").await;
    assert_eq!((asked_for(&double, "broken off"), asked_for(&double, "dropped")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_is_there_and_is_not_made_again() {
    let (server, names, _) = opened().await;
    let client = &server.client;
    let workflow = client.get(&format!("/api/workflows/{}", names.of("finished"))).await.expect(200).json();
    let roles: Vec<_> = workflow["videos"].as_array().unwrap().iter().map(|one| (one["node_id"].clone(), one["role"].clone())).collect();
    for (id, role) in [("walk", "input"), ("next", "intermediate"), ("stitch", "output")] {
        assert!(roles.contains(&(id.into(), role.into())), "{roles:?}");
    }
    for video in workflow["videos"].as_array().unwrap() {
        client.get(&format!("/api/videos/{}/download", video["video_id"].as_str().unwrap())).await.expect(200);
    }
    // Both caches: clips and pictures.
    let run = json!({ "workflow_id": names.of("finished"), "mode": "draft" });
    let id = client.post("/api/executions", &run).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
    let again = finished(client, &id).await;
    for id in ["last", "next", "stitch"] {
        assert_eq!((&node(&again, id)["status"], &node(&again, id)["cached"]), (&json!("succeeded"), &json!(true)), "{again:#}");
    }
    let earlier = client.get(&format!("/api/executions/{}", names.of("finished_run"))).await.expect(200).json();
    for member in ["key", "video_id", "image_id"] {
        for id in ["last", "next", "stitch"] {
            assert_eq!(node(&again, id)[member], node(&earlier, id)[member], "{member} of {id}");
        }
    }

    // The slot for unsaved edits.
    let edited = client.get(&format!("/api/workflows/{}", names.of("edited"))).await.expect(200).json();
    assert_eq!((&edited["status"], &edited["definition"]["nodes"][0]["params"]["prompt"]), (&json!("draft"), &json!("A lamp")));
    assert_eq!(edited["draft"]["definition"]["nodes"][0]["params"]["prompt"], "A red lamp");
}
