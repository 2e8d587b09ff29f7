//! One request at a time is at an upload, of all servers on one database. Whoever comes next is not kept waiting by one whose peer went away without a
//! word: that one is told to stop, keeps what it has, and ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
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
    /// Those who are at an upload here, and how each is told to stop.
    here: Mutex<HashMap<Uuid, Holder>>,
}

#[derive(Debug)]
struct Holder {
    number: Uuid,
    stop: CancellationToken,
}

/// A turn. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    id: Uuid,
    number: Uuid,
    _renewing: DropGuard,
}

impl Turns {
    /// The turns of a server on this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self(Arc::new(Inner { db, here: Mutex::default() }))
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
        if self.here().contains_key(&id) {
            return Ok(None);
        }
        let number = Uuid::new_v4();
        if !self.lock(id, number).await? {
            return Ok(None);
        }
        let renewing = CancellationToken::new();
        self.here().insert(id, Holder { number, stop: stop.clone() });
        tokio::spawn(self.clone().renew(id, number, stop, renewing.clone()));
        Ok(Some(Turn { turns: self.clone(), id, number, _renewing: renewing.drop_guard() }))
    }

    async fn lock(&self, id: Uuid, number: Uuid) -> Result<bool> {
        let now = Timestamp::now();
        let mut tx = self.0.db.begin().await?;
        let is_locked = uploads::lock(&mut tx, &id.to_string(), &number.to_string(), now, now.plus_seconds(COUNTS.as_secs_f64())).await?;
        tx.commit().await?;
        Ok(is_locked)
    }

    async fn unlock(&self, id: Uuid, number: Uuid) -> Result<()> {
        let mut tx = self.0.db.begin().await?;
        uploads::unlock(&mut tx, &id.to_string(), &number.to_string()).await?;
        Ok(tx.commit().await?)
    }

    /// Renews a turn until it ends. One that another server took over ends.
    async fn renew(self, id: Uuid, number: Uuid, stop: CancellationToken, ended: CancellationToken) {
        while ended.run_until_cancelled(tokio::time::sleep(RENEWED)).await.is_some() {
            match self.lock(id, number).await {
                Ok(true) => {}
                Ok(false) => stop.cancel(),
                Err(error) => tracing::warn!(%id, cause = %error, "a turn at an upload could not be renewed just now"),
            }
        }
    }

    fn here(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Holder>> {
        // Entries are only put and taken: a panic elsewhere leaves it whole.
        self.0.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Self { turns, id, number, .. } = self;
        let (turns, id, number) = (turns.clone(), *id, *number);
        turns.here().retain(|other, holder| *other != id || holder.number != number);
        tokio::spawn(async move {
            if let Err(error) = turns.unlock(id, number).await {
                tracing::debug!(%id, cause = %error, "a turn at an upload ends by itself");
            }
        });
    }
}
