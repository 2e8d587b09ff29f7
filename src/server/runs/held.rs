//! Paid requests that a database behind its videos folder found unsent: another copy of it may have paid for them. They wait, and say so, until
//! `reelgraph check` was run.

use super::outcome::{change_nodes, not_found};
use crate::{
    domain::{
        event::EventPayload,
        job::{HELD, Job},
        spend::SpendState,
    },
    server::{
        Result,
        store::{Db, Tx, events, held, jobs, mark, spends},
    },
};

/// Holds every request that is there and has not left, and all that the executions under way may come to. To be called before anything works.
/// Gives the number of those in the queue.
///
/// # Errors
/// The database's.
pub async fn hold(db: &Db) -> Result<usize> {
    let mut tx = db.begin().await?;
    held::hold(&mut tx).await?;
    let number = tell(&mut tx, HELD).await?;
    tx.commit().await?;
    Ok(number)
}

/// Lets go what is held, if anything is: the database is not behind.
///
/// # Errors
/// The database's.
pub async fn release(db: &Db) -> Result<()> {
    let mut reader = db.reader().acquire().await?;
    if !held::holds_any(&mut reader).await? {
        return Ok(());
    }
    drop(reader);
    let mut tx = db.begin().await?;
    release_all(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes that a check ran to its end on a database that was behind its store, whose counter is `counter`: from now on it is not, and what was
/// held may leave. A server that runs finds both in the database.
///
/// # Errors
/// The database's.
pub async fn catch_up(db: &Db, counter: u32) -> Result<()> {
    let mut tx = db.begin().await?;
    mark::catch_up(&mut tx, counter).await?;
    release_all(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// What a job says that waits: that it is held, where it is.
pub(super) async fn words(tx: &mut Tx, job: &Job, otherwise: &str) -> Result<String> {
    let is_unsent = spends::get(tx, job.id).await?.is_some_and(|entry| entry.state == SpendState::Intended);
    let is_held = is_unsent && held::holds(tx, job.id, job.execution_id).await?;
    Ok(if is_held { HELD } else { otherwise }.to_owned())
}

async fn release_all(tx: &mut Tx) -> Result<()> {
    tell(tx, "").await?;
    held::release(tx).await
}

/// Lets the held jobs in the queue, and the nodes that wait for them, say this; gives their number. A node whose job is paused says that.
async fn tell(tx: &mut Tx, words: &str) -> Result<usize> {
    let ids = held::queued(tx).await?;
    for id in &ids {
        let found = jobs::get(tx, *id).await?.ok_or_else(not_found)?.job;
        let job = Job { message: words.to_owned(), ..found };
        jobs::update(tx, &job).await?;
        events::record(tx, &EventPayload::Job(job.clone())).await?;
        if !job.paused {
            change_nodes(tx, *id, |_, node| words.clone_into(&mut node.message)).await?;
        }
    }
    Ok(ids.len())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ErrorKind, Timestamp,
            job::{Failure, Status},
        },
        server::{
            events::Events,
            operations::enqueue::Requester,
            runs::{
                jobs::{check_again, job},
                leases::{finish, give_back_all, next_due, take_next},
                outcome::Outcome,
                sample_jobs::{ask_of, database},
            },
        },
    };

    const LANE: &str = "openai";

    #[tokio::test]
    async fn what_a_dead_worker_or_an_error_had_not_sent_yet_is_held_too() {
        let (_dir, db) = database().await;
        let events = Events::default();
        let taken = async || take_next(&db, &events, LANE, "worker", None).await.unwrap().map(|(queued, lease)| (queued.job.id, lease));
        let (dead, lost) = (ask_of(&db, LANE, 1, Requester::Caller).await, ask_of(&db, LANE, 2, Requester::Caller).await);
        let (first, lease) = taken().await.unwrap();
        // The database was busy, say, when the request was about to leave.
        let failure = Failure { kind: ErrorKind::UnknownOutcome, message: "It could not be written down.".into() };
        assert!(finish(&db, &events, &lease, Outcome::Unknown(failure)).await.unwrap());
        let (second, _) = taken().await.unwrap();
        assert_eq!([first, second], [dead, lost]);

        assert_eq!(hold(&db).await.unwrap(), 0, "none is in the queue");
        give_back_all(&db, &events).await.unwrap();
        check_again(&db, &events, first).await.unwrap();
        let new = ask_of(&db, LANE, 3, Requester::Caller).await;
        for id in [first, second] {
            let job = job(&db, id).await.unwrap();
            assert_eq!((job.status, job.message.as_str()), (Status::Queued, HELD));
        }
        assert_eq!(job(&db, new).await.unwrap().message, "");
        assert_eq!(taken().await.unwrap().0, new);
        assert!(taken().await.is_none() && next_due(&db, LANE).await.unwrap().is_none());

        release(&db).await.unwrap();
        assert_eq!(job(&db, second).await.unwrap().message, "");
        assert!(taken().await.is_some() && taken().await.is_some());
    }

    #[tokio::test]
    async fn what_was_put_off_and_is_held_is_not_looked_for_again_and_again() {
        let (_dir, db) = database().await;
        let id = ask_of(&db, LANE, 1, Requester::Caller).await;
        let mut tx = db.begin().await.unwrap();
        jobs::set_run_after(&mut tx, id, Some(Timestamp::now().plus_seconds(-5.0))).await.unwrap();
        tx.commit().await.unwrap();
        assert!(next_due(&db, LANE).await.unwrap().is_some());
        assert_eq!(hold(&db).await.unwrap(), 1);
        assert_eq!(next_due(&db, LANE).await.unwrap(), None);
    }
}
