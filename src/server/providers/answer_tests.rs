//! Answers that are too long for memory, over real HTTP.

#![expect(clippy::unwrap_used)]

use axum::{Router, body::Body as HttpBody, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::stream;
use serde_json::json;

use super::*;
use crate::{
    domain::provider::Provider,
    server::{
        error::ProviderClass,
        providers::{
            api::Clip,
            endpoint::Endpoint,
            failures::Call,
            http::Http,
            sample_answers::{KEY, MP4, serve},
        },
    },
};

/// Asks a server that answers so; clips may have `largest` bytes. Gives the folder too that is spooled to.
async fn ask(
    call: Call,
    largest: u64,
    pieces: Vec<Vec<u8>>,
) -> (Result<Answer, crate::server::error::ProviderError>, Endpoint, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let answer = move || {
        let pieces = pieces.clone();
        async move { HttpBody::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, std::convert::Infallible>))) }
    };
    let base_url = serve(Router::new().route("/job", get(answer))).await;
    let http = Http::new(Spool::new(folder.path().into(), largest)).unwrap();
    let endpoint = Endpoint::new(Provider::OpenAi, &base_url, KEY.into(), http).unwrap();
    let answer = endpoint.ask(call, endpoint.request(http::Method::GET, endpoint.url(["job"]))).await;
    (answer, endpoint, folder)
}

/// An answer with a clip of more than `zeros` bytes in it, and that clip.
fn with_clip(zeros: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
    let clip = [MP4, &vec![0; zeros]].concat();
    let answer = json!({ "id": "x", "data": [{ "b64_json": STANDARD.encode(&clip) }], "status": "done" }).to_string();
    (answer.into_bytes().chunks(50_000).map(<[u8]>::to_vec).collect(), clip)
}

fn files(folder: &tempfile::TempDir) -> usize {
    std::fs::read_dir(folder.path()).unwrap().count()
}

#[tokio::test]
async fn a_long_answer_says_what_it_says_and_its_clip_is_taken_from_the_disk() {
    for zeros in [1_000, 3_000_000] {
        let (pieces, clip) = with_clip(zeros);
        let (answer, endpoint, folder) = ask(Call::Poll, 4_000_000, pieces).await;
        let answer = answer.unwrap();
        let json = answer.json().unwrap();
        assert_eq!((&json["id"], &json["status"]), (&json!("x"), &json!("done")));
        assert_eq!(files(&folder), usize::from(zeros > 1_000_000));
        assert!(answer.beginning().len() < 1 << 20 && answer.beginning().starts_with(b"{"));
        let text = json["data"][0]["b64_json"].as_str().unwrap();
        let found = answer.clip(text, "/data/0/b64_json".into()).unwrap();
        drop(answer);
        let output = tempfile::NamedTempFile::new().unwrap();
        endpoint.download(&Clip::Inline(found.clone()), output.path()).await.unwrap();
        assert!(std::fs::read(output.path()).unwrap() == clip);
        drop(found);
        assert_eq!(files(&folder), 0, "what was spooled goes with the answer");
    }
}

#[tokio::test]
async fn an_answer_past_the_bound_is_told_asked_again_and_never_paid_again() {
    for (call, class) in [(Call::Poll, ProviderClass::Transient(None)), (Call::Create, ProviderClass::Unknown)] {
        let (answer, _, folder) = ask(call, 1_200_000, with_clip(2_100_000).0).await;
        let error = answer.unwrap_err();
        assert_eq!(error.class, class, "{error:?}");
        assert!(error.message.contains("more than 2 MiB") && error.message.contains("REELGRAPH_MAX_UPLOAD_BYTES"), "{error}");
        assert_eq!(files(&folder), 0);
    }
}

#[tokio::test]
async fn a_clip_past_the_limit_is_not_taken_and_leaves_nothing() {
    let (pieces, _) = with_clip(1_200_100);
    let (answer, endpoint, _folder) = ask(Call::Poll, 1_200_000, pieces).await;
    let found = answer.unwrap().clip("AAAA", "/data/0/b64_json".into()).unwrap();
    let output = tempfile::tempdir().unwrap().path().join("clip.mp4");
    std::fs::create_dir_all(output.parent().unwrap()).unwrap();
    let error = endpoint.download(&Clip::Inline(found.clone()), &output).await.unwrap_err();
    assert!(error.class == ProviderClass::Transient(None) && error.message.contains("larger than 1 MiB"), "{error}");
    assert!(!output.exists());
}

#[tokio::test]
async fn what_is_long_and_no_json_is_told_as_such() {
    for (pieces, says) in [
        (vec![vec![b'<'; 500_000]; 5], "no JSON"),
        (vec![b"[".to_vec(), b"17,".repeat(900_000), b"17]".to_vec()], "longer than 1 MiB even without"),
        (with_clip(3_000_000).0.into_iter().rev().skip(1).rev().collect(), "no JSON"),
    ] {
        let (answer, ..) = ask(Call::Poll, 1 << 30, pieces).await;
        assert!(answer.unwrap().json().unwrap_err().to_string().contains(says), "{says}");
    }
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_told() {
    let http = Http::new(Spool::new("/nowhere/at/all".into(), 1 << 30)).unwrap();
    let pieces = with_clip(3_000_000).0.concat();
    let base_url = serve(Router::new().route("/job", get(move || async move { pieces }))).await;
    let endpoint = Endpoint::new(Provider::OpenAi, &base_url, KEY.into(), http).unwrap();
    let error = endpoint.ask(Call::Poll, endpoint.request(http::Method::GET, endpoint.url(["job"]))).await.unwrap_err();
    assert!(error.class == ProviderClass::Transient(None) && error.message.contains("written to the disk"), "{error}");
}
