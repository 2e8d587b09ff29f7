//! The page of jobs: what has not ended in the order in which it will run, what has, and the posters as two figures.

use super::queue::in_order;
use crate::{
    domain::{
        JobId,
        error::WorkflowRef,
        job::{JobBoard, JobRow, Status},
        page::{Page, PageRequest, Sort},
    },
    server::{
        Result, events, operations,
        store::{
            Db,
            jobs::{QueuedJob, lane},
            queue::{self, Place},
        },
    },
};

/// Rows of what has not ended at most.
const LISTED: usize = 200;

/// The page of jobs, or only those in `status`. From `cursor` on it is what has ended only.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor that no earlier page gave.
pub async fn board(db: &Db, status: Option<Status>, cursor: Option<&str>) -> Result<JobBoard> {
    // What has ended: the last asked for first.
    let page = PageRequest::from_cursor(cursor, Sort::NEWEST_FIRST)?;
    // Read first: then no change of what follows is missed.
    let event_id = events::newest(db).await?;
    let mut snapshot = db.reader().begin().await?;
    let mut ids = match page.cursor {
        None => live(queue::places(&mut snapshot).await?, status),
        Some(_) => Vec::new(),
    };
    let unlisted = ids.len().saturating_sub(LISTED) as i64;
    ids.truncate(LISTED);
    let live = queue::by_ids(&mut snapshot, &ids).await?.into_iter().map(row).collect();
    let ended = if status.is_none_or(Status::is_finished) {
        let Page { items, next, unreadable } = queue::ended(&mut snapshot, status, &page).await?;
        Page { items: items.into_iter().map(row).collect(), next, unreadable }
    } else {
        Page { items: Vec::new(), next: None, unreadable: 0 }
    };
    let posters = queue::posters(&mut snapshot).await?;
    Ok(JobBoard { event_id, live, unlisted, ended, posters })
}

/// What runs, what waits for the user, what waits in its order, what is paused.
fn live(places: Vec<Place>, status: Option<Status>) -> Vec<JobId> {
    let of = |wanted: fn(&Place) -> bool| places.iter().filter(move |place| wanted(place)).map(|place| (place.status, place.id));
    let running = of(|place| place.status == Status::Running);
    let unknown = of(|place| place.status == Status::Unknown);
    let paused = of(|place| place.status == Status::Queued && place.paused);
    let waiting = in_order(places.clone()).into_iter().map(|place| (place.status, place.id));
    let all = running.chain(unknown).chain(waiting).chain(paused);
    all.filter(|(found, _)| status.is_none_or(|status| status == *found)).map(|(_, id)| id).collect()
}

fn row((found, workflow): (QueuedJob, Option<WorkflowRef>)) -> JobRow {
    let operation = operations::find(found.job.kind.name());
    let title = operation.map_or_else(|| "Untitled".to_owned(), |operation| operation.title(&found.input));
    JobRow { title, workflow, is_paid: found.lane != lane::LOCAL, job: found.job }
}
