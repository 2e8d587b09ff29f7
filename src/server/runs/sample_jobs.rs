//! A database and jobs for the tests of the queue.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use crate::{
    domain::{JobId, Sha256},
    server::{
        operations::{
            enqueue::{self, Requester, Work},
            generate::{Generate, GenerateInput},
        },
        providers::GenerateRequest,
        store::Db,
    },
};

/// An empty database in a folder of its own.
pub async fn database() -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    (dir, db)
}

/// The database in this folder, opened once more.
pub async fn open(dir: &tempfile::TempDir) -> Db {
    Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap()
}

/// Asks for a clip; another `number` is another clip.
pub async fn ask(db: &Db, number: u8, requester: Requester) -> JobId {
    ask_of(db, "animatic", number, requester).await
}

/// The same of this provider.
pub async fn ask_of(db: &Db, provider: &str, number: u8, requester: Requester) -> JobId {
    let request = GenerateRequest {
        provider: provider.into(),
        model: "any".into(),
        prompt: number.to_string(),
        seconds: 1.0,
        size: (64, 64),
        seed: None,
        take: 1,
        first_frame: None,
        last_frame: None,
        params: serde_json::Value::Null,
    };
    let input = GenerateInput { request, name: format!("Clip {number}") };
    let work = Work { operation: &Generate, input: serde_json::to_value(input).unwrap() };
    let mut tx = db.begin().await.unwrap();
    let job = enqueue::enqueue(&mut tx, &work, Sha256::new([number; 32]), requester).await.unwrap();
    tx.commit().await.unwrap();
    job.id
}
