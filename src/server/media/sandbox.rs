//! Child processes kept on a leash: own process group, resource limits, an environment without secrets, and none outlives the server.

use std::{
    io,
    os::fd::OwnedFd,
    process::{ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, killpg},
    },
    unistd::Pid,
};
use tokio::{
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    runtime::Handle,
    sync::oneshot,
};

use super::descendants::{self, Mark};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The variables a child keeps. Keys of providers, the access token and ffmpeg's own switches (`FFREPORT` writes files) are not among them.
const ENVIRONMENT: [&str; 5] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// Bytes a second that the slowest disk gives which is waited for.
const SLOWEST_DISK: u64 = 20 * MIB;

/// What a child process may use before the system or the server stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time on the wall clock.
    pub wall: Duration,
    /// How long it may say nothing at all; `None` for one that may work in silence.
    pub silence: Option<Duration>,
    /// Seconds of CPU time, all threads together.
    pub cpu_seconds: u64,
    /// Address space in bytes; held to on Linux only, macOS does not know this limit.
    pub address_bytes: u64,
    /// The largest file it may write, in bytes.
    pub file_bytes: u64,
}

impl Limits {
    /// For reading a file's headers or one picture of it.
    pub const INSPECT: Self =
        Self { wall: Duration::from_secs(30), silence: None, cpu_seconds: 30, address_bytes: 4 * GIB, file_bytes: 64 * MIB };

    /// For reading every packet of a file of `size_bytes` without decoding it, by a program that tells of each: bound by the disk, not by the
    /// CPU. Half a minute, and the time that a slow disk takes.
    #[must_use]
    pub fn read(size_bytes: u64) -> Self {
        let wall = Self::INSPECT.wall + Duration::from_secs(size_bytes / SLOWEST_DISK);
        Self { wall, silence: Some(Self::INSPECT.wall), cpu_seconds: wall.as_secs(), ..Self::INSPECT }
    }

    /// For making `output_seconds` of video: five minutes, and a minute more for each second of it.
    /// libx264 at 4K with its look-ahead, beside a decoder's threads, stays well under the address space given.
    #[must_use]
    pub fn render(output_seconds: f64) -> Self {
        const DAY: f64 = 86_400.0;
        let wall = (300.0 + 60.0 * output_seconds.max(0.0)).min(DAY);
        Self {
            wall: Duration::from_secs_f64(wall),
            silence: None,
            cpu_seconds: wall as u64 * 4,
            address_bytes: 16 * GIB,
            file_bytes: 64 * GIB,
        }
    }
}

/// A child process. Dropping it kills its whole group, and on Linux whatever has left that: nothing outlives the child's job, however that ended.
/// There is no limit on the number of processes: the system counts those of a user, and a user may run more than this server.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    mark: Mark,
}

impl Running {
    /// Starts `command` in its own process group, under `limits`, with all three standard streams piped. It inherits `handed`, under the same numbers;
    /// here they are closed once it has begun.
    ///
    /// # Errors
    /// Where the system does not start it.
    pub(super) async fn start(mut command: Command, limits: Limits, handed: Vec<OwnedFd>) -> io::Result<Self> {
        command.env_clear().envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        clearer();
        let mark = Mark::new();
        command.env(descendants::VARIABLE, mark.text());
        let server = Pid::this();
        // SAFETY: between fork and exec only system calls are made: no allocation, no lock.
        unsafe {
            command.pre_exec(move || {
                restrict(limits, server)?;
                handed.iter().try_for_each(keep_open)
            });
        }
        let child = spawn(command).await?;
        Ok(Self { child, mark })
    }

    /// Takes the three streams; they are there once.
    pub(super) fn streams(&mut self) -> Option<(ChildStdin, ChildStdout, ChildStderr)> {
        Some((self.child.stdin.take()?, self.child.stdout.take()?, self.child.stderr.take()?))
    }

    /// Waits for the end.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Kills the whole group, with what has left it, and waits until the child is gone.
    pub(super) async fn kill(mut self) -> io::Result<ExitStatus> {
        self.kill_group();
        self.child.wait().await
    }

    /// The child's id, which is also its group's, until it was waited for: after that the number may belong to someone else.
    fn kill_group(&self) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group
            && let Err(error) = killpg(Pid::from_raw(group), Signal::SIGKILL)
            && error != nix::errno::Errno::ESRCH
        {
            tracing::warn!(group, %error, "a child process could not be killed");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill_group();
        if clearer().send(self.mark.clone()).is_err() {
            tracing::error!("the thread that kills what children have left is gone");
        }
    }
}

/// Runs in the child, before the program: sets its limits and ties its life to the server's.
fn restrict(limits: Limits, server: Pid) -> io::Result<()> {
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_CPU, limits.cpu_seconds)?;
    lower(Resource::RLIMIT_FSIZE, limits.file_bytes)?;
    #[cfg(target_os = "linux")]
    {
        lower(Resource::RLIMIT_AS, limits.address_bytes)?;
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    }
    // The server may have died between the fork and the line above; then nobody would ever send that signal.
    if nix::unistd::getppid() == server { Ok(()) } else { Err(io::Error::from(io::ErrorKind::Interrupted)) }
}

/// Runs in the child, before the program: what it is handed is not closed as the program begins. Everybody else's children close it.
fn keep_open(handed: &OwnedFd) -> io::Result<()> {
    fcntl(handed, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}

/// Sets a limit, or keeps the one the server itself runs under where that is lower: a limit cannot be raised again.
fn lower(resource: Resource, limit: u64) -> io::Result<()> {
    let (_, ceiling) = getrlimit(resource)?;
    let limit = limit.min(ceiling);
    Ok(setrlimit(resource, limit, limit)?)
}

/// The thread that kills what has left its child's group. It begins with what a killed server has left.
fn clearer() -> &'static mpsc::Sender<Mark> {
    static CLEARER: OnceLock<mpsc::Sender<Mark>> = OnceLock::new();
    CLEARER.get_or_init(|| {
        let (marks, queue) = mpsc::channel::<Mark>();
        std::thread::spawn(move || {
            descendants::kill_orphans();
            queue.into_iter().for_each(|mark| mark.kill_all());
        });
        marks
    })
}

/// A request to the thread that starts children.
type Order = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// Starts `command` from one thread that lives as long as the server: the parent-death signal is sent when the *thread* that
/// started the child ends, and a runtime's threads may end while the server goes on.
async fn spawn(command: Command) -> io::Result<Child> {
    static STARTER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (orders, queue) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, runtime, reply) in queue {
                let _entered = runtime.enter();
                // Whoever asked may be gone; the child is then dropped, which kills it.
                drop(reply.send(command.spawn()));
            }
        });
        orders
    });
    let (reply, answer) = oneshot::channel();
    let gone = || io::Error::other("the thread that starts programs is gone");
    starter.send((command, Handle::current(), reply)).map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use tokio::{io::AsyncReadExt, net::unix::pipe};

    use super::*;

    /// A pipe with a name. Reading it ends when the last process that had it open for writing is gone.
    struct Lifeline {
        folder: tempfile::TempDir,
        reader: pipe::Receiver,
    }

    impl Lifeline {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("alive");
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            let reader = pipe::OpenOptions::new().open_receiver(&path).unwrap();
            Self { folder, reader }
        }

        /// Waits until a holder of the pipe has written a line.
        async fn begun(&mut self) {
            self.reader.readable().await.unwrap();
            let mut line = [0; 3];
            self.reader.read_exact(&mut line).await.unwrap();
            assert_eq!(&line, b"up\n");
        }

        async fn ended(&mut self) {
            let mut rest = Vec::new();
            let wait = self.reader.read_to_end(&mut rest);
            tokio::time::timeout(Duration::from_secs(10), wait).await.expect("a process outlived its end").unwrap();
        }

        fn shell(&self, script: &str) -> Command {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script, "sh"]).arg(self.folder.path().join("alive"));
            command
        }
    }

    /// A program with a child of its own, both holding the lifeline.
    const FAMILY: &str = r#"exec >"$1"; sleep 600 & echo up; wait"#;

    #[tokio::test]
    async fn killing_reaches_the_children_of_the_child() {
        let mut line = Lifeline::new();
        let running = Running::start(line.shell(FAMILY), Limits::INSPECT, Vec::new()).await.unwrap();
        line.begun().await;
        running.kill().await.unwrap();
        line.ended().await;
    }

    #[tokio::test]
    async fn dropping_kills_the_whole_group() {
        let mut line = Lifeline::new();
        let running = Running::start(line.shell(FAMILY), Limits::INSPECT, Vec::new()).await.unwrap();
        line.begun().await;
        drop(running);
        line.ended().await;
    }

    /// A child that leaves its group and its parent, and holds the lifeline; the program that began it has ended or waits.
    #[cfg(target_os = "linux")]
    const GONE: &str = r#"exec >"$1"; (setsid sh -c 'sleep 600 & echo up; sleep 600' &) & "#;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_child_that_forks_away_dies_with_its_job() {
        for (after, ends) in [("wait; exit 0", true), ("sleep 600", false)] {
            let mut line = Lifeline::new();
            let mut running = Running::start(line.shell(&format!("{GONE}{after}")), Limits::INSPECT, Vec::new()).await.unwrap();
            line.begun().await;
            if ends {
                assert!(running.wait().await.unwrap().success());
                drop(running);
            } else {
                running.kill().await.unwrap();
            }
            line.ended().await;
        }
    }

    #[tokio::test]
    async fn a_child_sees_no_secret_and_runs_under_limits() {
        let script = "env; echo core=$(ulimit -c) cpu=$(ulimit -t)";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env("OPENAI_API_KEY", "secret");
        let mut running = Running::start(command, Limits::INSPECT, Vec::new()).await.unwrap();
        let (_, mut stdout, _) = running.streams().unwrap();
        let mut said = String::new();
        stdout.read_to_string(&mut said).await.unwrap();
        assert!(running.wait().await.unwrap().success());
        assert!(said.contains("core=0 cpu=30"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }

    /// Names the lifeline's folder to the process that the next test kills.
    #[cfg(target_os = "linux")]
    const DOOMED: &str = "REELGRAPH_TEST_DOOMED_SERVER";

    #[cfg(target_os = "linux")]
    #[tokio::test]
    #[ignore = "the server that `no_child_survives_a_killed_server` starts and kills"]
    async fn doomed_server() {
        let Some(folder) = std::env::var_os(DOOMED) else { return };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#"exec >"$1"; echo up; exec sleep 600"#, "sh"]).arg(std::path::Path::new(&folder).join("alive"));
        let mut running = Running::start(command, Limits::INSPECT, Vec::new()).await.unwrap();
        running.wait().await.unwrap();
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn no_child_survives_a_killed_server() {
        let mut line = Lifeline::new();
        let mut server = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "server::media::sandbox::tests::doomed_server"])
            .env(DOOMED, line.folder.path())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        line.begun().await;
        server.kill().await.unwrap();
        line.ended().await;
    }
}
