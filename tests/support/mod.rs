//! What every integration test starts from: a server of its own in a folder of its own, and a client that speaks to it.
//! [`TestServer`] runs in this process; [`process::ServerProcess`] is the real program, for tests that kill it.

pub mod clips;
pub mod disk;
pub mod graphs;
pub mod images;
pub mod paid;
pub mod process;
pub mod stream;

use std::{net::SocketAddr, path::Path, time::Duration};

use clap::Parser;
use reelgraph::server::{
    clock::Clock,
    config::{Cli, Config},
    run::Server,
    state::AppState,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// How long nothing may move before a test gives up: a slow machine is no failure, one that stands still is.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A running server with an empty database and an empty store.
pub struct TestServer {
    /// Where the database and the videos lie.
    pub dir: TempDir,
    /// Speaks to it.
    pub client: Client,
    /// What time it is for it, also after a restart.
    pub clock: Clock,
    server: Option<Server>,
}

impl TestServer {
    /// Starts one with default settings.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts one with settings changed.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(TempDir::new().unwrap(), change).await
    }

    /// Starts one on what lies in a folder.
    pub async fn start_in(dir: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut server = Self { client: Client::new(SocketAddr::from(([127, 0, 0, 1], 0))), dir, clock: Clock::default(), server: None };
        server.begin(change).await;
        server
    }

    /// Stops it gracefully and starts it again on the same folder.
    pub async fn restart(&mut self) {
        self.restart_with(|_| {}).await;
    }

    /// The same with settings changed.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        self.begin(change).await;
    }

    /// Stops it gracefully.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Its parts, to look behind the API.
    pub fn state(&self) -> &AppState {
        &self.server.as_ref().unwrap().state
    }

    async fn begin(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = config(self.dir.path());
        change(&mut config);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start_by(self.clock.clone(), config, listener).await.unwrap();
        self.client = Client::new(server.address);
        self.server = Some(server);
    }
}

/// The settings of a test server in `dir`: two workers, nothing from the environment that matters.
pub fn config(dir: &Path) -> Config {
    let database = format!("sqlite://{}", dir.join("media.db").display());
    let videos = format!("file:{}", dir.join("videos").display());
    let arguments = ["reelgraph", "--database-url", &database, "--videos-url", &videos, "--workers", "2"];
    let mut config = Config::try_from(Cli::try_parse_from(arguments).unwrap().settings).unwrap();
    (config.openai_api_key, config.gemini_api_key, config.xai_api_key) = (None, None, None);
    config.openai_base_url = "https://api.openai.com/v1".into();
    config.gemini_base_url = "https://generativelanguage.googleapis.com".into();
    config.xai_base_url = "https://api.x.ai/v1".into();
    config
}

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Where the server listens.
    pub address: SocketAddr,
}

impl Client {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        // reqwest brings no cryptography of its own; a second one installing it is refused, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(), address }
    }

    /// The address of `path`, which may have a query.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request to be refined.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// Uploads `bytes` as a file called `name`.
    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        self.send(self.request(Method::POST, "/api/videos/upload").multipart(form)).await
    }

    /// Asks for `path` until `done` says so of the answer's JSON, which is given back. Fails where the answer stays the same for long.
    pub async fn wait_for(&self, path: &str, done: impl Fn(&Value) -> bool) -> Value {
        let (mut last, mut moved) = (Vec::new(), tokio::time::Instant::now());
        loop {
            let answer = self.get(path).await;
            let json = answer.json();
            if answer.status == StatusCode::OK && done(&json) {
                return json;
            }
            if answer.body != last {
                (last, moved) = (answer.body, tokio::time::Instant::now());
            }
            assert!(moved.elapsed() < PATIENCE, "{path} is still {json:#}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The same answer, after a check of its status that shows the body where it fails.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Checks that this is a problem of RFC 9457 with that status, and gives its JSON.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem:#}");
        problem
    }
}
