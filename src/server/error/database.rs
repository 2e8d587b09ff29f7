//! What SQLite's refusals mean for whoever asked, by their codes: texts change from version to version.

/// Why the database refused. Told from each other by what helps: room, patience, a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseFault {
    /// The disk has no room for its file, its log or the log's index.
    Full,
    /// Another program, or a long queue, has it; it will be free again.
    Busy,
    /// Its file, folder or file system may not be written to.
    ReadOnly,
    /// Its file cannot be opened, or the disk under it refuses.
    OutOfReach,
    /// Its bytes are not those of a database, or contradict each other.
    Damaged,
}

/// SQLite's primary result codes, the low byte of each code: <https://www.sqlite.org/rescode.html>.
mod code {
    pub const PERM: u32 = 3;
    pub const BUSY: u32 = 5;
    pub const LOCKED: u32 = 6;
    pub const READONLY: u32 = 8;
    pub const IOERR: u32 = 10;
    pub const CORRUPT: u32 = 11;
    pub const FULL: u32 = 13;
    pub const CANTOPEN: u32 = 14;
    /// Too much contention for the locks of the log's index.
    pub const PROTOCOL: u32 = 15;
    pub const NOTADB: u32 = 26;
    /// The log's index cannot grow. SQLite reports a full disk so there.
    pub const IOERR_SHMSIZE: u32 = IOERR | 19 << 8;
    /// What was read is not what was written, by the file system's own checksums.
    pub const IOERR_CORRUPTFS: u32 = IOERR | 33 << 8;
}

impl DatabaseFault {
    /// What an error of the database means; `None` for one that is about the statement, not about the database.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        match error {
            // Nobody gave the writer, or a reader, back in time.
            sqlx::Error::PoolTimedOut => Some(Self::Busy),
            sqlx::Error::Database(error) => Self::of_code(error.code()?.parse().ok()?),
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => Some(Self::OutOfReach),
            _ => None,
        }
    }

    fn of_code(code: u32) -> Option<Self> {
        match (code, code & 0xff) {
            (_, code::FULL) | (code::IOERR_SHMSIZE, _) => Some(Self::Full),
            (_, code::BUSY | code::LOCKED | code::PROTOCOL) => Some(Self::Busy),
            (_, code::READONLY) => Some(Self::ReadOnly),
            (_, code::CORRUPT | code::NOTADB) | (code::IOERR_CORRUPTFS, _) => Some(Self::Damaged),
            (_, code::CANTOPEN | code::PERM | code::IOERR) => Some(Self::OutOfReach),
            _ => None,
        }
    }

    /// Whether the same may go well later, without this program being told.
    #[must_use]
    pub fn is_passing(self) -> bool {
        !matches!(self, Self::Damaged)
    }

    /// What is wrong with the database that `name` says, and what to do; without the stop at the end.
    #[must_use]
    pub fn words(self, name: &str) -> String {
        match self {
            Self::Full => format!("the disk of the database {name} is full; free some room"),
            Self::Busy => format!("the database {name} is held by another program; wait for it, or end it"),
            Self::ReadOnly => {
                format!(
                    "the database {name} may not be written to; look at the rights of its file and folder, and whether its disk is mounted for reading only"
                )
            }
            Self::OutOfReach => {
                format!("the database {name} cannot be opened or read; look at the rights of its file and folder, and at the disk")
            }
            Self::Damaged => {
                format!("the database {name} is damaged, or is none; restore a backup in its place, then run `reelgraph check`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_is_about_the_database_has_a_meaning() {
        for (fault, codes) in [
            (DatabaseFault::Full, &[13, 4874][..]),
            // BUSY, LOCKED, BUSY_RECOVERY, LOCKED_SHAREDCACHE, BUSY_SNAPSHOT, BUSY_TIMEOUT, PROTOCOL.
            (DatabaseFault::Busy, &[5, 6, 261, 262, 517, 773, 15]),
            (DatabaseFault::ReadOnly, &[8, 264, 520, 776, 1032, 1288, 1544]),
            // CANTOPEN in its forms, PERM, IOERR_READ, _WRITE, _FSYNC.
            (DatabaseFault::OutOfReach, &[14, 270, 526, 1038, 3, 10, 266, 778, 1034]),
            (DatabaseFault::Damaged, &[11, 267, 523, 779, 26, 8458]),
        ] {
            for code in codes {
                assert_eq!(DatabaseFault::of_code(*code), Some(fault), "{code}");
            }
        }
        // ERROR and CONSTRAINT_UNIQUE are about the statement.
        assert_eq!([1, 2067].map(DatabaseFault::of_code), [None, None]);
    }
}
