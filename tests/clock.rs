//! A machine whose clock is wrong: pages open, nothing is deleted on its word, and no work waits for a time that was moved away.

use std::time::{Duration, SystemTime};

use reelgraph::{
    domain::Timestamp,
    server::{library::sweep, store::jobs, studio::Studio},
};
use serde_json::json;

use crate::support::{
    Client, TestServer, clips,
    graphs::{definition, shot},
    stream::EventStream,
};

const DAY: f64 = 24.0 * 3600.0;
const TEN_YEARS: f64 = 10.0 * 365.0 * DAY;

async fn trashed(client: &Client) -> String {
    let id = client.upload("clip.mp4", clips::short(80)).await.expect(201).json()["video_id"].as_str().unwrap().to_owned();
    client.wait_for("/api/jobs?kind=poster", |posters| posters[0]["status"] == "succeeded").await;
    client.delete(&format!("/api/assets/{id}")).await.expect(204);
    id
}

async fn emptied(server: &TestServer) -> usize {
    // Nothing staged is older than this server: its jobs are at work.
    sweep::keep_up(&server.state().studio, SystemTime::UNIX_EPOCH).await.unwrap().emptied
}

async fn assert_pages_open(client: &Client) {
    for path in
        ["/", "/jobs", "/spend", "/workflows/new", "/api/workflows", "/api/videos", "/api/assets?trashed=true", "/api/jobs", "/api/spend"]
    {
        client.get(path).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leapt_deletes_nothing_before_a_day_was_run() {
    for while_it_runs in [true, false] {
        let mut server = TestServer::start().await;
        let id = trashed(&server.client).await;
        assert_eq!(emptied(&server).await, 0);
        if while_it_runs {
            server.clock.set_by(TEN_YEARS);
        } else {
            server.stop().await;
            server.clock.set_by(TEN_YEARS);
            server.restart().await;
        }
        assert_eq!(emptied(&server).await, 0);
        assert_pages_open(&server.client).await;
        server.clock.pass(Duration::from_secs_f64(0.9 * DAY));
        assert_eq!(emptied(&server).await, 0);
        // Neither a row of the new time nor a restart ends the day.
        server.client.upload("new.mp4", clips::short(81)).await.expect(201);
        server.restart().await;
        assert_eq!(emptied(&server).await, 0);
        let asset = server.client.get(&format!("/api/assets/{id}")).await.expect(200).json();
        assert!(!asset["deleted_at"].is_null());
        let first = EventStream::open(&server.client, "?after=0", None).await.next().await.unwrap();
        assert_eq!(first.id, Some(1), "events are kept too: {first:?}");
        // The row that was written by the machine's own clock is as old as the one in the trash.
        server.clock.pass(Duration::from_secs_f64(0.2 * DAY));
        assert_eq!(emptied(&server).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_stalls_nothing() {
    let server = TestServer::start().await;
    let client = &server.client;
    assert_eq!(emptied(&server).await, 0);
    // More than the workers do at a time, so that some wait.
    let shots: Vec<_> = (0..6).map(|number| shot(&format!("n{number}"), json!({ "prompt": format!("shot {number}") }))).collect();
    let run = json!({ "definition": definition(&shots, &[]), "mode": "draft" });
    let begun = client.post("/api/executions", &run).await.expect(202).json();
    let path = format!("/api/executions/{}", begun["execution_id"].as_str().unwrap());
    // As where a minute was asked for just before the clock was set back by a day.
    let Studio { db, events, .. } = &server.state().studio;
    let mut tx = db.begin().await.unwrap();
    jobs::put_off_lane(&mut tx, jobs::lane::LOCAL, Timestamp::now().plus_seconds(DAY + 60.0)).await.unwrap();
    tx.commit().await.unwrap();
    server.clock.set_by(-DAY);
    assert_eq!(emptied(&server).await, 0);
    events.notify();
    let run = client.wait_for(&path, |run| !["queued", "running"].contains(&run["status"].as_str().unwrap())).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    assert_pages_open(client).await;
}
