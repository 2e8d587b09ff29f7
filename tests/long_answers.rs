//! Clips of 100 MB that stand in an answer, and what of the real program's memory they take.

use crate::support::{
    paid::{KEYS, ask, double, settled},
    process::ServerProcess,
};

/// How much more memory the program may take for them, in KiB: a clip alone is four times as much, and its base64 six.
const MOST_KIB: u64 = 24 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_of_100_mb_in_an_answer_is_kept_and_held_nowhere_in_memory() {
    let (double, dir) = (double().await, tempfile::tempdir().unwrap());
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("OPENAI_API_KEY", KEYS[0]).env("OPENAI_BASE_URL", double.gateway_base());
        command.env("GEMINI_API_KEY", KEYS[1]).env("GEMINI_BASE_URL", double.google_base());
    });
    let client = &server.client;
    // What a clip takes at all, once.
    let providers = [("openai", "[[base64]]"), ("google", "[[inline]]"), ("veo", "[[inline]]"), ("openai", "")];
    let mut peak = 0;
    for padding in [2, 100] {
        for (of, tag) in providers {
            let job = ask(client, of, &format!("a long answer {tag}[[pad={padding}]]")).await;
            let job = settled(client, &job).await;
            assert_eq!(job["status"], "succeeded", "{job:#}");
            let video = client.get(&format!("/api/videos/{}", job["video_id"].as_str().unwrap())).await.expect(200).json();
            assert!(video["size_bytes"].as_u64().unwrap() > padding * 1_000_000, "{video:#}");
            assert!(video["duration_seconds"].as_f64().unwrap() > 2.0, "{video:#}");
        }
        if padding == 2 {
            peak = server.peak_memory_kib();
        }
    }
    let more = server.peak_memory_kib() - peak;
    println!("{more} KiB more than the {peak} KiB before");
    assert!(more < MOST_KIB, "{more} KiB more than the {peak} KiB before");
    let staged = std::fs::read_dir(dir.path().join("videos/.staging")).unwrap().map(|entry| entry.unwrap().file_name());
    let staged: Vec<_> = staged.filter(|name| name.to_string_lossy().ends_with(".answer")).collect();
    assert!(staged.is_empty(), "{staged:?}");
}
