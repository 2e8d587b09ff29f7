//! When a page that follows events asks by itself: a stream may be open and bring nothing, because something between keeps what the server
//! sends. The server is heard at least every ten seconds; who hears nothing for longer asks. Pure: the times are given.

/// Nothing is heard for so long, in milliseconds, and the stream counts as silent. The server's pings come every 10 s.
const PATIENCE: f64 = 15_000.0;
/// Between two questions while something that is shown is queued or running, in milliseconds.
const BUSY: f64 = 5_000.0;
/// Between two questions else, and between two tries to open the stream anew, in milliseconds.
const IDLE: f64 = 60_000.0;

/// What a silent stream calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// Ask how things stand.
    pub question: bool,
    /// Open the stream anew: its connection may be gone without a word.
    pub stream: bool,
}

/// How long a stream has been silent, and what was done about it. All times are milliseconds of one clock that never goes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    heard: f64,
    asked: Option<f64>,
    opened: f64,
    is_refused: bool,
}

impl Silence {
    /// From the moment in which the stream is opened.
    #[must_use]
    pub fn new(now: f64) -> Self {
        Self { heard: now, asked: None, opened: now, is_refused: false }
    }

    /// Something came.
    pub fn heard(&mut self, now: f64) {
        *self = Self { opened: self.opened, ..Self::new(now) };
    }

    /// The page is shown again, and its stream opened again: a live one gets its time, a silent one is not waited for.
    pub fn shown(&mut self, now: f64) {
        self.opened = now;
        match self.asked {
            Some(_) => self.asked = None,
            None => self.heard = now,
        }
    }

    /// A question was refused for good: the next would be too, until the stream is heard again.
    pub fn refused(&mut self) {
        self.is_refused = true;
    }

    /// What is to be done now; it counts as done. `is_busy` says whether something that is shown is queued or running.
    pub fn due(&mut self, now: f64, is_busy: bool) -> Due {
        if now - self.heard < PATIENCE {
            return Due::default();
        }
        let pause = if is_busy { BUSY } else { IDLE };
        let question = !self.is_refused && self.asked.is_none_or(|asked| now - asked >= pause);
        let stream = now - self.opened >= IDLE;
        if question {
            self.asked = Some(now);
        }
        if stream {
            self.opened = now;
        }
        Due { question, stream }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds, looked at once a second up to `until`, in which something is due.
    fn seconds(silence: &mut Silence, from: u32, until: u32, is_busy: bool, what: impl Fn(Due) -> bool) -> Vec<u32> {
        (from..=until).filter(|second| what(silence.due(f64::from(*second) * 1_000.0, is_busy))).collect()
    }

    #[test]
    fn a_stream_that_is_heard_is_never_asked_beside() {
        let mut silence = Silence::new(0.0);
        for second in 0..200 {
            if second % 10 == 0 {
                silence.heard(f64::from(second) * 1_000.0);
            }
            assert_eq!(silence.due(f64::from(second) * 1_000.0, true), Due::default());
        }
    }

    #[test]
    fn a_silent_one_is_asked_beside_often_while_something_runs() {
        assert_eq!(seconds(&mut Silence::new(0.0), 0, 40, true, |due| due.question), [15, 20, 25, 30, 35, 40]);
        assert_eq!(seconds(&mut Silence::new(0.0), 0, 140, false, |due| due.question), [15, 75, 135]);
        let mut silence = Silence::new(0.0);
        assert_eq!(seconds(&mut silence, 0, 20, false, |due| due.question), [15]);
        assert_eq!(seconds(&mut silence, 21, 30, true, |due| due.question), [21, 26], "a run that begins is followed at once");
    }

    #[test]
    fn what_is_heard_ends_it() {
        let mut silence = Silence::new(0.0);
        assert_eq!(seconds(&mut silence, 0, 17, true, |due| due.question), [15]);
        silence.heard(17_500.0);
        assert_eq!(seconds(&mut silence, 18, 34, true, |due| due.question), [33]);
    }

    #[test]
    fn a_silent_stream_is_opened_anew_now_and_then() {
        assert_eq!(seconds(&mut Silence::new(0.0), 0, 200, true, |due| due.stream), [60, 120, 180]);
    }

    #[test]
    fn a_page_that_is_shown_again_asks_at_once_where_its_stream_was_silent() {
        let mut silence = Silence::new(0.0);
        silence.shown(100_000.0);
        assert_eq!(seconds(&mut silence, 100, 116, true, |due| due.question), [115], "it was hidden before anything could be heard");
        silence.shown(300_000.0);
        assert_eq!(seconds(&mut silence, 300, 304, true, |due| due.question), [300]);
    }

    #[test]
    fn what_is_refused_is_not_asked_again_until_the_stream_lives() {
        let mut silence = Silence::new(0.0);
        assert!(silence.due(15_000.0, true).question);
        silence.refused();
        assert!(seconds(&mut silence, 16, 100, true, |due| due.question).is_empty());
        silence.heard(100_000.0);
        assert!(silence.due(115_000.0, true).question);
    }
}
