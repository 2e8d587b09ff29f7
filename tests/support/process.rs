//! The real program as a child process, for tests that kill it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use std::io::{BufRead, BufReader};

use super::{Client, PATIENCE};

/// Settings of the machine that a test must not meet.
const SETTINGS: [&str; 19] = [
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "GEMINI_API_KEY",
    "GEMINI_BASE_URL",
    "XAI_API_KEY",
    "XAI_BASE_URL",
    "REELGRAPH_MODELS",
    "REELGRAPH_ACCESS_TOKEN",
    "REELGRAPH_PUBLIC_ORIGIN",
    "REELGRAPH_TRUSTED_PROXIES",
    "REELGRAPH_LOG_FORMAT",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// The command that serves from `dir`, changed.
fn serve(dir: &Path, change: impl FnOnce(&mut Command)) -> Command {
    let mut command = program(dir, "serve");
    // Stands for the browser's files, which these tests do not need.
    let site = dir.join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    command.args(["--workers", "2", "--site-root"]).arg(site).env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env("RUST_LOG", "info");
    change(&mut command);
    command
}

/// A command of the program on the database and the videos in `dir`.
fn program(dir: &Path, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelgraph"));
    command
        .arg(name)
        .arg("--database-url")
        .arg(format!("sqlite://{}", dir.join("media.db").display()))
        .arg("--videos-url")
        .arg(format!("file:{}", dir.join("videos").display()))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    for key in SETTINGS {
        command.env_remove(key);
    }
    command
}

/// The same command run by a shell, which does `first` before: `ulimit -n 64; `.
pub fn by_shell(command: &Command, first: &str, redirection: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{first}exec \"$0\" \"$@\" {redirection}")).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    shell
}

/// Runs a command of the program to its end on the database and the videos in `dir`, and gives its exit code, its report and what it complains of.
pub fn ran(dir: &Path, name: &str, change: impl FnOnce(&mut Command)) -> (Option<i32>, String, String) {
    let mut command = program(dir, name);
    command.stdout(Stdio::piped());
    change(&mut command);
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Starts the program with settings it refuses, and gives its exit code and what it says.
pub fn refused(dir: &Path, change: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
    let output = serve(dir, change).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Starts the program on the database and the videos in `dir`, and kills it after `moment`, wherever it is then.
pub fn killed_after(dir: &Path, moment: std::time::Duration) {
    let quiet = |command: &mut Command| {
        command.stderr(Stdio::null());
    };
    let mut child = serve(dir, quiet).spawn().unwrap();
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Has the command run with `folder` on a small disk of its own, of `size` as `mount` reads it, which no other process sees but through
/// [`ServerProcess::its`]. `false`, and the command as it was, where the kernel lets nobody make a namespace.
pub fn on_a_small_disk(command: &mut Command, folder: &Path, size: &str) -> bool {
    let enter = ["--map-root-user", "--mount", "sh", "-c"];
    let mount = format!(r#"mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@""#);
    let tried = Command::new("unshare").args(enter).args([&mount, &folder.display().to_string(), "true"]).output();
    if !tried.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no disk can be mounted here ({tried:?})");
        return false;
    }
    let mut inside = Command::new("unshare");
    inside.args(enter).arg(mount).arg(folder).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    inside.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    *command = inside;
    true
}

/// A running `reelgraph serve`. Killed when dropped.
pub struct ServerProcess {
    child: Child,
    /// Speaks to it.
    pub client: Client,
    log: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl ServerProcess {
    /// Starts the program on the database and the videos in `dir`, and waits until it accepts connections.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, |_| {})
    }

    /// The same, with the command changed.
    pub fn start_with(dir: &Path, change: impl FnOnce(&mut Command)) -> Self {
        Self::run(serve(dir, change))
    }

    /// The same, if the change says that it can be.
    pub fn start_if(dir: &Path, change: impl FnOnce(&mut Command) -> bool) -> Option<Self> {
        let mut is_possible = false;
        let command = serve(dir, |command| is_possible = change(command));
        is_possible.then(|| Self::run(command))
    }

    fn run(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let mut address: Option<SocketAddr> = None;
        for line in lines.by_ref().map_while(Result::ok) {
            let found = line.split_once("listening on http://").map(|(_, rest)| {
                // In JSON more follows.
                rest.split(|letter: char| letter == '"' || letter.is_whitespace()).next().unwrap().parse().unwrap()
            });
            log.push_str(&(line + "\n"));
            if found.is_some() {
                address = found;
                break;
            }
        }
        let address = address.unwrap_or_else(|| panic!("the server did not start:\n{log}"));
        // A full pipe would stop the server.
        let log = Arc::new(Mutex::new(log));
        let kept = log.clone();
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push_str(&(line + "\n"))));
        Self { child, client: Client::new(address), log, reader: Some(reader) }
    }

    /// Starts the program with its log where nobody reads it, and waits until it answers.
    pub async fn start_unheard(dir: &Path, change: impl FnOnce(&mut Command)) -> Self {
        // Nobody tells the port that it would choose itself.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = serve(dir, |command| {
            command.env("LEPTOS_SITE_ADDR", address.to_string());
            change(command);
        });
        let child = command.spawn().unwrap();
        let server = Self { child, client: Client::new(address), log: Arc::default(), reader: None };
        let began = std::time::Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(began.elapsed() < super::PATIENCE, "the server did not start");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        server
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it has logged `words`.
    pub async fn logged(&self, words: &str) {
        let begun = std::time::Instant::now();
        while !self.log().contains(words) {
            assert!(begun.elapsed() < PATIENCE, "{words:?} is not in the log:\n{}", self.log());
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    }

    /// Its process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A path as the program sees it, where that has disks of its own.
    pub fn its(&self, path: &Path) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.child.id())).join(path.strip_prefix("/").unwrap())
    }

    /// Does something while the program stands still.
    pub fn held_still(&self, act: impl FnOnce()) {
        let signal = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.id() as i32), signal).unwrap();
        signal(nix::sys::signal::Signal::SIGSTOP);
        act();
        signal(nix::sys::signal::Signal::SIGCONT);
    }

    /// The most memory that it has held so far, in KiB.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap();
        peak.parse().unwrap()
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits until it is gone and all that it logged was read; gives that.
    pub fn ended(mut self) -> String {
        self.ask_to_end();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.log()
    }

    /// SIGTERM, and waits until it is gone; gives its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        self.ask_to_end();
        self.child.wait().unwrap().code()
    }

    fn ask_to_end(&self) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.id() as i32), nix::sys::signal::Signal::SIGTERM).unwrap();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
