//! The ffmpeg and ffprobe programs: where they are, and one way to run them that ends in time and reports what happened.

use std::{
    collections::HashSet,
    io,
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{ChildStdin, ChildStdout, Command},
    sync::OnceCell,
};
use tokio_util::{io::SyncIoBridge, sync::CancellationToken};

use super::sandbox::Running;
pub use super::{arguments::Arguments, sandbox::Limits};
use crate::{
    domain::ErrorKind,
    server::{Error, Result},
};

/// How much of what a program writes to stderr is kept: the end of it, in bytes.
const STDERR_TAIL: usize = 4096;

/// The longest line of progress that is believed, in bytes.
const PROGRESS_LINE: usize = 1024;

/// The longest list of filters that is read, in bytes: several times what the fullest build has.
const FILTER_BYTES: usize = 1 << 20;

/// The filters without which HDR cannot be made SDR. Homebrew's ffmpeg has not had the first since 8.1.
const TONE_MAPPING: [&str; 2] = ["zscale", "tonemap"];

/// How often a program that may not be silent is listened for, in each stretch of silence that it may keep.
const LISTENED_FOR: u32 = 10;

/// The options of every run of ffmpeg.
const RUNNING: [&str; 5] = ["-hide_banner", "-nostdin", "-nostats", "-v", "error"];

/// Those with which it tells how far it is.
const TELLING: [&str; 9] = ["-hide_banner", "-nostdin", "-nostats", "-v", "error", "-stats_period", "0.25", "-progress", "pipe:1"];

/// The options of every run of ffprobe.
const PROBING: [&str; 3] = ["-hide_banner", "-v", "error"];

/// The located programs.
#[derive(Debug, Clone, Default)]
pub struct Ffmpeg {
    ffmpeg: Option<Arc<Path>>,
    ffprobe: Option<Arc<Path>>,
    filters: Arc<OnceCell<HashSet<String>>>,
}

/// One run of a program.
struct Run<'a> {
    tool: &'static str,
    options: &'static [&'static str],
    arguments: &'a Arguments,
    limits: Limits,
    /// What it inherits beside its standard streams.
    handed: Vec<OwnedFd>,
}

impl<'a> Run<'a> {
    fn new(tool: &'static str, options: &'static [&'static str], arguments: &'a Arguments, limits: Limits) -> Self {
        Self { tool, options, arguments, limits, handed: Vec::new() }
    }
}

/// How often a program was heard of.
type Heard = Arc<AtomicU64>;

impl Ffmpeg {
    /// Looks for both programs in the folders of `PATH`. Never fails: [`Ffmpeg::available`] says what is missing.
    #[must_use]
    pub fn locate() -> Self {
        Self { ffmpeg: on_path("ffmpeg"), ffprobe: on_path("ffprobe"), filters: Arc::default() }
    }

    /// The programs of this machine, as if they had these filters only.
    #[cfg(test)]
    pub(super) fn with_filters(names: &[&str]) -> Self {
        let filters = OnceCell::new_with(Some(names.iter().map(|name| (*name).to_owned()).collect()));
        Self { filters: Arc::new(filters), ..Self::locate() }
    }

    /// Whether both programs are there.
    ///
    /// # Errors
    /// [`Error::ToolMissing`] naming the one that is not.
    pub fn available(&self) -> Result<()> {
        self.program("ffmpeg")?;
        self.program("ffprobe").map(drop)
    }

    fn program(&self, tool: &'static str) -> Result<&Path> {
        let program = if tool == "ffprobe" { &self.ffprobe } else { &self.ffmpeg };
        program.as_deref().ok_or(Error::ToolMissing { tool })
    }

    /// Whether this build can make HDR clips SDR.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] naming the filter that it lacks and how to get it; as for [`Ffmpeg::capture`].
    pub async fn tone_maps(&self) -> Result<()> {
        let filters = self.filters().await?;
        match TONE_MAPPING.into_iter().find(|filter| !filters.contains(*filter)) {
            None => Ok(()),
            Some(lacking) => Err(Error::api(
                ErrorKind::Unavailable,
                format!(
                    "The ffmpeg of this server lacks the filter {lacking}, without which HDR clips cannot be made SDR. Install an ffmpeg that has it \
                     (Debian, Ubuntu: apt install ffmpeg; macOS: brew install ffmpeg-full) and restart the server, or convert such clips first."
                ),
            )),
        }
    }

    /// The names of the filters that this build has. Asked once.
    async fn filters(&self) -> Result<&HashSet<String>> {
        let ask = async || {
            let arguments = Arguments::new().flag("-filters");
            let listed = self.capture(&arguments, Limits::INSPECT, FILTER_BYTES, &CancellationToken::new()).await?;
            // ` TSC name  inputs->outputs  words`, below a legend whose lines have a `=` in the second place.
            let name = |line: &str| line.split_whitespace().nth(1).filter(|name| *name != "=").map(str::to_owned);
            Ok(String::from_utf8_lossy(&listed).lines().filter(|line| line.contains("->")).filter_map(name).collect())
        };
        self.filters.get_or_try_init(ask).await
    }

    /// Runs ffmpeg to its end. `on_progress` gets the seconds of output written so far, about four times a second.
    /// On cancellation, on a passed limit and when the future is dropped, the whole process group is killed.
    ///
    /// # Errors
    /// [`Error::ToolMissing`], [`Error::Cancelled`], [`Error::Timeout`], [`Error::Tool`] with the end of stderr, or
    /// [`Error::Io`] where the disk is full.
    pub async fn run(
        &self,
        arguments: &Arguments,
        limits: Limits,
        on_progress: &(dyn Fn(f64) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<()> {
        let mut lines = ProgressLines::default();
        let sink = |bytes: &[u8]| {
            lines.read(bytes, on_progress);
            Ok(())
        };
        let run = Run::new("ffmpeg", &TELLING, arguments, limits);
        self.drive(run, cancel, |stdout, heard| Box::pin(pass_on(stdout, heard, sink))).await
    }

    /// Runs ffmpeg to its end, which writes to `pipes` of ours. They are closed here once it has begun, so that their readers end with it.
    ///
    /// # Errors
    /// As for [`Ffmpeg::run`].
    pub(super) async fn write_to(&self, arguments: &Arguments, limits: Limits, pipes: Vec<OwnedFd>) -> Result<()> {
        let run = Run { handed: pipes, ..Run::new("ffmpeg", &RUNNING, arguments, limits) };
        self.drive(run, &CancellationToken::new(), |stdout, heard| Box::pin(pass_on(stdout, heard, |_| Ok(())))).await
    }

    /// Runs ffmpeg to its end and gives what it wrote to standard output, at most `most` bytes of it.
    ///
    /// # Errors
    /// As for [`Ffmpeg::run`]; more than `most` bytes is [`Error::Tool`].
    pub async fn capture(&self, arguments: &Arguments, limits: Limits, most: usize, cancel: &CancellationToken) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        let sink = |bytes: &[u8]| collect(&mut output, bytes, "ffmpeg", most);
        let run = Run::new("ffmpeg", &RUNNING, arguments, limits);
        self.drive(run, cancel, |stdout, heard| Box::pin(pass_on(stdout, heard, sink))).await?;
        Ok(output)
    }

    /// Runs ffprobe to its end and gives what it wrote, at most `most` bytes of it.
    ///
    /// # Errors
    /// As for [`Ffmpeg::capture`].
    pub async fn inspect(&self, arguments: &Arguments, limits: Limits, most: usize, cancel: &CancellationToken) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        let sink = |bytes: &[u8]| collect(&mut output, bytes, "ffprobe", most);
        let run = Run::new("ffprobe", &PROBING, arguments, limits);
        self.drive(run, cancel, |stdout, heard| Box::pin(pass_on(stdout, heard, sink))).await?;
        Ok(output)
    }

    /// Runs ffprobe to its end and reads the JSON that it writes while it writes it: of any length, where `T` keeps little of it.
    ///
    /// # Errors
    /// As for [`Ffmpeg::run`]; [`Error::Json`] where it is none, or none of `T`.
    pub async fn report<T: DeserializeOwned + Send + 'static>(&self, arguments: &Arguments, limits: Limits) -> Result<T> {
        let mut report = None;
        let slot = &mut report;
        let read = |stdout: ChildStdout, heard: Heard| -> BoxFuture<'_, Result<()>> {
            Box::pin(async move {
                let listening = Listening { stdout: SyncIoBridge::new(stdout), heard };
                let reading = tokio::task::spawn_blocking(move || serde_json::from_reader(io::BufReader::new(listening)));
                *slot = Some(reading.await.map_err(|error| Error::Internal(format!("reading a report ended: {error}")))?);
                Ok(())
            })
        };
        self.drive(Run::new("ffprobe", &PROBING, arguments, limits), &CancellationToken::new(), read).await?;
        match report {
            Some(read) => Ok(read?),
            None => Err(Error::Internal("a report was not read".into())),
        }
    }

    async fn drive<'a>(
        &self,
        Run { tool, options, arguments, limits, handed }: Run<'_>,
        cancel: &CancellationToken,
        read: impl FnOnce(ChildStdout, Heard) -> BoxFuture<'a, Result<()>>,
    ) -> Result<()> {
        let program = self.program(tool)?;
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let mut command = Command::new(program);
        command.args(options).args(arguments.list());
        let mut running = Running::start(command, limits, handed).await.map_err(|source| not_started(tool, program, source))?;
        let Some((stdin, stdout, stderr)) = running.streams() else {
            return Err(Error::Internal(format!("{tool} was started without its standard streams")));
        };
        let (mut tail, heard) = (Vec::new(), Heard::default());
        let reading = read(stdout, heard.clone());
        let work = async {
            let note = |bytes: &[u8]| keep_tail(&mut tail, bytes);
            tokio::try_join!(feed(stdin, arguments.stdin()), reading, pass_on(stderr, heard.clone(), note))?;
            running.wait().await.map_err(Error::io(program))
        };
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            status = work => status,
            () = tokio::time::sleep(limits.wall) => Err(Error::Timeout { what: tool, seconds: limits.wall.as_secs() }),
            seconds = silence(limits.silence, &heard) => Err(Error::Timeout { what: tool, seconds }),
        };
        match ended {
            // Cancelled while the last of its output was read: what it made is not wanted.
            Ok(_) if cancel.is_cancelled() => Err(Error::Cancelled),
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(tool, &status.to_string(), &tail)),
            Err(error) => {
                running.kill().await.map_err(Error::io(program))?;
                Err(error)
            }
        }
    }
}

/// The program of that name in the first folder of `PATH` that has it.
fn on_path(name: &str) -> Option<Arc<Path>> {
    let folders = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&folders).map(|folder| folder.join(name));
    let executable = |path: &PathBuf| path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    candidates.filter_map(|path| std::path::absolute(path).ok()).find(executable).map(Arc::from)
}

/// Removed since the start is as good as never installed.
fn not_started(tool: &'static str, program: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound => Error::ToolMissing { tool },
        _ => Error::Io { path: program.to_path_buf(), source },
    }
}

fn failed(tool: &'static str, exit: &str, tail: &[u8]) -> Error {
    let stderr = String::from_utf8_lossy(tail).trim().to_owned();
    if stderr.contains("No space left on device") {
        return Error::Io { path: format!("the output of {tool}").into(), source: io::ErrorKind::StorageFull.into() };
    }
    Error::Tool { tool, exit: exit.to_owned(), stderr }
}

/// Writes what a program reads from standard input. One that ends without reading all of it says so by its exit status.
async fn feed(mut stdin: ChildStdin, bytes: &[u8]) -> Result<()> {
    match stdin.write_all(bytes).await {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Io { path: "a program's input".into(), source: error }),
        _ => Ok(()),
    }
}

async fn pass_on(mut stream: impl AsyncRead + Unpin, heard: Heard, mut sink: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer).await.map_err(Error::io("a program's output"))? {
            0 => return Ok(()),
            count => sink(&buffer[..count])?,
        }
        heard.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a program writes, read on a thread that may block.
struct Listening {
    stdout: SyncIoBridge<ChildStdout>,
    heard: Heard,
}

impl io::Read for Listening {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stdout.read(buffer);
        self.heard.fetch_add(1, Ordering::Relaxed);
        read
    }
}

/// Ends once nothing was heard for so long; gives how long that was, in seconds.
async fn silence(longest: Option<Duration>, heard: &AtomicU64) -> u64 {
    let Some(longest) = longest else { return std::future::pending().await };
    let (mut before, mut quiet) = (heard.load(Ordering::Relaxed), 0);
    while quiet < LISTENED_FOR {
        tokio::time::sleep(longest / LISTENED_FOR).await;
        let now = heard.load(Ordering::Relaxed);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
    longest.as_secs()
}

fn keep_tail(tail: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    tail.extend_from_slice(bytes);
    tail.drain(..tail.len().saturating_sub(STDERR_TAIL));
    Ok(())
}

fn collect(output: &mut Vec<u8>, bytes: &[u8], tool: &'static str, most: usize) -> Result<()> {
    if output.len() + bytes.len() > most {
        return Err(Error::Tool { tool, exit: "too much output".into(), stderr: format!("more than {most} bytes") });
    }
    output.extend_from_slice(bytes);
    Ok(())
}

/// Finds `out_time_us=` in the blocks that `-progress` writes.
#[derive(Debug, Default)]
struct ProgressLines {
    line: Vec<u8>,
}

impl ProgressLines {
    fn read(&mut self, bytes: &[u8], on_progress: &(dyn Fn(f64) + Send + Sync)) {
        for &byte in bytes {
            match byte {
                b'\n' => {
                    // `N/A` stands there until the first packet is written.
                    if let Some(micros) =
                        self.line.strip_prefix(b"out_time_us=").and_then(|text| str::from_utf8(text).ok()?.trim().parse::<i64>().ok())
                    {
                        on_progress(micros.max(0) as f64 / 1e6);
                    }
                    self.line.clear();
                }
                _ if self.line.len() < PROGRESS_LINE => self.line.push(byte),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::{
        sync::Mutex,
        time::{Duration, Instant},
    };

    use super::*;

    /// A picture without end, at the speed of a clock.
    fn endless() -> Arguments {
        Arguments::new().flag("-re").source("testsrc2=size=64x64:rate=30").discard()
    }

    #[tokio::test]
    async fn progress_counts_the_seconds_written() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("-odd name: 'quoted' %d.mp4");
        let arguments = Arguments::new().source("testsrc2=size=64x64:rate=10:duration=2").reproducible().delivery_encoding();
        let arguments = arguments.mp4_output(&output).unwrap();
        let seen = Mutex::new(Vec::new());
        let note = |seconds| seen.lock().unwrap().push(seconds);
        Ffmpeg::locate().run(&arguments, Limits::INSPECT, &note, &CancellationToken::new()).await.unwrap();
        let seen = seen.into_inner().unwrap();
        assert!(seen.last().is_some_and(|last| (1.5..=2.0).contains(last)), "{seen:?}");
        assert!(output.metadata().unwrap().len() > 1000);
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let nothing = Ffmpeg::default();
        assert!(matches!(nothing.available(), Err(Error::ToolMissing { tool: "ffmpeg" })));
        let half = Ffmpeg { ffprobe: None, ..Ffmpeg::locate() };
        assert!(matches!(half.available(), Err(Error::ToolMissing { tool: "ffprobe" })));
        let gone = Ffmpeg { ffmpeg: Some(Path::new("/nowhere/ffmpeg").into()), ..Ffmpeg::default() };
        let result = gone.run(&endless(), Limits::INSPECT, &|_| (), &CancellationToken::new()).await;
        assert!(matches!(result, Err(Error::ToolMissing { tool: "ffmpeg" })), "{result:?}");
    }

    #[tokio::test]
    async fn cancelling_stops_at_once() {
        let cancel = CancellationToken::new();
        let started = Instant::now();
        let on_progress = |_| cancel.cancel();
        let result = Ffmpeg::locate().run(&endless(), Limits::render(600.0), &on_progress, &cancel).await;
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn the_time_limit_stops() {
        let limits = Limits { wall: Duration::from_millis(300), ..Limits::INSPECT };
        let result = Ffmpeg::locate().run(&endless(), limits, &|_| (), &CancellationToken::new()).await;
        assert!(matches!(result, Err(Error::Timeout { what: "ffmpeg", .. })), "{result:?}");
    }

    #[tokio::test]
    async fn a_program_that_is_silent_for_long_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        // A pipe that nobody writes to: opening it waits for ever.
        let pipe = folder.path().join("pipe.mp4");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let arguments = Arguments::new().flag("-show_format").option("-of", "json").user_input(&pipe).unwrap();
        let limits = Limits { silence: Some(Duration::from_millis(300)), ..Limits::INSPECT };
        let started = Instant::now();
        let result = Ffmpeg::locate().report::<serde_json::Value>(&arguments, limits).await;
        assert!(matches!(result, Err(Error::Timeout { what: "ffprobe", .. })), "{result:?}");
        assert!(started.elapsed() < Limits::INSPECT.wall);
    }

    #[tokio::test]
    async fn an_error_carries_what_ffmpeg_said_and_output_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Arguments::new().user_input(&folder.path().join("none.mp4")).unwrap().discard();
        let result = Ffmpeg::locate().run(&missing, Limits::INSPECT, &|_| (), &CancellationToken::new()).await;
        assert!(matches!(&result, Err(Error::Tool { stderr, .. }) if stderr.contains("No such file")), "{result:?}");
        let raw = Arguments::new().source("testsrc2=size=64x64:rate=10").stdout("rawvideo");
        let result = Ffmpeg::locate().capture(&raw, Limits::INSPECT, 50_000, &CancellationToken::new()).await;
        assert!(matches!(&result, Err(Error::Tool { exit, .. }) if exit == "too much output"), "{result:?}");
    }

    #[test]
    fn progress_is_read_across_chunks_and_floods_are_ignored() {
        let seen = Mutex::new(Vec::new());
        let note = |seconds| seen.lock().unwrap().push(seconds);
        let mut lines = ProgressLines::default();
        lines.read(b"frame=1\nout_time_us=N/A\nout_time_us=15", &note);
        lines.read(b"00000\nprogress=continue\n", &note);
        lines.read(&[b'x'; 5 * PROGRESS_LINE], &note);
        lines.read(b"\nout_time_us=-7\n", &note);
        assert_eq!(seen.into_inner().unwrap(), [1.5, 0.0]);
    }
}
