//! What of a file lies in the machine's memory: it is had at once, without a thread that may wait for a disk.

use std::{
    fs::{File, Metadata},
    path::Path,
};

/// Whether the file system at `path` is known to keep its files on this machine: others ask a server for whatever is opened, in memory or not.
#[cfg(target_os = "linux")]
pub(super) fn is_local(path: &Path) -> bool {
    /// ext2 to ext4, XFS, Btrfs, F2FS, ZFS, bcachefs, tmpfs and what containers lay over them (statfs(2), and the file systems' own headers).
    const LOCAL: [u64; 8] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x2FC1_2FC1, 0xCA45_1A4E, 0x0102_1994, 0x794C_7630];
    rustix::fs::statfs(path).is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| LOCAL.contains(&kind)))
}

/// A file that was opened, what it is, and the bytes of the part that was asked for.
pub(super) type Opened = (File, Metadata, Vec<u8>);

/// Opens the file at `path` and reads the bytes of `part`: the first, and how many. `None` where the disk has to be asked, or the part ends behind
/// the file's end, or the system cannot tell: Linux can, by `openat2(2)` with `RESOLVE_CACHED` from 5.12 on and `preadv2(2)` with `RWF_NOWAIT`.
#[cfg(target_os = "linux")]
pub(super) fn open(path: &Path, part: Option<(u64, usize)>) -> Option<Opened> {
    use std::io::IoSliceMut;

    use rustix::{
        fs::{CWD, Mode, OFlags, ResolveFlags, openat2},
        io::{ReadWriteFlags, preadv2},
    };

    let file = File::from(openat2(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED).ok()?);
    // Of an open file a local file system knows this by heart.
    let found = file.metadata().ok().filter(Metadata::is_file)?;
    let (first, length) = part.unwrap_or_default();
    let mut bytes = vec![0; length];
    let read = if length == 0 { 0 } else { preadv2(&file, &mut [IoSliceMut::new(&mut bytes)], first, ReadWriteFlags::NOWAIT).ok()? };
    (read == length).then_some((file, found, bytes))
}

/// Unknown, and of no use where nothing can be had at once.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_local(_: &Path) -> bool {
    false
}

/// Never: this system cannot tell what lies in memory.
#[cfg(not(target_os = "linux"))]
pub(super) fn open(_: &Path, _: Option<(u64, usize)>) -> Option<Opened> {
    None
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_written_is_there_and_what_is_not_there_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip");
        std::fs::write(&path, b"0123456789").unwrap();
        if let Some((_, found, bytes)) = open(&path, Some((2, 3))) {
            assert_eq!((found.len(), bytes.as_slice()), (10, b"234".as_slice()));
        }
        assert!(open(&path, Some((8, 5))).is_none());
        assert!(open(&dir.path().join("none"), None).is_none());
        assert!(open(dir.path(), None).is_none());
        assert!(!is_local(Path::new("/proc")) && !is_local(&dir.path().join("none")));
    }
}
