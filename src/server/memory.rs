//! Gives memory that nothing uses back to the system. The C library keeps what a crowd of connections took, in case another comes, and
//! each connection to the database what it has read. The system counts what only the start has run of the program as ours until we say so.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::server::store::Db;

/// How often.
const INTERVAL: Duration = Duration::from_secs(5);

/// Gives back what is free every [`INTERVAL`], until `stop`. To be called where the server has started.
pub async fn run(db: Db, stop: CancellationToken) {
    let mut is_start = true;
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        if std::mem::take(&mut is_start) {
            program::unmap_idle();
        }
        if let Err(error) = db.let_go_of_pages().await {
            tracing::debug!(cause = %error, "the database let go of no pages");
        }
        // It walks through all that is free: a millisecond or some. Whether it could be begun matters to nobody.
        let _ = tokio::task::spawn_blocking(give_back).await;
    }
}

/// Lets the C library keep what is free until it is given back here: by itself it gives back and takes again at each page that is made. To be
/// called before there are other threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_free() {
    /// Below the 32 MiB above which each piece is asked of the system for itself, whatever is said here.
    const LARGEST: libc::c_int = 16 << 20;
    // One a core, in place of eight: each keeps pages of its own of which a few bytes are used, and what a thread frees is of use to its arena alone.
    let arenas = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    // SAFETY: they take no pointer, and refuse what they do not know (mallopt(3)).
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, 4 * LARGEST);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST);
        libc::mallopt(libc::M_ARENA_MAX, libc::c_int::try_from(arenas).unwrap_or(libc::c_int::MAX));
    }
}

/// Other libraries decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_free() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    // SAFETY: it takes no pointer, and glibc says that it may be called from every thread (malloc_trim(3)).
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Other libraries give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}

#[cfg(target_os = "linux")]
mod program {
    //! The program's own code in memory.

    use std::ops::Range;

    /// Lets go of the pages of code that were run so far: most by the start alone. They are the file's, and come back from what the system
    /// holds of it, some at a time, when they are run again.
    pub fn unmap_idle() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let Some(code) = maps.lines().find_map(code) else { return };
        // SAFETY: a private mapping of the program's file that nothing may write to, so that its pages are what the file has (madvise(2),
        // MADV_DONTNEED: "repopulating the memory contents from the up-to-date contents of the underlying mapped file").
        let _ = unsafe { libc::madvise(code.start as *mut libc::c_void, code.len(), libc::MADV_DONTNEED) };
    }

    /// Where a line of `/proc/self/maps` says that this function lies (proc_pid_maps(5)); `None` where it lies elsewhere.
    fn code(line: &str) -> Option<Range<usize>> {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        (rest.starts_with("r-xp ") && range.contains(&(unmap_idle as fn() as usize))).then_some(range)
    }

    #[cfg(test)]
    #[expect(clippy::unwrap_used)]
    mod tests {
        use super::*;

        /// KiB of this program's code that are in memory for it.
        fn resident() -> usize {
            let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let mut lines = smaps.lines().skip_while(|line| code(line).is_none());
            let size = lines.find_map(|line| line.strip_prefix("Rss:")).unwrap();
            size.trim().trim_end_matches(" kB").parse().unwrap()
        }

        #[test]
        fn code_that_is_not_run_takes_no_memory() {
            let before = resident();
            unmap_idle();
            let after = resident();
            // Other tests may run meanwhile; without it there is never less.
            assert!(after < before, "{before} KiB before, {after} KiB after");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod program {
    /// Other systems count shared pages of code apart.
    pub fn unmap_idle() {}
}
