//! The log: to standard error, from a thread of its own. Where that cannot be written, or nobody reads it, lines are lost and nothing waits.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use super::config::LogFormat;

/// Lines that wait to be written at most; what comes then is lost.
const WAITING: usize = 4096;
/// How long the program's last words may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Lines that came while too many waited.
static NOT_TAKEN: OnceLock<ErrorCounter> = OnceLock::new();
/// Lines that could not be written.
static NOT_WRITTEN: AtomicU64 = AtomicU64::new(0);

/// How many lines were lost since the program started, because nobody read them or they could not be written.
pub fn lost() -> u64 {
    let not_taken = NOT_TAKEN.get().map_or(0, ErrorCounter::dropped_lines);
    NOT_WRITTEN.load(Ordering::Relaxed).saturating_add(u64::try_from(not_taken).unwrap_or(u64::MAX))
}

/// Begins the log. What waits is written when the guard is dropped, if it can be.
pub fn begin(format: LogFormat, filter: EnvFilter) -> WorkerGuard {
    let stderr = io::stderr();
    let is_colored = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // Not by the lock that others who write there take: the thread may be stuck in it.
    let (lines, guard) = match stderr.as_fd().try_clone_to_owned() {
        Ok(own) => started(Counted(File::from(own))),
        Err(_) => started(io::sink()),
    };
    NOT_TAKEN.get_or_init(|| lines.error_counter());
    let layer = tracing_subscriber::fmt::layer().log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Text => registry.with(layer.with_ansi(is_colored).with_writer(Lines { lines, is_colored })).init(),
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true).with_span_list(false).with_ansi(false);
            registry.with(layer.with_writer(Lines { lines, is_colored: false })).init();
        }
    }
    // The default writes by itself, and waits.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked: {}", panic.payload_as_str().unwrap_or("no message"));
    }));
    guard
}

fn started(to: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING).thread_name("log").finish(to)
}

/// Where lines go that may be lost, but not uncounted.
struct Counted<W>(W);

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.write_all(line).is_err() {
            NOT_WRITTEN.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Says a command's error on standard error, if that takes it.
pub fn complain(sentence: &str) {
    let line = format!("reelgraph: {sentence}\n");
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody is left to be told.
        let _ = io::stderr().write_all(line.as_bytes());
        let _ = done.send(());
    });
    let _ = wait.recv_timeout(LAST_WORDS);
}

/// Takes an event at a time and makes one line of it.
struct Lines {
    lines: NonBlocking,
    is_colored: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { lines: self.lines.clone(), is_colored: self.is_colored }
    }
}

struct Line {
    lines: NonBlocking,
    is_colored: bool,
}

impl Write for Line {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.lines.write_all(one_line(&String::from_utf8_lossy(event), self.is_colored).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

/// The event with all escaped that would begin another line, or tell a terminal or a reader something else than it says: parts of it were
/// written by others. In color, the escapes are those of the formatter, who has escaped the others' himself. The form is also JSON's.
fn one_line(event: &str, is_colored: bool) -> String {
    let event = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(event.len() + 1);
    for letter in event.chars() {
        match letter {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\x1b' if is_colored => line.push(letter),
            // Separators of lines and paragraphs, and what turns the direction of writing.
            '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                escape(&mut line, letter)
            }
            letter if letter.is_control() => escape(&mut line, letter),
            letter => line.push(letter),
        }
    }
    line.push('\n');
    line
}

fn escape(line: &mut String, letter: char) {
    line.push_str(&format!("\\u{:04x}", u32::from(letter)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_that_says_what_it_says() {
        let event = "INFO name=\"a\u{1b}[2K\" b\nERROR made up\r\t\u{9b}1m\u{202e}x\u{7f}\0 é 第\n";
        let line = "INFO name=\"a\\u001b[2K\" b\\nERROR made up\\r\\t\\u009b1m\\u202ex\\u007f\\u0000 é 第\n";
        assert_eq!(one_line(event, false), line);
        assert_eq!(one_line("\u{1b}[32mINFO\u{1b}[0m\n", true), "\u{1b}[32mINFO\u{1b}[0m\n");
    }
}
