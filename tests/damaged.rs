//! A database that is damaged, empty or not there: the start says which file it is about and what to do, and changes nothing.

use std::{fs, path::Path};

use crate::support::{TestServer, clips, process::refused};

/// The one sentence of a start that is refused.
fn sentence(dir: &Path) -> String {
    let (code, said) = refused(dir, |command| {
        command.env("RUST_LOG", "error");
    });
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&dir.join("media.db").display().to_string()), "{said}");
    said
}

/// A stopped server's folder with an asset in it.
async fn left_behind() -> TestServer {
    let mut server = TestServer::start().await;
    server.client.upload("clip.mp4", clips::short(95)).await.expect(201);
    server.stop().await;
    server
}

#[tokio::test]
async fn what_is_no_database_is_named_with_what_to_do() {
    let server = left_behind().await;
    let path = server.dir.path().join("media.db");
    let whole = fs::read(&path).unwrap();
    let mut garbled = whole.clone();
    garbled[..4096].fill(0x5a);
    let mut garbled_schema = whole.clone();
    garbled_schema[100..4096].fill(0x5a);
    for bytes in [b"this is a text and no database".repeat(200), whole[..whole.len() / 2].to_vec(), garbled, garbled_schema] {
        fs::write(&path, &bytes).unwrap();
        let said = sentence(server.dir.path());
        assert!(said.contains("damaged") && said.contains("backup") && said.contains("reelgraph check"), "{said}");
        assert!(fs::read(&path).unwrap() == bytes, "it was changed");
    }
}

#[tokio::test]
async fn no_new_database_takes_the_place_of_one_that_is_lost() {
    let mut server = left_behind().await;
    let path = server.dir.path().join("media.db");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, "").unwrap();
    let said = sentence(server.dir.path());
    assert!(said.contains("is empty") && said.contains("DATABASE_URL") && said.contains("VIDEOS_URL"), "{said}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    fs::remove_file(&path).unwrap();
    let said = sentence(server.dir.path());
    assert!(said.contains("is not there"), "{said}");
    assert!(!path.exists(), "a new one was created");
    // Without the mark its files still tell.
    let mark = server.dir.path().join("videos/.reelgraph.json");
    let marked = fs::read(&mark).unwrap();
    fs::remove_file(&mark).unwrap();
    let said = sentence(server.dir.path());
    assert!(said.contains("holds files of another"), "{said}");
    assert!(!path.exists(), "a new one was created");
    fs::write(&mark, marked).unwrap();
    fs::write(&path, whole).unwrap();
    server.restart().await;
    assert_eq!(server.client.get("/api/videos").await.expect(200).json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn one_that_may_not_be_opened_is_named_too() {
    let dir = tempfile::tempdir().unwrap();
    // A folder stands in its place: not even root opens that.
    fs::create_dir(dir.path().join("media.db")).unwrap();
    let said = sentence(dir.path());
    assert!(said.contains("cannot be opened"), "{said}");
}
