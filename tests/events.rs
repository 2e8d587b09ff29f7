//! What pages are told while workflows run, and what they are told again when they come back.

use serde_json::{Value, json};

use crate::support::{
    TestServer,
    graphs::{definition, episode, shot},
    stream::{Arrived, EventStream},
};

fn is_end(arrived: &Arrived) -> bool {
    arrived.name == "execution" && !arrived.data["finished_at"].is_null()
}

async fn start(server: &TestServer, definition: &Value) -> String {
    let body = json!({ "definition": definition, "mode": "draft" });
    server.client.post("/api/executions", &body).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_told_as_it_goes_with_moving_percentages() {
    let server = TestServer::start().await;
    let mut stream = EventStream::open(&server.client, "", None).await;
    let graph = definition(&[shot("one", json!({ "prompt": "Watched", "seconds": 20, "size": "720x1280" }))], &[]);
    let id = start(&server, &graph).await;
    let told = stream.until(is_end).await;
    let nodes: Vec<_> = told.iter().filter(|arrived| arrived.name == "node").collect();
    assert!(nodes.iter().all(|node| node.data["execution_id"] == id.as_str() && node.data["node_id"] == "one"));
    let moving: Vec<_> = nodes.iter().filter(|node| node.id.is_none()).map(|node| node.data["progress"].as_f64().unwrap()).collect();
    assert!(moving.len() > 1 && moving.is_sorted() && moving[0] < moving[moving.len() - 1], "{moving:?}");
    let statuses: Vec<_> = nodes.iter().filter(|node| node.id.is_some()).map(|node| node.data["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["queued", "running", "succeeded"]);
    let shown = server.client.get(&format!("/api/executions/{id}")).await.expect(200).json();
    assert_eq!(told.last().unwrap().data, shown, "the event's data is what the GET shows");
    assert_eq!(nodes.last().unwrap().data["video_id"], shown["nodes"][0]["video_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_gets_what_was_missed_once_and_in_order() {
    let server = TestServer::start().await;
    let before = server.client.get("/api/executions").await.expect(200).header("x-event-id");
    let mut whole = EventStream::open(&server.client, &format!("?after={before}"), None).await;
    let id = start(&server, &episode()).await;
    // This one is cut in the middle and comes back with the number it had.
    let mut cut = EventStream::open(&server.client, &format!("?after={before}"), None).await;
    let mut first = Vec::new();
    while first.len() < 4 {
        first.extend(cut.next().await.unwrap().id);
    }
    drop(cut);
    let all: Vec<i64> = whole.until(is_end).await.iter().filter_map(|arrived| arrived.id).collect();
    let mut again = EventStream::open(&server.client, "?after=0", first.last().copied()).await;
    let rest: Vec<i64> = again.until(is_end).await.iter().filter_map(|arrived| arrived.id).collect();
    let joined: Vec<i64> = first.into_iter().chain(rest).collect();
    assert_eq!(joined, all);
    assert!(all.windows(2).all(|pair| pair[1] == pair[0] + 1), "{all:?}");
    let shown = server.client.get(&format!("/api/executions/{id}")).await.expect(200);
    // Posters may have been made since.
    assert!(shown.header("x-event-id").parse::<i64>().unwrap() >= *all.last().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_what_is_not_kept_says_reset_and_nonsense_is_refused() {
    let server = TestServer::start().await;
    let mut stream = EventStream::open(&server.client, "?after=1000", None).await;
    assert_eq!(stream.next().await.unwrap().name, "reset");
    start(&server, &definition(&[shot("one", json!({ "prompt": "After the reset" }))], &[])).await;
    assert_eq!(stream.next().await.unwrap().id, Some(1), "after a reset it goes on from now");
    server.client.get("/api/events?after=x").await.problem(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_the_server_stops() {
    let mut server = TestServer::start().await;
    let mut stream = EventStream::open(&server.client, "", None).await;
    let (ended, ()) = tokio::join!(stream.next(), server.stop());
    assert_eq!(ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_gives_signs_of_life_that_no_proxy_keeps_back() {
    let server = TestServer::start().await;
    let answer = server.client.request(reqwest::Method::GET, "/api/events").send().await.unwrap();
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    drop(answer);
    let mut stream = EventStream::open(&server.client, "?after=0", None).await;
    for _ in 0..2 {
        let ping = stream.next().await.unwrap();
        assert_eq!((ping.id, ping.name.as_str(), &ping.data), (None, "ping", &json!({})), "without data no browser hands it on");
    }
}
