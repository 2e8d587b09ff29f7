//! A reader of server-sent events.

use reqwest::{Method, Response};
use serde_json::Value;

use super::{Client, PATIENCE};

/// An open stream of events.
pub struct EventStream {
    response: Response,
    text: String,
}

/// An event that has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Its number, if it has one.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

impl EventStream {
    /// Opens `/api/events` with `query`, and with `Last-Event-ID` where one is given.
    pub async fn open(client: &Client, query: &str, last_event_id: Option<i64>) -> Self {
        let mut request = client.request(Method::GET, &format!("/api/events{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; `None` where the server ends the stream.
    pub async fn next(&mut self) -> Option<Arrived> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let arrived = read(block);
                self.text = rest.to_owned();
                if let Some(arrived) = arrived {
                    return Some(arrived);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("no event came in time");
            self.text.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// Reads on until `done` says so of an event, and gives all that came.
    pub async fn until(&mut self, done: impl Fn(&Arrived) -> bool) -> Vec<Arrived> {
        let mut all = Vec::new();
        loop {
            let arrived = self.next().await.expect("the stream ended early");
            let last = done(&arrived);
            all.push(arrived);
            if last {
                return all;
            }
        }
    }
}

/// A block that is only a comment, or only tells a number, is no event.
fn read(block: &str) -> Option<Arrived> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start);
    let data = field("data")?;
    let id = field("id").map(|id| id.parse().unwrap());
    Some(Arrived { id, name: field("event").unwrap_or("message").to_owned(), data: serde_json::from_str(data).unwrap() })
}
