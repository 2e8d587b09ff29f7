//! A server whose providers are doubles, and shots to ask them for.

use std::{sync::Arc, time::Duration};

use reelgraph::server::config::{Config, Pace};
use serde_json::{Value, json};

use super::{Client, TestServer};
use crate::double::{self, Shared};

/// The keys the server is given; what looks like them anywhere else has leaked.
pub const KEYS: [&str; 3] = ["test-openai-7Qm2vXkL9sR4", "test-google-3Zt8bNpW6yH1", "test-xai-5Jc0dFgU7eA2"];

/// Starts the doubles.
pub async fn double() -> Arc<Shared> {
    double::start(([127, 0, 0, 1], 0).into()).await
}

/// Points a server's settings at the doubles, and lets it ask them often.
pub fn use_double(config: &mut Config, double: &Shared) {
    let [openai, google, xai] = KEYS.map(|key| Some(key.to_owned().into()));
    (config.openai_api_key, config.gemini_api_key, config.xai_api_key) = (openai, google, xai);
    (config.openai_base_url, config.gemini_base_url) = (double.openai_base(), double.google_base());
    config.xai_base_url = double.xai_base();
    config.pace = Pace {
        first: Duration::from_millis(20),
        longest: Duration::from_millis(100),
        deadline: Duration::from_secs(30),
        late_clip: Duration::from_secs(2),
    };
}

/// A server whose providers are these doubles.
pub async fn server(double: &Shared) -> TestServer {
    TestServer::start_with(|config| use_double(config, double)).await
}

/// A short shot of a provider; `openai`, `google`, `veo` or `xai`.
pub fn shot(of: &str, prompt: &str) -> Value {
    match of {
        "openai" => json!({ "provider": "openai", "model": "sora-2", "prompt": prompt, "params": { "seconds": 4, "size": "720x1280" } }),
        "veo" => json!({
            "provider": "google", "model": "veo-3.1-fast-generate-preview", "prompt": prompt,
            "params": { "seconds": 4, "aspect": "9:16", "resolution": "720p" },
        }),
        "google" => json!({ "provider": "google", "prompt": prompt, "params": { "seconds": 3, "aspect": "9:16", "resolution": "720p" } }),
        _ => json!({
            "provider": "xai", "model": "grok-imagine-video", "prompt": prompt,
            "params": { "seconds": 1, "aspect": "9:16", "resolution": "480p" },
        }),
    }
}

/// Asks for a shot and gives its job's id.
pub async fn ask(client: &Client, of: &str, prompt: &str) -> String {
    let answer = client.post("/api/videos/generate", &shot(of, prompt)).await;
    answer.expect(202).json()["job_id"].as_str().unwrap().to_owned()
}

/// Waits until a job has ended, or waits for the user.
pub async fn settled(client: &Client, job: &str) -> Value {
    let is_settled = |job: &Value| ["succeeded", "failed", "cancelled", "unknown"].contains(&job["status"].as_str().unwrap());
    client.wait_for(&format!("/api/jobs/{job}"), is_settled).await
}

/// The ledger's entry of a job.
pub async fn entry(client: &Client, job: &str) -> Value {
    let spending = client.get("/api/spend?limit=200").await.expect(200).json();
    let found = spending["requests"].as_array().unwrap().iter().find(|entry| entry["job_id"] == job).cloned();
    found.unwrap_or_else(|| panic!("job {job} is not in the ledger: {spending:#}"))
}
