//! Deleting what is in use: whatever meets it, one of the two came first, and the answers say which.

use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, clips,
    graphs::{definition, node},
};

const ROUNDS: u32 = 30;

async fn uploaded(client: &Client, variant: u32) -> String {
    let answer = client.upload("walk.mp4", clips::short(variant)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()["video_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn uploading_what_is_being_deleted_ends_in_one_order() {
    let server = TestServer::start().await;
    let client = &server.client;
    let bytes = clips::short(70);
    for round in 0..ROUNDS {
        let id = uploaded(client, 70).await;
        client.delete(&format!("/api/assets/{id}?force=true")).await.expect(204);
        let delete = async {
            if round % 2 == 0 {
                tokio::task::yield_now().await;
            }
            client.delete(&format!("/api/assets/{id}?permanent=true")).await
        };
        let (deleted, again) = tokio::join!(delete, client.upload("walk.mp4", bytes.clone()));
        let order = (deleted.status.as_u16(), again.status.as_u16());
        // Deleted and then new, or out of the trash and then not to be deleted from there.
        assert!([(204, 201), (409, 200)].contains(&order), "{order:?}: {} {}", deleted.text(), again.text());
        let id = again.json()["video_id"].as_str().unwrap().to_owned();
        let back = client.get(&format!("/api/assets/{id}/download")).await.expect(200);
        assert!(back.body == bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_reads_what_is_deleted_is_done_or_names_it() {
    let server = TestServer::start().await;
    let client = &server.client;
    for round in 0..ROUNDS {
        let id = uploaded(client, 71).await;
        let trim = definition(
            &[
                node("clip", "UploadVideo", json!({ "video_id": id })),
                node("trim", "Trim", json!({ "in_seconds": 0.1, "out_seconds": 0.6 })),
            ],
            &["clip.video trim.video"],
        );
        let run = client.post("/api/executions", &json!({ "definition": trim, "mode": "draft" })).await.expect(202).json();
        let path = format!("/api/executions/{}", run["execution_id"].as_str().unwrap());
        let of_trim = |run: &Value| run["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == "trim").cloned().unwrap();
        if round % 3 > 0 {
            // Once it is begun: ffprobe or ffmpeg is about to open the file, or has.
            client.wait_for(&path, |run| of_trim(run)["status"] != "queued").await;
        }
        client.delete(&format!("/api/assets/{id}?force=true")).await.expect(204);
        client.delete(&format!("/api/assets/{id}?permanent=true")).await.expect(204);
        let run = client.wait_for(&path, |run| !["queued", "running"].contains(&run["status"].as_str().unwrap())).await;
        let trim = of_trim(&run);
        match trim["status"].as_str().unwrap() {
            "succeeded" => {
                // So that the next round does it again.
                let made = trim["video_id"].as_str().unwrap();
                client.delete(&format!("/api/assets/{made}?force=true")).await.expect(204);
                client.delete(&format!("/api/assets/{made}?permanent=true")).await.expect(204);
            }
            "failed" => {
                assert_eq!(trim["error"]["kind"], "gone", "{trim:#}");
                let message = trim["error"]["message"].as_str().unwrap();
                assert!(message.contains("walk.mp4") && message.contains("deleted"), "{message}");
            }
            other => panic!("{other}: {trim:#}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn posters_and_downloads_of_what_is_deleted_meanwhile_say_so() {
    let server = TestServer::start().await;
    let client = &server.client;
    for _ in 0..ROUNDS {
        let id = uploaded(client, 72).await;
        client.delete(&format!("/api/assets/{id}?force=true")).await.expect(204);
        let path = |end: &str| format!("/api/assets/{id}{end}");
        let (poster, file, deletion) = (path("/thumbnail?trashed=true"), path("/download?trashed=true"), path("?permanent=true"));
        let (poster, file, deleted) = tokio::join!(client.get(&poster), client.get(&file), client.delete(&deletion));
        deleted.expect(204);
        for answer in [poster, file] {
            assert!([200, 410].contains(&answer.status.as_u16()), "{}", answer.text());
            if answer.status == 410 {
                assert!(answer.text().contains("was deleted"), "{}", answer.text());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_for_what_is_not_there_do_not_wait_for_each_other() {
    let server = TestServer::start().await;
    let path = format!("/api/videos/{}", reelgraph::domain::VideoId::generate());
    let answers = futures_util::future::join_all((0..64).map(|_| server.client.get(&path))).await;
    for answer in answers {
        answer.problem(404);
    }
}
