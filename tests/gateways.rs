//! Ten dialects of gateways and their bad days: what is sent, what is kept and what the page says. The snapshot is the table.

use std::fmt::Write as _;

use futures_util::future::join_all;
use serde_json::Value;

use crate::{
    double::{
        Shared,
        gateways::{DIALECTS, TAUGHT},
        proxy::Proxy,
    },
    support::{
        Client, TestServer,
        paid::{KEYS, ask, double, settled, use_double},
        process::ServerProcess,
    },
};

/// A bad day: its name, its tags, how the job ends, and the clips that are kept.
type Day = (&'static str, &'static str, &'static str, usize);

const DAYS: [Day; 9] = [
    ("the file comes late", "[[late=3]]", "succeeded", 1),
    ("the answer is lost", "[[drop]]", "unknown", 0),
    ("404 to a question", "[[404x3]]", "succeeded", 1),
    ("a short download", "[[short=2]]", "succeeded", 1),
    ("every download is short", "[[short-always]]", "unknown", 1),
    ("downloads break off", "[[truncate-always]]", "unknown", 1),
    ("an unknown word", "[[word=4]]", "succeeded", 1),
    ("a refusal with status 200", "[[refused-in-200]]", "failed", 0),
    ("100 MB in base64", "[[base64]][[pad=100]]", "succeeded", 1),
];

/// Two more, the first of which takes a deadline that is soon over, and the other a server of its own.
const NEVER_KNOWN: Day = ("an unknown word for ever", "[[word=1000000]]", "unknown", 0);
const BEHIND_A_PROXY: Day = ("a proxy on the way", "", "succeeded", 1);

/// What the user's file says of gateways.
fn taught(config: &mut reelgraph::server::config::Config) {
    let file: Value = serde_json::from_str(TAUGHT).unwrap();
    config.dialects = serde_json::from_value(file["dialects"].clone()).unwrap();
}

/// Has a bad day with every dialect; gives the lines of the table: paid requests that were sent, clips that were kept, what the page said.
async fn have(client: &Client, double: &Shared, day: Day) -> String {
    let (name, tags, status, kept) = day;
    let prompt = |at: usize| format!("{name}, {at}. {tags}[[dialect={at}]]");
    let jobs = join_all((0..DIALECTS.len()).map(async |at| settled(client, &ask(client, "openai", &prompt(at)).await).await)).await;
    let library = client.get("/api/videos?limit=200").await.expect(200).json();
    let mut lines = format!("{name}\n");
    for (at, job) in jobs.iter().enumerate() {
        let dialect = DIALECTS[at].name;
        let sent = double.book.open().creates.iter().filter(|create| create.prompt == prompt(at)).count();
        let label = format!("{name}, {at}.");
        let clips = library.as_array().unwrap().iter().filter(|video| video["name"].as_str().unwrap().starts_with(&label)).count();
        assert_eq!((sent, clips), (1, kept), "{name}, {dialect}: {job:#}");
        assert_eq!(job["status"], status, "{name}, {dialect}: {job:#}");
        let words = job["error"]["message"].as_str().unwrap_or_default().replace(&prompt(at), "…");
        let line = format!("  {dialect:38} | {sent} sent | {clips} kept | {status} {words}");
        writeln!(lines, "{}", line.trim_end()).unwrap();
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_dialects_on_their_bad_days() {
    let double = double().await;
    let server = TestServer::start_with(|config| {
        use_double(config, &double);
        taught(config);
        config.openai_base_url = double.gateway_base();
    })
    .await;
    let mut table = String::new();
    for day in DAYS {
        table += &have(&server.client, &double, day).await;
    }

    let impatient = TestServer::start_with(|config| {
        use_double(config, &double);
        taught(config);
        config.openai_base_url = double.gateway_base();
        config.pace.deadline = std::time::Duration::from_millis(500);
    })
    .await;
    table += &have(&impatient.client, &double, NEVER_KNOWN).await;

    // The real program, which reads the environment and the user's file. No name server knows the host.
    let (dir, proxy) = (tempfile::tempdir().unwrap(), Proxy::start(double.address()).await);
    let file = dir.path().join("gateways.json");
    std::fs::write(&file, TAUGHT).unwrap();
    let behind = ServerProcess::start_with(dir.path(), |command| {
        command.env("OPENAI_API_KEY", KEYS[0]).env("OPENAI_BASE_URL", "http://gateway.invalid/gateway/v1");
        command.env("HTTP_PROXY", format!("http://{}", proxy.address)).env("REELGRAPH_MODELS", file);
    });
    table += &have(&behind.client, &double, BEHIND_A_PROXY).await;

    println!("{table}");
    insta::assert_snapshot!(table);
}
