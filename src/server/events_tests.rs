//! What a follower is told, in which order, whenever it comes.

use super::*;
use crate::domain::{
    JobId,
    event::EventPayload,
    job::{JobKind, Status},
};

async fn database() -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
    (dir, db)
}

fn job() -> Job {
    Job {
        id: JobId::generate(),
        kind: JobKind::from_name("generate"),
        status: Status::Queued,
        progress: 0.0,
        message: String::new(),
        execution_id: None,
        node_id: None,
        video_id: None,
        image_id: None,
        asset: None,
        error: None,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        priority: 0,
        paused: false,
    }
}

fn text(message: &Message) -> &str {
    str::from_utf8(&message.frame).unwrap()
}

async fn record(db: &Db, number: usize) {
    let mut tx = db.begin().await.unwrap();
    for _ in 0..number {
        events::record(&mut tx, &EventPayload::Job(job())).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn replay_and_live_events_meet_without_gap_or_duplicate() {
    let (_dir, db) = database().await;
    let events = Events::default();
    record(&db, 450).await;
    let mut follower = events.follow(&db, Some(3), CancellationToken::new()).await.unwrap();
    let mut ids = Vec::new();
    for expected in 4..=900 {
        if expected == 100 {
            record(&db, 450).await;
            events.notify();
        }
        ids.push(follower.next().await.unwrap().unwrap().id.unwrap());
    }
    assert_eq!(ids, (4..=900).collect::<Vec<i64>>());
}

#[tokio::test]
async fn followers_who_come_at_any_time_miss_nothing() {
    let (_dir, db) = database().await;
    let events = Events::default();
    record(&db, 10).await;
    let follow = async |after| events.follow(&db, Some(after), CancellationToken::new()).await.unwrap();
    let ids = async |follower: &mut Follower, number: usize| {
        let mut ids = Vec::new();
        while ids.len() < number {
            ids.push(follower.next().await.unwrap().unwrap().id.unwrap());
        }
        ids
    };
    let mut first = follow(8).await;
    assert_eq!(ids(&mut first, 2).await, [9, 10]);
    // More than is held for all, while nobody asks.
    record(&db, 2500).await;
    events.notify();
    let (mut late, mut early) = (follow(2500).await, follow(0).await);
    assert_eq!(ids(&mut late, 10).await, (2501..=2510).collect::<Vec<i64>>());
    assert_eq!(ids(&mut early, 2510).await, (1..=2510).collect::<Vec<i64>>());
    assert_eq!(ids(&mut first, 2500).await, (11..=2510).collect::<Vec<i64>>());
    record(&db, 1).await;
    events.notify();
    for follower in [&mut late, &mut early, &mut first] {
        assert_eq!(ids(follower, 1).await, [2511]);
    }
    assert!(events.0.tail.read().unwrap().recent.len() <= RECENT);
}

#[tokio::test]
async fn whoever_asks_for_what_is_not_kept_is_told_to_start_anew() {
    let (_dir, db) = database().await;
    let events = Events::default();
    record(&db, 5).await;
    let mut tx = db.begin().await.unwrap();
    assert_eq!(events::prune(&mut tx, Timestamp::now().plus_seconds(1.0)).await.unwrap(), 4);
    tx.commit().await.unwrap();
    for (after, told) in
        [(3, "id: 5\nevent: reset\ndata: {}\n\n"), (6, "id: 5\nevent: reset\ndata: {}\n\n"), (4, "id: 5\nevent: job\ndata: {\"")]
    {
        let mut follower = events.follow(&db, Some(after), CancellationToken::new()).await.unwrap();
        assert!(text(&follower.next().await.unwrap().unwrap()).starts_with(told), "after {after}");
    }
    let mut follower = events.follow(&db, None, CancellationToken::new()).await.unwrap();
    assert_eq!(text(&follower.next().await.unwrap().unwrap()), "id: 5\n\n");
}

#[tokio::test]
async fn progress_from_before_a_seen_change_is_dropped() {
    let (_dir, db) = database().await;
    let events = Events::default();
    record(&db, 2).await;
    let mut follower = events.follow(&db, Some(1), CancellationToken::new()).await.unwrap();
    assert_eq!(follower.next().await.unwrap().unwrap().id, Some(2));
    events.tell_progress(1, &job(), &[]).unwrap();
    events.tell_progress(2, &Job { progress: 0.5, ..job() }, &[]).unwrap();
    let message = follower.next().await.unwrap().unwrap();
    assert_eq!(message.id, None);
    assert!(text(&message).contains("0.5"));
}

#[tokio::test]
async fn a_follower_ends_when_the_server_stops() {
    let (_dir, db) = database().await;
    let stop = CancellationToken::new();
    let mut follower = Events::default().follow(&db, Some(0), stop.clone()).await.unwrap();
    stop.cancel();
    assert_eq!(follower.next().await.unwrap(), None);
}
