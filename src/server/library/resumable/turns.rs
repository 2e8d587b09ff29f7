//! One request at a time is at an upload, of all servers on one database. Whoever comes next is not kept waiting by one whose peer went away without a
//! word: that one is told to stop, keeps what it has, and ends.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{
    domain::{ApiError, ErrorKind, Timestamp},
    server::{
        Result,
        store::{Db, uploads},
    },
};

/// How long a turn counts that nobody renews: its server is gone then.
const COUNTS: Duration = Duration::from_secs(10);
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(3);
/// How often one who waits looks again.
const LOOK: Duration = Duration::from_millis(50);

/// The turns of this server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    /// This server, among those on one database.
    server: Uuid,
    /// Those who are at an upload here.
    here: Mutex<HashMap<Uuid, Holder>>,
}

#[derive(Debug)]
struct Holder {
    /// Tells it to stop.
    stop: CancellationToken,
    /// Until when its turn counts for other servers: also what tells it from the next turn here.
    until: Timestamp,
}

/// A turn. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    id: Uuid,
    _renewing: DropGuard,
}

impl Turns {
    /// The turns of a server on this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self(Arc::new(Inner { db, server: Uuid::new_v4(), here: Mutex::default() }))
    }

    /// Takes the turn at an upload, as soon as whoever has it has stopped. Who takes it is told by `stop` when another wants it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] where it is not to be had within `patience`; the database's.
    pub(super) async fn take(&self, id: Uuid, stop: CancellationToken, patience: Duration) -> Result<Turn> {
        let began = Instant::now();
        loop {
            if let Some(turn) = self.try_take(id, stop.clone()).await? {
                return Ok(turn);
            }
            if let Some(holder) = self.here().get(&id) {
                holder.stop.cancel();
            }
            if began.elapsed() >= patience {
                return Err(ApiError::new(ErrorKind::Unavailable, "Another request is at this upload. Ask again in a few seconds.").into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the turn if nobody has it.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn try_take(&self, id: Uuid, stop: CancellationToken) -> Result<Option<Turn>> {
        let until = counts_until();
        match self.here().entry(id) {
            Entry::Occupied(_) => return Ok(None),
            Entry::Vacant(place) => place.insert(Holder { stop: stop.clone(), until }),
        };
        let ended = CancellationToken::new();
        // Taken back where it is not to be had after all.
        let turn = Turn { turns: self.clone(), id, _renewing: ended.clone().drop_guard() };
        if !self.lock(id, until).await? {
            return Ok(None);
        }
        tokio::spawn(self.clone().renew(id, stop, ended));
        Ok(Some(turn))
    }

    /// Counts for other servers until then; `false` where one of them has the turn.
    async fn lock(&self, id: Uuid, until: Timestamp) -> Result<bool> {
        let mut tx = self.0.db.begin().await?;
        let is_locked = uploads::lock(&mut tx, &id.to_string(), &self.0.server.to_string(), Timestamp::now(), until).await?;
        tx.commit().await?;
        Ok(is_locked)
    }

    async fn unlock(&self, id: Uuid, until: Timestamp) -> Result<()> {
        let mut tx = self.0.db.begin().await?;
        uploads::unlock(&mut tx, &id.to_string(), &self.0.server.to_string(), until).await?;
        Ok(tx.commit().await?)
    }

    /// Renews a turn until it ends. One that another server took over ends.
    async fn renew(self, id: Uuid, stop: CancellationToken, ended: CancellationToken) {
        while ended.run_until_cancelled(tokio::time::sleep(RENEWED)).await.is_some() {
            let until = counts_until();
            match self.here().get_mut(&id) {
                Some(holder) if !ended.is_cancelled() => holder.until = until,
                _ => return,
            }
            match self.lock(id, until).await {
                Ok(true) => {}
                Ok(false) => stop.cancel(),
                Err(error) => tracing::warn!(%id, cause = %error, "a turn at an upload could not be renewed just now"),
            }
        }
    }

    fn here(&self) -> MutexGuard<'_, HashMap<Uuid, Holder>> {
        // Entries are only put and taken: a panic elsewhere leaves it whole.
        self.0.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counts_until() -> Timestamp {
    Timestamp::now().plus_seconds(COUNTS.as_secs_f64())
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (turns, id) = (self.turns.clone(), self.id);
        let Some(holder) = turns.here().remove(&id) else { return };
        // The next one here need not wait for this: its turn counts until another time.
        tokio::spawn(async move {
            if let Err(error) = turns.unlock(id, holder.until).await {
                tracing::debug!(%id, cause = %error, "a turn at an upload ends by itself");
            }
        });
    }
}
