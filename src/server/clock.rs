//! The server's clock: the time of day, which may be wrong and may jump, and how long the server has run, which nobody can set.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::Timestamp;

/// A clock. Cheap to clone; clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    began: Instant,
    hands: Arc<Mutex<Hands>>,
}

#[derive(Debug, Default)]
struct Hands {
    /// How far the time of day was set off, in seconds.
    set_off: f64,
    /// What was added to the time that the server has run.
    passed: Duration,
    /// How long the server had run at the last lap.
    lap: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self { began: Instant::now(), hands: Arc::default() }
    }
}

impl Clock {
    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now().plus_seconds(self.hands().set_off)
    }

    /// How long the server has run since this was last asked; the first time, since it began.
    #[must_use]
    pub fn lap(&self) -> Duration {
        let mut hands = self.hands();
        let running = self.began.elapsed() + hands.passed;
        let lap = running.saturating_sub(hands.lap);
        hands.lap = running;
        lap
    }

    /// Sets the time of day forward, or back, by so many seconds, as the machine's may be set. For tests.
    pub fn set_by(&self, seconds: f64) {
        self.hands().set_off += seconds;
    }

    /// Lets time pass. For tests.
    pub fn pass(&self, time: Duration) {
        let mut hands = self.hands();
        hands.set_off += time.as_secs_f64();
        hands.passed += time;
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // A panic elsewhere leaves the hands whole: each is set at once.
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
