//! What the double remembers: every request, every create, every job.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::http::{HeaderMap, Method, Uri};
use serde_json::Value;
use tokio::sync::watch;

use super::scenario::Scenario;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Method, address and every header, names and values.
    pub head: String,
}

/// A request for a clip, as it came.
#[derive(Debug, Clone)]
pub struct Create {
    /// The prompt.
    pub prompt: String,
    /// The job that was made of it, if one was: what would be paid.
    pub job: Option<String>,
    /// What was asked for; the fields of a form as an object of texts.
    pub body: Value,
}

/// A job of the double.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name.
    pub id: String,
    /// The model.
    pub model: String,
    /// What was asked for.
    pub prompt: String,
    /// The frame.
    pub size: (u32, u32),
    /// The length in seconds.
    pub seconds: u32,
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
    /// How often it was asked after.
    pub polls: usize,
    /// How often its clip was asked for.
    pub downloads: usize,
    /// Whether it was told to stop.
    pub cancelled: bool,
}

impl Job {
    /// What its prompt asks for.
    pub fn scenario(&self) -> Scenario {
        Scenario::of(&self.prompt)
    }

    /// The share done, 0 to 1: done after the second question, or after as many more as `[[slow=N]]` says.
    pub fn share(&self) -> f64 {
        if self.scenario().has("forever") {
            return 0.0;
        }
        (self.polls as f64 / (self.scenario().number("slow") + 2) as f64).min(1.0)
    }
}

/// Where the double can be made to wait, so that a test can do something just then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A create has arrived; no job is made yet.
    Create,
    /// The job is made; the answer has not left.
    Answer,
    /// A question has arrived.
    Poll,
    /// The clip is asked for.
    Download,
}

/// Everything that happened.
#[derive(Debug)]
pub struct Book {
    inner: Mutex<Inner>,
    held: watch::Sender<Option<Point>>,
    waiting: watch::Sender<usize>,
    cancels: watch::Sender<Vec<String>>,
}

#[derive(Debug, Default)]
pub struct Inner {
    pub requests: Vec<Recorded>,
    pub elsewhere: Vec<Recorded>,
    pub creates: Vec<Create>,
    pub jobs: Vec<Job>,
    tries: HashMap<String, usize>,
}

impl Default for Book {
    fn default() -> Self {
        Self { inner: Mutex::default(), held: watch::Sender::new(None), waiting: watch::Sender::new(0), cancels: watch::Sender::default() }
    }
}

impl Book {
    /// Everything, to look at and to change.
    pub fn open(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Waits here while a test holds this point.
    pub async fn pass(&self, point: Point) {
        let mut held = self.held.subscribe();
        if *held.borrow() == Some(point) {
            let _waits = Waits::new(&self.waiting);
            held.wait_for(|held| *held != Some(point)).await.unwrap();
        }
    }

    /// Makes every request wait at `point`.
    pub fn hold(&self, point: Point) {
        self.held.send_replace(Some(point));
    }

    /// Lets everything go on.
    pub fn release(&self) {
        self.held.send_replace(None);
    }

    /// Waits until a request waits at the point that is held.
    pub async fn reached(&self) {
        self.waiting.subscribe().wait_for(|count| *count > 0).await.unwrap();
    }

    /// Waits until every request that waited there has been dropped, as its caller is gone.
    pub async fn left(&self) {
        self.waiting.subscribe().wait_for(|count| *count == 0).await.unwrap();
    }

    /// Notes that a job was told to stop.
    pub fn cancel(&self, id: &str) {
        self.cancels.send_modify(|cancels| cancels.push(id.to_owned()));
    }

    /// Waits until so many jobs were told to stop.
    pub async fn cancelled(&self, count: usize) {
        self.cancels.subscribe().wait_for(|cancels| cancels.len() >= count).await.unwrap();
    }

    /// Notes a request.
    pub fn note(&self, method: &Method, uri: &Uri, headers: &HeaderMap) {
        self.open().requests.push(recorded(method, uri, headers));
    }

    /// Notes a request for a clip that made nothing.
    pub fn refuse(&self, prompt: &str, body: &Value) {
        self.open().creates.push(Create { prompt: prompt.into(), job: None, body: body.clone() });
    }

    /// Makes a job, and notes the request for it.
    pub fn make(&self, body: &Value, job: Job) -> Job {
        let mut inner = self.open();
        inner.creates.push(Create { prompt: job.prompt.clone(), job: Some(job.id.clone()), body: body.clone() });
        inner.jobs.push(job.clone());
        job
    }

    /// A job with a name of its own.
    pub fn job(&self, prefix: &str, model: &str, prompt: &str, size: (u32, u32), seconds: u32) -> Job {
        let created_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let id = format!("{prefix}{}", uuid::Uuid::new_v4().simple());
        let (model, prompt) = (model.to_owned(), prompt.to_owned());
        Job { id, model, prompt, size, seconds, created_at, polls: 0, downloads: 0, cancelled: false }
    }

    /// The job of that name after `change`.
    pub fn with(&self, id: &str, change: impl FnOnce(&mut Job)) -> Option<Job> {
        let mut inner = self.open();
        let job = inner.jobs.iter_mut().find(|job| job.id == id)?;
        change(job);
        Some(job.clone())
    }

    /// How often this was tried before.
    pub fn tried(&self, what: &str) -> usize {
        let mut inner = self.open();
        let count = inner.tries.entry(what.to_owned()).or_default();
        *count += 1;
        *count - 1
    }
}

/// Counts a request that waits, for as long as it does.
struct Waits<'a>(&'a watch::Sender<usize>);

impl<'a> Waits<'a> {
    fn new(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|count| *count += 1);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A request as it is remembered.
pub fn recorded(method: &Method, uri: &Uri, headers: &HeaderMap) -> Recorded {
    let headers = headers.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    Recorded { head: format!("{method} {uri}\n{}", headers.collect::<String>()) }
}
