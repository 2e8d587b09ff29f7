//! Rows of assets that were read a moment ago. A player asks for a clip part by part, each part a request of its own: the row is read once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::kinds::StoredAsset;
use crate::domain::AssetRef;

/// A row is as good as read for so long, where this process has written nothing since; another program's change is seen after it.
const MOMENT: Duration = Duration::from_millis(100);
/// So many rows are held at most.
const MOST: usize = 1_000;

/// The rows, and how often one was there.
#[derive(Debug, Default)]
pub struct Recent {
    rows: Mutex<HashMap<AssetRef, Known>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Debug)]
struct Known {
    stored: Arc<StoredAsset>,
    /// How often this process had written before it was read.
    writes: u64,
    read: Instant,
}

impl Recent {
    /// How often a row was there, and how often it had to be read.
    #[must_use]
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// The row as it is since this process has written `writes` times.
    pub(super) fn get(&self, asset: AssetRef, writes: u64) -> Option<Arc<StoredAsset>> {
        let rows = self.rows();
        let known = rows.get(&asset).filter(|known| known.writes == writes && known.read.elapsed() < MOMENT);
        let stored = known.map(|known| known.stored.clone());
        let counter = if stored.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        stored
    }

    /// Holds a row that was begun to be read at `read`, when this process had written `writes` times.
    pub(super) fn put(&self, stored: Arc<StoredAsset>, writes: u64, read: Instant) {
        let mut rows = self.rows();
        if rows.len() >= MOST {
            rows.clear();
        }
        rows.insert(stored.asset.reference(), Known { stored, writes, read });
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<AssetRef, Known>> {
        // A panic elsewhere leaves the map whole: entries are only put and dropped.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
