//! What happens, told to pages: numbered state changes from the table, progress as it comes. Also what wakes workers.
//!
//! A change is written with its event in one transaction, then everybody is notified. The first follower that hears of it reads the table on for all
//! of them; each then takes what comes after its last number, so it misses nothing and gets nothing twice, whichever order commits and rings come in.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, Interval, interval_at},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{
    domain::{Timestamp, event::NodeEvent, job::Job},
    server::{
        Result,
        store::{
            Db,
            events::{self, Kept, StoredEvent},
        },
    },
};

/// How long state changes can be replayed.
const KEPT_SECONDS: f64 = 7.0 * 24.0 * 3600.0;
/// Rows read at a time.
const BATCH: i64 = 200;
/// Events that are held for those who follow; whoever is further behind reads the table by himself.
const RECENT: usize = 1_000;
/// A sign of life comes so often: it shows a page that its stream is alive, which a connection that died on the way does not tell, and proxies too.
const PING: Duration = Duration::from_secs(10);
/// Progress messages a slow follower may lag behind before it loses the oldest.
const PROGRESS_BACKLOG: usize = 256;

/// Where changes are announced. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events(Arc<Channels>);

#[derive(Debug)]
struct Channels {
    /// Rings when something was committed.
    changes: watch::Sender<()>,
    /// What there is to tell: one place to wait at for both, else a thousand who follow enter and leave two for each message.
    news: watch::Sender<News>,
    tail: RwLock<Tail>,
    progress: RwLock<VecDeque<Progress>>,
    /// The turn to read the table on.
    reading: Mutex<()>,
}

/// How much was told so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct News {
    /// How often something was committed.
    commits: u64,
    /// How many messages of progress there were.
    progress: u64,
}

/// The end of the table, as it was read for all who follow.
#[derive(Debug, Default)]
struct Tail {
    /// So many commits were made when it was read; `None` where there is more to read.
    version: Option<u64>,
    /// The newest event that was read.
    last: i64,
    /// The last ones, in their order, without a gap.
    recent: VecDeque<Message>,
}

/// How far something is: has no number and is not replayed.
#[derive(Debug, Clone)]
struct Progress {
    /// Counts these messages, from 1.
    number: u64,
    /// The newest event when this was read: whoever has seen a newer one knows better.
    as_of: i64,
    message: Message,
}

impl Default for Events {
    fn default() -> Self {
        let (changes, news) = (watch::Sender::default(), watch::Sender::default());
        Self(Arc::new(Channels { changes, news, tail: RwLock::default(), progress: RwLock::default(), reading: Mutex::default() }))
    }
}

impl Events {
    /// Says that something was committed: followers read on, idle workers look for work, busy ones look whether they are still wanted.
    pub fn notify(&self) {
        self.0.changes.send_replace(());
        self.0.news.send_modify(|news| news.commits += 1);
    }

    /// Sees each notification; one since the last look is not lost.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    /// Tells how far a job and its nodes are. `as_of` is the newest event's number when they were read.
    ///
    /// # Errors
    /// Where they cannot be written as JSON.
    pub fn tell_progress(&self, as_of: i64, job: &Job, nodes: &[NodeEvent]) -> Result<()> {
        let mut messages = vec![Message::new(None, Some(("job", &serde_json::to_string(job)?)))];
        for node in nodes {
            messages.push(Message::new(None, Some(("node", &serde_json::to_string(node)?))));
        }
        let mut progress = self.0.progress.write().unwrap_or_else(PoisonError::into_inner);
        let mut number = progress.back().map_or(0, |last| last.number);
        for message in messages {
            number += 1;
            progress.push_back(Progress { number, as_of, message });
        }
        let surplus = progress.len().saturating_sub(PROGRESS_BACKLOG);
        progress.drain(..surplus);
        drop(progress);
        self.0.news.send_modify(|news| news.progress = news.progress.max(number));
        Ok(())
    }

    /// Follows what happens after the event numbered `after`, or from now.
    ///
    /// # Errors
    /// The database's.
    pub async fn follow(&self, db: &Db, after: Option<i64>, stop: CancellationToken) -> Result<Follower> {
        let mut news = self.0.news.subscribe();
        let heard = *news.borrow_and_update();
        let Kept { first, last } = events::kept(&mut *db.reader().acquire().await?).await?;
        let stop = Box::pin(stop.cancelled_owned());
        let pings = interval_at(Instant::now() + PING, PING);
        let mut follower = Follower { events: self.clone(), db: db.clone(), news, heard, pings, stop, last, pending: VecDeque::new() };
        match after {
            // Older than kept, or from another database: whoever asks must read everything anew.
            Some(after) if after < first - 1 || after > last => follower.pending.push_back(Message::new(Some(last), Some(("reset", "{}")))),
            Some(after) => {
                follower.last = after;
                follower.hear_again();
            }
            // Where now is, so that it can come back there.
            None => follower.pending.push_back(Message::new(Some(last), None)),
        }
        Ok(follower)
    }

    /// What comes after the event `last` of what was committed when `version` was the number of commits, and whether there is more of it.
    async fn after(&self, db: &Db, last: i64, version: u64) -> Result<(Vec<Message>, bool)> {
        // A thousand who hear of one commit find it here, but for the first of them, and do not queue up.
        if self.is_behind(last, version) {
            let _turn = self.0.reading.lock().await;
            if self.is_behind(last, version) {
                self.read_on(db, last).await?;
            }
        }
        if let Some(known) = self.known(last) {
            return Ok(known);
        }
        let read = events::after(db, last, BATCH).await?;
        let is_more = read.len() == BATCH as usize;
        Ok((read.iter().map(Message::from).collect(), is_more))
    }

    /// Whether the table has to be read on for one who has seen `last` and heard of the commit numbered `version`.
    fn is_behind(&self, last: i64, version: u64) -> bool {
        let tail = self.0.tail.read().unwrap_or_else(PoisonError::into_inner);
        tail.last < last || tail.version.is_none_or(|read| read < version)
    }

    /// Reads the table on for all, from `last` where nobody has read so far. For who has the turn.
    async fn read_on(&self, db: &Db, last: i64) -> Result<()> {
        let known = self.0.tail.read().unwrap_or_else(PoisonError::into_inner).last;
        // The number before the table is read: what is committed meanwhile is told of again.
        let now = self.0.news.borrow().commits;
        let read = events::after(db, known.max(last), BATCH).await?;

        let mut tail = self.0.tail.write().unwrap_or_else(PoisonError::into_inner);
        if known < last {
            *tail = Tail { version: None, last, recent: VecDeque::new() };
        }
        tail.version = (read.len() < BATCH as usize).then_some(now);
        tail.last = read.last().map_or(tail.last, |event| event.id);
        tail.recent.extend(read.iter().map(Message::from));
        let surplus = tail.recent.len().saturating_sub(RECENT);
        tail.recent.drain(..surplus);
        Ok(())
    }

    /// What is held of what comes after the event `last`, and whether there is more of it; `None` where not all of it is.
    fn known(&self, last: i64) -> Option<(Vec<Message>, bool)> {
        let tail = self.0.tail.read().unwrap_or_else(PoisonError::into_inner);
        let before_first = tail.recent.front().and_then(|message| message.id).map_or(tail.last, |first| first - 1);
        let begin = tail.recent.partition_point(|message| message.id <= Some(last));
        (last >= before_first).then(|| (tail.recent.range(begin..).cloned().collect(), tail.version.is_none()))
    }
}

/// The number of the newest event. Read it before the thing it goes with: then no change of the thing is missed.
///
/// # Errors
/// The database's.
pub async fn newest(db: &Db) -> Result<i64> {
    Ok(events::kept(&mut *db.reader().acquire().await?).await?.last)
}

/// Forgets events that are older than are kept, `now`.
///
/// # Errors
/// The database's.
pub async fn prune(db: &Db, now: Timestamp) -> Result<u64> {
    let mut tx = db.begin().await?;
    let pruned = events::prune(&mut tx, now.plus_seconds(-KEPT_SECONDS)).await?;
    tx.commit().await?;
    Ok(pruned)
}

/// What goes to one page. Cheap to clone: what is sent is written once, whoever gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The number, of a state change.
    pub id: Option<i64>,
    /// As it is sent (HTML Living Standard, 9.2.5).
    pub frame: Bytes,
}

impl Message {
    /// A message with its name, `node`, `execution`, `job` or `reset`, and its data, JSON in one line. Where nothing is told, only the number is.
    fn new(id: Option<i64>, told: Option<(&str, &str)>) -> Self {
        let id_line = id.map_or_else(String::new, |id| format!("id: {id}\n"));
        let told = told.map_or_else(String::new, |(name, data)| format!("event: {name}\ndata: {data}\n"));
        Self { id, frame: format!("{id_line}{told}\n").into() }
    }

    /// With data: without, no browser hands it on.
    const fn ping() -> Self {
        Self { id: None, frame: Bytes::from_static(b"event: ping\ndata: {}\n\n") }
    }
}

impl From<&StoredEvent> for Message {
    fn from(event: &StoredEvent) -> Self {
        Self::new(Some(event.id), Some((&event.name, &event.data)))
    }
}

/// One page's view of what happens.
#[derive(Debug)]
pub struct Follower {
    events: Events,
    db: Db,
    news: watch::Receiver<News>,
    /// What of the news was taken.
    heard: News,
    pings: Interval,
    /// Made once: to begin waiting for it at every turn would cost more than what is told.
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    last: i64,
    pending: VecDeque<Message>,
}

impl Follower {
    /// The next message, or a ping when it is time for one; `None` once the server stops. Not to be dropped before it ends: what it was about to read would be missed.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        loop {
            if let Some(message) = self.pending.pop_front() {
                return Ok(Some(message));
            }
            tokio::select! {
                biased;
                // What nearly every wait ends with is looked at first: while something is told nobody waits for a ping, and before its end the
                // server has nothing left to tell.
                changed = self.news.changed() => match changed {
                    Ok(()) => self.hear().await?,
                    Err(_) => return Ok(None),
                },
                () = &mut self.stop => return Ok(None),
                _ = self.pings.tick() => return Ok(Some(Message::ping())),
            }
        }
    }

    /// Takes what is new: changes before progress, which may be of them.
    async fn hear(&mut self) -> Result<()> {
        let news = *self.news.borrow_and_update();
        let heard = std::mem::replace(&mut self.heard, news);
        if news.commits != heard.commits {
            let (messages, is_more) = self.events.after(&self.db, self.last, news.commits).await?;
            if is_more {
                self.hear_again();
            }
            if let Some(newest) = messages.last() {
                self.last = newest.id.unwrap_or(self.last);
            }
            self.pending.extend(messages);
        }
        if news.progress != heard.progress {
            let progress = self.events.0.progress.read().unwrap_or_else(PoisonError::into_inner);
            let begin = progress.partition_point(|told| told.number <= heard.progress);
            let end = progress.partition_point(|told| told.number <= news.progress);
            let told = progress.range(begin..end.max(begin)).filter(|told| told.as_of >= self.last);
            self.pending.extend(told.map(|told| told.message.clone()));
        }
        Ok(())
    }

    /// Reads the table at the next turn, whether or not there is a commit.
    fn hear_again(&mut self) {
        self.heard.commits = u64::MAX;
        self.news.mark_changed();
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
#[expect(clippy::unwrap_used)]
mod tests;
