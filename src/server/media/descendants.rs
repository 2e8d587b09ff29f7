//! The processes that a child has begun, wherever they have gone: one that leaves its group by `setsid`, or its parent by a double fork, still has
//! the environment that it was started with, and in that a mark.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    sync::atomic::{AtomicU64, Ordering},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// The variable that holds the mark.
pub(super) const VARIABLE: &str = "REELGRAPH_CHILD";
/// How often at most the processes are gone through: one that forks while it is looked for is found the next time.
const ROUNDS: usize = 50;

/// What all that one child begins has in its environment: where the server's process is counted, its number there, when it began, and a number
/// of the child's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark(String);

impl Mark {
    /// The mark of a new child.
    pub(super) fn new() -> Self {
        static CHILDREN: AtomicU64 = AtomicU64::new(0);
        let (server, child) = (std::process::id(), CHILDREN.fetch_add(1, Ordering::Relaxed));
        Self(format!("{}.{server}.{}.{child}", namespace(), began(server).unwrap_or_default()))
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Kills whatever bears the mark, until there is nothing left of it. Blocks. On Linux only: elsewhere a process's environment cannot be read, and
    /// what leaves its group goes on.
    pub(super) fn kill_all(&self) {
        kill_where(|mark| mark == self.0);
    }
}

/// Kills what children of servers have left that are dead by now: killed themselves, a server can kill nothing. Blocks.
pub(super) fn kill_orphans() {
    let here = namespace();
    kill_where(|mark| {
        let mut parts = mark.split('.').map(|part| part.parse::<u64>().ok());
        // In a container processes have other numbers: whether that server lives cannot be told from here.
        let is_from_here = parts.next() == Some(Some(here));
        let (server, when) = (parts.next().flatten(), parts.next().flatten());
        is_from_here && matches!((server, when), (Some(server), Some(when)) if began(server as u32) != Some(when))
    });
}

/// Which of the system's countings of processes this one is in.
fn namespace() -> u64 {
    fs::metadata("/proc/self/ns/pid").map_or(0, |found| found.ino())
}

fn kill_where(is_meant: impl Fn(&str) -> bool) {
    for _ in 0..ROUNDS {
        let mut found = false;
        for (process, mark) in marked() {
            if is_meant(&mark) {
                found = true;
                // One that has ended meanwhile is what is wanted.
                if let Err(error) = kill(process, Signal::SIGKILL)
                    && error != nix::errno::Errno::ESRCH
                {
                    tracing::warn!(%process, %error, "a process that a child has left could not be killed");
                    return;
                }
            }
        }
        if !found {
            return;
        }
        // What is killed takes a moment to be gone.
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    tracing::warn!("processes that a child has left begin others faster than they can be killed");
}

/// The processes that bear a mark. Those of other users cannot be read, and are none of ours; the environment of one that has ended is empty.
fn marked() -> Vec<(Pid, String)> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let mark_of = |id: i32| {
        let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
        let mut variables = environment.split(|byte| *byte == 0);
        let mark = variables.find_map(|variable| variable.strip_prefix(VARIABLE.as_bytes())?.strip_prefix(b"="))?;
        Some((Pid::from_raw(id), String::from_utf8_lossy(mark).into_owned()))
    };
    ids.filter_map(mark_of).collect()
}

/// When a process began, in the system's ticks since its own start; `None` where there is no such process.
fn began(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name, in parentheses, may hold anything; what follows is separated by blanks, and the 20th of it is the time.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    if state == "Z" { None } else { fields.nth(18)?.parse().ok() }
}
