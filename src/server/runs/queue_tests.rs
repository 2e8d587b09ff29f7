//! Tests of the queue's order: what the user sets is what workers take, and it is kept.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use super::*;
use crate::{
    domain::{NodeId, job::JobKind},
    server::{
        operations::enqueue::{self, Requester},
        runs::{
            board::board,
            jobs::cancel,
            leases,
            sample_jobs::{ask, database, open},
        },
    },
};

async fn ask_several(db: &Db, number: u8) -> Vec<JobId> {
    let mut ids = Vec::new();
    for number in 0..number {
        ids.push(ask(db, number, Requester::Caller).await);
    }
    ids
}

async fn take(db: &Db) -> Option<Job> {
    leases::take_next(db, &Events::default(), "local", "worker", None).await.unwrap().map(|(taken, _)| taken.job)
}

/// What workers take until nothing is left to take.
async fn taken(db: &Db) -> Vec<JobId> {
    let mut ids = Vec::new();
    while let Some(job) = take(db).await {
        ids.push(job.id);
    }
    ids
}

fn priority(priority: i32) -> JobChange {
    JobChange { priority: Some(priority), paused: None }
}

fn paused(paused: bool) -> JobChange {
    JobChange { priority: None, paused: Some(paused) }
}

#[tokio::test]
async fn the_highest_priority_runs_first_and_equals_in_the_order_they_were_asked_for() {
    let (_dir, db) = database().await;
    let events = Events::default();
    let ids = ask_several(&db, 4).await;
    change(&db, &events, ids[2], priority(5)).await.unwrap();
    change(&db, &events, ids[0], priority(-5)).await.unwrap();
    assert_eq!(taken(&db).await, [ids[2], ids[1], ids[3], ids[0]]);
}

#[tokio::test]
async fn a_paused_job_is_not_taken_until_it_is_resumed_also_after_the_database_was_opened_anew() {
    let (dir, db) = database().await;
    let events = Events::default();
    let ids = ask_several(&db, 3).await;
    assert!(change(&db, &events, ids[0], paused(true)).await.unwrap().paused);
    to_front(&db, &events, ids[2]).await.unwrap();
    db.close().await;
    let db = open(&dir).await;
    assert_eq!(taken(&db).await, [ids[2], ids[1]]);
    let mut changes = events.changes();
    change(&db, &events, ids[0], paused(false)).await.unwrap();
    assert!(changes.has_changed().unwrap(), "workers are woken");
    changes.mark_unchanged();
    assert_eq!(taken(&db).await, [ids[0]]);
}

#[tokio::test]
async fn what_runs_is_not_paused_and_what_has_ended_does_not_change() {
    let (_dir, db) = database().await;
    let events = Events::default();
    let ids = ask_several(&db, 2).await;
    take(&db).await;
    let refused = change(&db, &events, ids[0], paused(true)).await.unwrap_err();
    assert_eq!(ApiError::from(refused).kind, ErrorKind::Conflict);
    assert_eq!(change(&db, &events, ids[0], priority(7)).await.unwrap().priority, 7);
    change(&db, &events, ids[1], paused(true)).await.unwrap();
    let ended = cancel(&db, &events, ids[1]).await.unwrap();
    assert!(!ended.paused);
    assert_eq!(change(&db, &events, ids[1], priority(7)).await.unwrap(), ended);
    for wrong in [priority(1001), priority(-1001), JobChange::default()] {
        let refused = change(&db, &events, ids[1], wrong).await.unwrap_err();
        assert_eq!(ApiError::from(refused).kind, ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn the_front_can_be_had_again_and_again() {
    let (_dir, db) = database().await;
    let events = Events::default();
    let ids = ask_several(&db, 3).await;
    change(&db, &events, ids[0], priority(999)).await.unwrap();
    for turn in 0..9 {
        let front = to_front(&db, &events, ids[turn % 3]).await.unwrap();
        assert!(PRIORITIES.contains(&front.priority));
        assert_eq!(to_front(&db, &events, ids[turn % 3]).await.unwrap(), front, "it is there already");
    }
    assert_eq!(taken(&db).await, [ids[2], ids[1], ids[0]]);
}

#[tokio::test]
async fn a_step_swaps_two_neighbours_and_leaves_the_others() {
    let (_dir, db) = database().await;
    let events = Events::default();
    let ids = ask_several(&db, 5).await;
    step(&db, &events, ids[3], Step::Earlier).await.unwrap();
    step(&db, &events, ids[0], Step::Later).await.unwrap();
    step(&db, &events, ids[1], Step::Earlier).await.unwrap();
    step(&db, &events, ids[4], Step::Later).await.unwrap();
    let shown: Vec<_> = board(&db, None, None).await.unwrap().live.into_iter().map(|row| row.job.id).collect();
    assert_eq!(shown, [ids[1], ids[0], ids[3], ids[2], ids[4]]);
    assert_eq!(taken(&db).await, shown);
}

#[tokio::test]
async fn executions_take_turns_as_the_page_foretells_and_posters_take_nobodys() {
    let (_dir, db) = database().await;
    let node: NodeId = "n".parse().unwrap();
    let (large, small) = (ExecutionId::generate(), ExecutionId::generate());
    for number in 0..5 {
        ask(&db, number, Requester::Node(large, node.clone())).await;
    }
    take(&db).await;
    for number in 10..12 {
        ask(&db, number, Requester::Node(small, node.clone())).await;
    }
    let alone = [ask(&db, 20, Requester::Caller).await, ask(&db, 21, Requester::Caller).await];
    let mut tx = db.begin().await.unwrap();
    enqueue::enqueue_poster(&mut tx, crate::domain::VideoId::generate().into()).await.unwrap();
    tx.commit().await.unwrap();
    let shown = board(&db, Some(Status::Queued), None).await.unwrap();
    assert_eq!(shown.posters.under_way, 1);
    let mut order = Vec::new();
    let mut executions = Vec::new();
    while let Some(job) = take(&db).await {
        if job.kind == JobKind::POSTER {
            assert_eq!(order.len(), shown.live.len(), "a poster comes last");
        } else {
            executions.push(job.execution_id);
            order.push(job.id);
        }
    }
    assert_eq!(order, shown.live.iter().map(|row| row.job.id).collect::<Vec<_>>());
    assert_eq!(executions[..6], [Some(small), None, Some(large), Some(small), None, Some(large)]);
    assert!(alone.iter().all(|id| order.contains(id)));
}

#[tokio::test]
async fn a_poster_that_was_asked_for_too_lately_waits_and_other_jobs_do_not() {
    let (_dir, db) = database().await;
    let before = Timestamp::now().plus_seconds(-1.0);
    let mut tx = db.begin().await.unwrap();
    enqueue::enqueue_poster(&mut tx, crate::domain::VideoId::generate().into()).await.unwrap();
    tx.commit().await.unwrap();
    let asked = ask(&db, 1, Requester::Caller).await;
    let take_until = async |moment| leases::take_next(&db, &Events::default(), "local", "worker", Some(moment)).await.unwrap();
    assert_eq!(take_until(before).await.unwrap().0.job.id, asked);
    assert!(take_until(before).await.is_none());
    assert!(take_until(Timestamp::now().plus_seconds(1.0)).await.is_some());
}

#[tokio::test]
async fn old_poster_jobs_go_and_other_jobs_stay() {
    let (_dir, db) = database().await;
    let events = Events::default();
    let id = ask(&db, 1, Requester::Caller).await;
    cancel(&db, &events, id).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    enqueue::enqueue_poster(&mut tx, crate::domain::VideoId::generate().into()).await.unwrap();
    tx.commit().await.unwrap();
    let poster = take(&db).await.unwrap().id;
    let tomorrow = Timestamp::now().plus_seconds(POSTERS_KEPT_SECONDS + 60.0);
    assert_eq!(prune_posters(&db, tomorrow).await.unwrap(), 0, "it has not ended");
    cancel(&db, &events, poster).await.unwrap();
    assert_eq!(prune_posters(&db, Timestamp::now()).await.unwrap(), 0, "it is not old yet");
    assert_eq!(prune_posters(&db, tomorrow).await.unwrap(), 1);
    assert_eq!(board(&db, None, None).await.unwrap().ended.items.len(), 1);
}

/// Every step on queues of a few jobs, a few executions and a few levels puts the two where they belong, within the bounds.
#[test]
fn a_step_is_what_workers_then_do() {
    let now = Timestamp::now();
    let runs: Vec<_> = (0..3).map(|_| ExecutionId::generate()).collect();
    for seed in 0..300_usize {
        let places: Vec<_> = (0..7)
            .map(|number| {
                let mixed = (seed * 7919 + number * 104_729) / 13;
                Place {
                    id: JobId::generate(),
                    status: Status::Queued,
                    priority: [0, 0, 1, 1000, -1000, 999][mixed % 6],
                    paused: false,
                    execution_id: runs.get(mixed / 6 % 4).copied(),
                    last_turn: (mixed % 5 == 0).then_some(now),
                    created_at: now.plus_seconds(number as f64),
                }
            })
            .collect();
        // An execution has one last turn.
        let places: Vec<_> = places
            .iter()
            .map(|place| {
                let first = places.iter().find(|other| other.execution_id == place.execution_id);
                Place { last_turn: first.and_then(|first| first.last_turn), ..place.clone() }
            })
            .collect();
        let order = in_order(places.clone());
        for at in 0..order.len() - 1 {
            let mut expected: Vec<_> = order.iter().map(|place| place.id).collect();
            expected.swap(at, at + 1);
            let new: HashMap<_, _> = swapped(&order, at, Step::Later).into_iter().collect();
            assert_eq!(new, swapped(&order, at + 1, Step::Earlier).into_iter().collect(), "one step, told in two ways");
            assert!(new.values().all(|priority| PRIORITIES.contains(priority)));
            let moved =
                places.iter().map(|place| Place { priority: new.get(&place.id).copied().unwrap_or(place.priority), ..place.clone() });
            let found: Vec<_> = in_order(moved.collect()).into_iter().map(|place| place.id).collect();
            assert_eq!(found[..at + 2], expected[..at + 2], "seed {seed}, step {at}");
        }
    }
}
