//! The jobs that a page shows, kept in step with the server: a percentage moves its row, anything else is read anew.

use std::{collections::HashMap, time::Duration};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::jobs::list_jobs,
    domain::{
        JobId,
        event::EventPayload,
        job::{Job, JobBoard, JobRow, PosterJobs, Status},
        page::Cursor,
    },
    ui::{
        browser::events::{self, Follower, Following, Question, RawEvent, Received},
        components::{Reconnect, Toasts},
    },
};

/// Changes that come together are read together.
const TOGETHER: Duration = Duration::from_millis(250);

/// Where a job stands on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A worker has it.
    Running,
    /// A paid request whose outcome is not known.
    Unknown,
    /// Waits for its turn.
    Waiting,
    /// Waits until it is resumed.
    Paused,
    /// Nothing more will happen.
    Ended,
}

impl Group {
    /// In the order of the page.
    pub const ALL: [Self; 5] = [Self::Running, Self::Unknown, Self::Waiting, Self::Paused, Self::Ended];

    /// The heading.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Unknown => "Needs you",
            Self::Waiting => "Waiting",
            Self::Paused => "Paused",
            Self::Ended => "Ended",
        }
    }

    fn of(job: &Job) -> Self {
        match job.status {
            Status::Running => Self::Running,
            Status::Unknown => Self::Unknown,
            Status::Queued if job.paused => Self::Paused,
            Status::Queued => Self::Waiting,
            Status::Succeeded | Status::Failed | Status::Cancelled => Self::Ended,
        }
    }
}

/// One job of the page.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The job.
    pub id: JobId,
    /// Where it stands.
    pub group: Group,
    /// What its row shows; changes without the list being drawn anew.
    pub row: ArcRwSignal<JobRow>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.group) == (other.id, other.group)
    }
}

/// The jobs of the page. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    /// The rows, each group in its order.
    pub entries: RwSignal<Vec<Entry>>,
    /// How many more have not ended than are listed.
    pub unlisted: RwSignal<i64>,
    /// Where older jobs begin.
    pub next: RwSignal<Option<Cursor>>,
    /// The posters.
    pub posters: RwSignal<PosterJobs>,
    asked: Option<Status>,
    /// The event up to which the page is in step; not reactive.
    event_id: StoredValue<i64>,
    /// Whether it will be read anew in a moment; not reactive.
    is_due: StoredValue<bool>,
    toasts: Toasts,
    reconnect: Reconnect,
}

impl Board {
    /// The jobs as the server gave them, of those in status `asked` or of all.
    pub fn new(asked: Option<Status>, board: JobBoard, toasts: Toasts) -> Self {
        let entries = board.live.into_iter().chain(board.ended.items).map(entry).collect();
        Self {
            entries: RwSignal::new(entries),
            unlisted: RwSignal::new(board.unlisted),
            next: RwSignal::new(board.ended.next),
            posters: RwSignal::new(board.posters),
            asked,
            event_id: StoredValue::new(board.event_id),
            is_due: StoredValue::new(false),
            toasts,
            reconnect: expect_context(),
        }
    }

    /// Follows what happens to jobs, for as long as the page is open. Call from an effect.
    #[must_use]
    pub fn follow(self) -> Following {
        events::follow(Some(self.event_id.get_value()), self)
    }

    /// A percentage goes into its row; a change of state may move rows, and another list's job may come to this one.
    fn update(self, job: Job) {
        let found =
            self.entries.try_with_untracked(|entries| entries.iter().find(|entry| entry.id == job.id).map(|entry| entry.row.clone()));
        let is_same = |known: &Job| (known.status, known.priority, known.paused) == (job.status, job.priority, job.paused);
        match found.flatten() {
            Some(row) if row.with_untracked(|row| is_same(&row.job)) => row.update(|row| row.job = job),
            _ => self.read_soon(),
        }
    }

    fn read_soon(self) {
        if self.is_due.try_update_value(|is_due| std::mem::replace(is_due, true)) == Some(false) {
            let read = move || {
                let _ = self.is_due.try_set_value(false);
                spawn_local(async move { self.read().await });
            };
            set_timeout(read, TOGETHER);
        }
    }

    /// Reads the jobs anew.
    pub async fn read(self) {
        self.was_told().await;
    }

    /// Reads the jobs anew. False where the server refuses to say.
    async fn was_told(self) -> bool {
        match self.reconnect.until_answered(|| list_jobs(self.asked, None)).await {
            Ok(board) => {
                self.show(board);
                true
            }
            Err(error) => {
                self.toasts.fail(format!("How the jobs stand could not be read. {}", error.message));
                false
            }
        }
    }

    /// Brings the next older jobs.
    pub fn more(self) {
        let Some(cursor) = self.next.get_untracked() else { return };
        spawn_local(async move {
            match list_jobs(self.asked, Some(cursor.to_string())).await {
                Ok(board) => {
                    let _ = self.entries.try_update(|entries| {
                        let known: Vec<_> = entries.iter().map(|entry| entry.id).collect();
                        entries.extend(board.ended.items.into_iter().filter(|row| !known.contains(&row.job.id)).map(entry));
                    });
                    let _ = self.next.try_set(board.ended.next);
                }
                Err(error) => self.toasts.fail(error.message),
            }
        });
    }

    /// Puts what was read in place of what is shown. Rows that stay keep their place in the document, and older jobs stay below.
    fn show(self, board: JobBoard) {
        // An answer that another one has overtaken.
        if self.event_id.try_get_value().is_none_or(|shown| board.event_id < shown) {
            return;
        }
        let _ = self.event_id.try_set_value(board.event_id);
        let oldest = board.ended.items.last().map(|row| (row.job.created_at, row.job.id));
        let has_older = board.ended.next.is_some();
        let mut keeps_older = false;
        let _ = self.entries.try_update(|entries| {
            let mut known: HashMap<JobId, Entry> = entries.iter().map(|entry| (entry.id, entry.clone())).collect();
            let before: Vec<JobId> = entries.iter().map(|entry| entry.id).collect();
            *entries = board.live.into_iter().chain(board.ended.items).map(|row| renewed(known.remove(&row.job.id), row)).collect();
            let older = before.iter().filter_map(|id| known.remove(id)).filter(|entry| {
                let place = entry.row.with_untracked(|row| (row.job.created_at, row.job.id));
                has_older && entry.group == Group::Ended && oldest.is_some_and(|oldest| place < oldest)
            });
            let length = entries.len();
            entries.extend(older);
            keeps_older = entries.len() > length;
        });
        if !keeps_older {
            let _ = self.next.try_set(board.ended.next);
        }
        let _ = self.unlisted.try_set(board.unlisted);
        let _ = self.posters.try_set(board.posters);
    }
}

impl Follower for Board {
    fn hear(&self, event: RawEvent) {
        match event.read() {
            Some(Received::Reset) => self.read_soon(),
            Some(Received::Event(payload)) => {
                if let EventPayload::Job(job) = *payload {
                    self.update(job);
                }
            }
            None => {}
        }
    }

    fn is_busy(&self) -> bool {
        let is_moving = |entry: &Entry| matches!(entry.group, Group::Running | Group::Waiting);
        let posters = self.posters.try_get_untracked().map_or(0, |posters| posters.under_way);
        posters > 0 || self.entries.try_with_untracked(|entries| entries.iter().any(is_moving)) == Some(true)
    }

    fn ask(&self, question: Question) {
        let board = *self;
        spawn_local(async move {
            if !board.was_told().await {
                question.refused();
            }
        });
    }
}

fn entry(row: JobRow) -> Entry {
    Entry { id: row.job.id, group: Group::of(&row.job), row: ArcRwSignal::new(row) }
}

/// The same entry with what was read, which may know less of a percentage than was heard.
fn renewed(known: Option<Entry>, mut row: JobRow) -> Entry {
    let Some(known) = known else { return entry(row) };
    known.row.update(|shown| {
        let same_work =
            shown.job.status == Status::Running && row.job.status == Status::Running && shown.job.started_at == row.job.started_at;
        if same_work && shown.job.progress > row.job.progress {
            row.job.progress = shown.job.progress;
            row.job.message = std::mem::take(&mut shown.job.message);
        }
        *shown = row;
    });
    let group = known.row.with_untracked(|row| Group::of(&row.job));
    Entry { group, ..known }
}
