//! The order of the queue in the user's hands: priorities, pause and resume, to the front, one place up or down.
//!
//! The highest priority runs first; among equals executions take turns, which is how the table is read
//! ([`jobs::next`]) and how [`in_order`] foretells it. A place that the user gives a job is kept in priorities, so it outlives a restart.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::outcome::{change_nodes, not_found};
use crate::{
    domain::{
        ApiError, ErrorKind, ExecutionId, JobId, Timestamp,
        event::EventPayload,
        job::{Job, JobChange, PRIORITIES, Status, Step},
    },
    server::{
        Result,
        events::Events,
        store::{
            Db, Tx, events, jobs,
            queue::{self, Place},
            spends,
        },
    },
};

/// What a node says whose job is paused.
const PAUSED: &str = "Paused in the queue";
/// How long an ended poster job is kept, in seconds.
const POSTERS_KEPT_SECONDS: f64 = 24.0 * 3600.0;

/// Changes the priority of a job, pauses or resumes it. A finished job stays as it is. The priority of one that runs counts once it waits again.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for a priority out of bounds or no change at all; [`ErrorKind::Conflict`] for a job
/// that is to be paused and does not wait: giving back what runs could repeat a paid request.
pub async fn change(db: &Db, events: &Events, id: JobId, change: JobChange) -> Result<Job> {
    check(change)?;
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?.job;
    if found.status.is_finished() {
        return Ok(found);
    }
    if change.paused == Some(true) && found.status != Status::Queued {
        return Err(cannot_wait(found.status, "paused").into());
    }
    let is_sent = spends::get(&mut tx, id).await?.is_some_and(|entry| entry.state.may_cost());
    if change.paused == Some(true) && is_sent {
        let message = "The request has left, and what it gave has to be fetched before it expires: this cannot wait. Cancel it instead.";
        return Err(ApiError::new(ErrorKind::Conflict, message).into());
    }
    let priority = change.priority.unwrap_or(found.priority);
    let paused = change.paused.unwrap_or(found.paused);
    let job = arrange(&mut tx, found, priority, paused).await?;
    tx.commit().await?;
    events.notify();
    Ok(job)
}

/// Puts a waiting job before every other that waits. A finished job stays as it is.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for a job that does not wait.
pub async fn to_front(db: &Db, events: &Events, id: JobId) -> Result<Job> {
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?.job;
    if found.status.is_finished() {
        return Ok(found);
    }
    if found.status != Status::Queued {
        return Err(cannot_wait(found.status, "moved").into());
    }
    let mut others = queue::places(&mut tx).await?;
    others.retain(|place| place.status == Status::Queued && place.id != id);
    let Some(highest) = others.iter().map(|place| place.priority).max() else { return Ok(found) };
    if found.priority > highest {
        return Ok(found);
    }
    if highest == *PRIORITIES.end() {
        for (id, priority) in make_room(&others) {
            set_priority(&mut tx, id, priority).await?;
        }
    }
    let paused = found.paused;
    let job = arrange(&mut tx, found, (highest + 1).min(*PRIORITIES.end()), paused).await?;
    tx.commit().await?;
    events.notify();
    Ok(job)
}

/// Swaps a waiting job with the one before or after it. What is first cannot go earlier, what is last not later: it stays.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for a job that is paused or does not wait.
pub async fn step(db: &Db, events: &Events, id: JobId, step: Step) -> Result<Job> {
    let mut tx = db.begin().await?;
    let found = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?.job;
    if found.status.is_finished() {
        return Ok(found);
    }
    let order = in_order(queue::places(&mut tx).await?);
    let Some(at) = order.iter().position(|place| place.id == id) else {
        return Err(match found.paused {
            true => ApiError::new(ErrorKind::Conflict, "This job is paused. Resume it, then move it.").into(),
            false => cannot_wait(found.status, "moved").into(),
        });
    };
    for (id, priority) in swapped(&order, at, step) {
        set_priority(&mut tx, id, priority).await?;
    }
    let job = jobs::get(&mut tx, id).await?.ok_or_else(not_found)?.job;
    tx.commit().await?;
    events.notify();
    Ok(job)
}

/// Forgets poster jobs that ended more than a day before `now`; the posters stay.
///
/// # Errors
/// The database's.
pub async fn prune_posters(db: &Db, now: Timestamp) -> Result<u64> {
    let moment = now.plus_seconds(-POSTERS_KEPT_SECONDS);
    let mut reader = db.reader().acquire().await?;
    if !queue::has_old_posters(&mut reader, moment).await? {
        return Ok(0);
    }
    drop(reader);
    let mut tx = db.begin().await?;
    let pruned = queue::prune_posters(&mut tx, moment).await?;
    tx.commit().await?;
    Ok(pruned)
}

fn check(change: JobChange) -> Result<(), ApiError> {
    if change == JobChange::default() {
        return Err(ApiError::invalid("", "Give a priority, or paused, or both."));
    }
    match change.priority {
        Some(priority) if !PRIORITIES.contains(&priority) => {
            let detail = format!("A priority is a whole number from {} to {}.", PRIORITIES.start(), PRIORITIES.end());
            Err(ApiError::invalid("/priority", detail))
        }
        _ => Ok(()),
    }
}

fn cannot_wait(status: Status, what: &str) -> ApiError {
    let message = match status {
        Status::Unknown => format!("This job waits for your answer, not for its turn; it cannot be {what}."),
        _ => format!("This job runs already; only what waits can be {what}. Let it finish, or cancel it."),
    };
    ApiError::new(ErrorKind::Conflict, message)
}

async fn set_priority(tx: &mut Tx, id: JobId, priority: i32) -> Result<()> {
    let found = jobs::get(tx, id).await?.ok_or_else(not_found)?.job;
    let paused = found.paused;
    arrange(tx, found, priority, paused).await.map(drop)
}

/// Stores a job's place with its event; the nodes that wait for it say that it is paused.
async fn arrange(tx: &mut Tx, found: Job, priority: i32, paused: bool) -> Result<Job> {
    let was_paused = found.paused;
    if (priority, paused) == (found.priority, was_paused) {
        return Ok(found);
    }
    let job = Job { priority, paused, ..found };
    queue::arrange(tx, &job).await?;
    events::record(tx, &EventPayload::Job(job.clone())).await?;
    if paused != was_paused {
        let message = if paused { PAUSED } else { &job.message };
        change_nodes(tx, job.id, |_, node| message.clone_into(&mut node.message)).await?;
    }
    Ok(job)
}

/// What waits and is not paused, in the order in which it would run if all jobs took equally long and none came.
#[must_use]
pub fn in_order(places: Vec<Place>) -> Vec<Place> {
    let waiting = places.into_iter().filter(|place| place.status == Status::Queued && !place.paused);
    let mut levels: BTreeMap<i32, HashMap<Option<ExecutionId>, VecDeque<Place>>> = BTreeMap::new();
    // A turn that was foretold comes after every turn that was.
    let mut turns: HashMap<Option<ExecutionId>, (usize, Option<Timestamp>)> = HashMap::new();
    let mut number = 0;
    for place in waiting {
        turns.entry(place.execution_id).or_insert((0, place.last_turn));
        levels.entry(place.priority).or_default().entry(place.execution_id).or_default().push_back(place);
        number += 1;
    }
    let mut order = Vec::with_capacity(number);
    for (_, mut executions) in levels.into_iter().rev() {
        while let Some(place) = take_turn(&mut executions, &turns) {
            turns.insert(place.execution_id, (order.len() + 1, None));
            order.push(place);
        }
    }
    order
}

/// The oldest job of the execution whose turn is longest ago.
fn take_turn(
    executions: &mut HashMap<Option<ExecutionId>, VecDeque<Place>>,
    turns: &HashMap<Option<ExecutionId>, (usize, Option<Timestamp>)>,
) -> Option<Place> {
    let first = executions.values().filter_map(VecDeque::front).min_by_key(|place| {
        let turn = turns.get(&place.execution_id).copied().unwrap_or_default();
        (turn, place.created_at, place.id)
    })?;
    let whose = first.execution_id;
    executions.get_mut(&whose)?.pop_front()
}

/// The new priorities once the job at `at` has changed places with its neighbour. What comes after the two keeps its own; what comes before
/// them stands in strict order from now on, for executions that take turns would pass one another.
fn swapped(order: &[Place], at: usize, step: Step) -> Vec<(JobId, i32)> {
    let upper = match step {
        Step::Earlier => at.checked_sub(1),
        Step::Later => Some(at).filter(|at| at + 1 < order.len()),
    };
    let Some(upper) = upper else { return Vec::new() };
    let mut wanted: Vec<(JobId, i32)> = order.iter().map(|place| (place.id, place.priority)).collect();
    wanted.swap(upper, upper + 1);
    let mut below = wanted[upper + 1].1;
    for (_, priority) in wanted[..=upper].iter_mut().rev() {
        *priority = (*priority).max(below + 1);
        below = *priority;
    }
    let excess = (below - PRIORITIES.end()).max(0);
    let now: HashMap<_, _> = order.iter().map(|place| (place.id, place.priority)).collect();
    let lowered = wanted.into_iter().map(|(id, priority)| (id, (priority - excess).max(*PRIORITIES.start())));
    lowered.filter(|(id, priority)| now.get(id) != Some(priority)).collect()
}

/// New priorities that leave the highest free and keep the order: those above the highest gap go down by one. Without a gap the two lowest
/// levels become one.
fn make_room(places: &[Place]) -> Vec<(JobId, i32)> {
    let taken = |level: i32| places.iter().any(|place| place.priority == level);
    let gap = PRIORITIES.rev().find(|level| !taken(*level)).unwrap_or(*PRIORITIES.start());
    places.iter().filter(|place| place.priority > gap).map(|place| (place.id, place.priority - 1)).collect()
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
