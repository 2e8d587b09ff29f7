//! A small disk of a test's own, which outlives the servers that run on it: a tmpfs in a user and mount namespace that one process holds.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The disk. Gone when dropped.
pub struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of `size`, as `mount` reads it, on `folder`. `None`, and said, where the kernel lets nobody do so.
    pub fn mount(folder: &Path, size: &str) -> Option<Self> {
        let mount = format!(r#"mount -t tmpfs -o size={size} tmpfs "$0" && echo mounted && exec cat"#);
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c"]).arg(mount).arg(folder);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut holder) = spawned else {
            eprintln!("skipped: no disk can be mounted here: unshare is not there");
            return None;
        };
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.trim() != "mounted" {
            eprintln!("skipped: no disk can be mounted here: the kernel makes no namespace for a user");
            let _ = holder.wait();
            return None;
        }
        Some(Self { holder, folder: folder.to_path_buf() })
    }

    /// Has the command run where the disk is seen.
    pub fn enter(&self, command: &mut Command) {
        let mut inside = Command::new("nsenter");
        inside.args(["--user", "--mount", "--preserve-credentials", "--target"]).arg(self.holder.id().to_string()).arg("--");
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        *command = inside;
    }

    /// The disk's folder, as it is seen from outside.
    pub fn seen(&self) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.holder.id())).join(self.folder.strip_prefix("/").unwrap())
    }

    /// Leaves not a byte.
    pub fn fill(&self) {
        // Large first, then what is left in small.
        let _ = fs::write(self.seen().join("filling"), vec![1; 1 << 30]);
        let _ = fs::write(self.seen().join("filling-more"), vec![1; 4096]);
    }

    /// Gives the room back.
    pub fn free(&self) {
        for name in ["filling", "filling-more"] {
            let _ = fs::remove_file(self.seen().join(name));
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
