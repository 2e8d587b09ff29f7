//! Whether the clock may be believed when something is to be deleted for its age. One that stands more than a day past the newest time that was
//! seen may be wrong, or the machine was off: then nothing is deleted until the server has run for a day, by a clock that nobody sets. What is left
//! of that day is in the database, so that a restart does not end it, nor a row written under the new time.

use std::time::Duration;

use crate::server::{
    Result,
    clock::Clock,
    store::{
        Db, jobs,
        upkeep::{self, Belief},
    },
};

const HOUR: f64 = 3600.0;
/// A clock that is so far past what was seen is doubted, in seconds.
const DOUBTED: f64 = 24.0 * HOUR;
/// How long the server runs with a doubted clock before it is believed, in seconds.
const WAIT: f64 = 24.0 * HOUR;
/// A clock that stands so far before what was seen was set back, in seconds.
const SET_BACK: f64 = 60.0;

/// Looks at the clock, and says whether something may be deleted for its age. Jobs that wait for a time that a clock set back has put far away
/// begin at once.
///
/// # Errors
/// The database's.
pub async fn may_delete(db: &Db, clock: &Clock) -> Result<bool> {
    let mut reader = db.reader().acquire().await?;
    let stored = upkeep::get(&mut *reader).await?;
    let before = match stored {
        Some(before) => before,
        None => Belief { seen: upkeep::newest_time(&mut reader).await?.unwrap_or_else(|| clock.now()), wait_seconds: 0.0 },
    };
    drop(reader);
    let now = clock.now();
    let after = look(before, now.seconds_since(before.seen), clock.lap());
    if after.wait_seconds > before.wait_seconds {
        tracing::warn!(%now, seen = %before.seen, "the clock stands more than a day past what was seen: nothing is deleted for its age for a day");
    }
    let is_set_back = after.seen < before.seen;
    let is_worth_writing = stored.is_none() || after.wait_seconds != before.wait_seconds || after.seen.seconds_since(before.seen) > HOUR;
    if is_set_back || is_worth_writing {
        let mut tx = db.begin().await?;
        upkeep::set(&mut tx, &after).await?;
        if is_set_back {
            tracing::warn!(%now, seen = %before.seen, "the clock was set back: what waits for a time begins at once");
            jobs::begin_all(&mut tx).await?;
        }
        tx.commit().await?;
    }
    Ok(after.wait_seconds <= 0.0)
}

/// What is believed when the clock stands `ahead` seconds past what was seen, and the server has run for `ran` since.
fn look(before: Belief, ahead: f64, ran: Duration) -> Belief {
    let now = before.seen.plus_seconds(ahead);
    if ahead > DOUBTED {
        return Belief { seen: now, wait_seconds: WAIT };
    }
    let seen = if ahead < -SET_BACK { now } else { before.seen.max(now) };
    Belief { seen, wait_seconds: (before.wait_seconds - ran.as_secs_f64()).max(0.0) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_of_the_clock_is_doubted_until_the_server_has_run_for_a_day() {
        let seen = "2026-01-31T08:30:00Z".parse().unwrap();
        let hours = |hours: f64| Duration::from_secs_f64(hours * HOUR);
        let known = Belief { seen, wait_seconds: 0.0 };
        assert_eq!(look(known, 20.0 * HOUR, hours(1.0)).wait_seconds, 0.0, "a night off is no leap");
        let leapt = look(known, 10.0 * 365.0 * 24.0 * HOUR, hours(1.0));
        assert_eq!(leapt.wait_seconds, WAIT, "what ran before the leap does not count");
        let later = look(leapt, 23.0 * HOUR, hours(23.0));
        assert_eq!(later.wait_seconds, HOUR);
        assert_eq!(look(later, HOUR, hours(1.0)).wait_seconds, 0.0);
        assert_eq!(look(later, 25.0 * HOUR, hours(0.1)).wait_seconds, WAIT, "another leap begins it anew");
    }

    #[test]
    fn a_clock_that_is_set_back_is_taken_for_right_and_ends_no_wait() {
        let seen = "2026-01-31T08:30:00Z".parse().unwrap();
        let waiting = Belief { seen, wait_seconds: HOUR };
        let back = look(waiting, -24.0 * HOUR, Duration::from_secs(60));
        assert_eq!((back.seen, back.wait_seconds), (seen.plus_seconds(-24.0 * HOUR), HOUR - 60.0));
        assert_eq!(look(waiting, -1.0, Duration::ZERO).seen, seen, "a second is none");
    }
}
