//! The server's own error: keeps every source, and becomes an [`ApiError`] in one place, which logs a 5xx once with its cause and hides it.

use std::{io, path::PathBuf, time::Duration};

mod database;

pub use database::DatabaseFault;

use crate::domain::{ApiError, ErrorKind};

/// What a provider's refusal means for the job; code decides on this only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderClass {
    /// Nobody was reached, so nothing was made and nothing is owed: the same request may be sent again.
    NotReached,
    /// The provider took nothing now and will later: a rate limit, with the wait it asks for.
    Busy(Option<Duration>),
    /// A question or a download failed and may go well the next time. Never said of a paid request.
    Transient(Option<Duration>),
    /// The request is wrong; nothing was made.
    Rejected,
    /// Moderation refused it.
    Moderated,
    /// No credit, or a quota that does not come back by waiting.
    NoCredit,
    /// The key is wrong, or may not do this.
    BadKey,
    /// The model is no longer offered.
    ModelRetired,
    /// The provider took the job and could not do it.
    Failed,
    /// The provider does not know the job: not yet, no more, or not at this moment.
    NotKnown,
    /// The provider says that the job is over, or the clip gone.
    Expired,
    /// The request may have arrived and may be paid for; nothing tells. Waits for the user, is never sent again by itself.
    Unknown,
}

impl ProviderClass {
    /// The kind of error that users and scripts see.
    #[must_use]
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::NotReached | Self::Transient(_) => ErrorKind::Unavailable,
            Self::Busy(_) => ErrorKind::RateLimited,
            Self::Rejected | Self::Failed => ErrorKind::ProviderFailed,
            Self::Moderated => ErrorKind::Moderated,
            Self::NoCredit => ErrorKind::NoCredit,
            Self::BadKey => ErrorKind::BadKey,
            Self::ModelRetired => ErrorKind::ModelRetired,
            Self::NotKnown | Self::Expired => ErrorKind::Expired,
            Self::Unknown => ErrorKind::UnknownOutcome,
        }
    }
}

/// A provider did not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// What it means for the job.
    pub class: ProviderClass,
    /// What happened and what to do, in a sentence or two for the user.
    pub message: String,
    /// What the provider answered, every secret removed, for support.
    pub raw: Option<String>,
}

impl ProviderError {
    /// A paid request whose outcome is not known; `message` says why and what to do.
    #[must_use]
    pub fn unknown(message: String) -> Self {
        Self { class: ProviderClass::Unknown, message, raw: None }
    }
}

/// Anything that can go wrong in the server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Already in the user's words.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The database refused, or is not there.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database's schema could not be brought up to date.
    #[error("database schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row holds something this version cannot read.
    #[error("database row: {table}.{column} holds {value:?}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// ffmpeg or ffprobe is not installed.
    #[error("{tool} was not found")]
    ToolMissing {
        /// `ffmpeg` or `ffprobe`.
        tool: &'static str,
    },
    /// ffmpeg or ffprobe ended with an error.
    #[error("{tool} ended with {exit}: {stderr}")]
    Tool {
        /// `ffmpeg` or `ffprobe`.
        tool: &'static str,
        /// The exit status in words.
        exit: String,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// Something took longer than it may.
    #[error("{what} took longer than {seconds} s and was stopped")]
    Timeout {
        /// What took too long.
        what: &'static str,
        /// How long it may take.
        seconds: u64,
    },
    /// A provider did not do what was asked of it.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Stopped by the user, or because the server stops.
    #[error("cancelled")]
    Cancelled,
    /// JSON that we wrote ourselves does not read, or the other way round.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// An invariant does not hold.
    #[error("internal: {0}")]
    Internal(String),
}

/// What most of the server returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An I/O error at `path`, for `map_err`.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Shorthand for an error already in the user's words.
    pub fn api(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::Api(ApiError::new(kind, message))
    }

    /// Whether a row of the database holds what cannot be read. It must not hide the others, nor keep the server from starting.
    #[must_use]
    pub fn is_damaged_row(&self) -> bool {
        matches!(self, Self::Row { .. } | Self::Database(sqlx::Error::ColumnDecode { .. }))
    }

    /// Whether a unique index refused an insert: the normal path of a race for first.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// What is wrong with the database itself, if that is what failed.
    #[must_use]
    pub fn database_fault(&self) -> Option<DatabaseFault> {
        match self {
            Self::Database(error) | Self::Migrate(sqlx::migrate::MigrateError::Execute(error)) => DatabaseFault::of(error),
            _ => None,
        }
    }

    /// Whether the disk is full, wherever that was found out.
    #[must_use]
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded),
            error => error.database_fault() == Some(DatabaseFault::Full),
        }
    }

    /// Whether a disk or the database only cannot take this now: once there is room, or another program lets go, the same goes well.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                self.is_storage_full() || matches!(source.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
            }
            error => error.database_fault().is_some_and(DatabaseFault::is_passing),
        }
    }
}

/// Where the database is, in answers to those who need not know the server's folders.
const DATABASE: &str = "that DATABASE_URL names";

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        if error.is_storage_full() {
            tracing::error!(cause = %error, "the disk is full");
            return Self::new(ErrorKind::StorageFull, "The disk is full; nothing was kept of this. Free some room and try again.");
        }
        if let Some(fault) = error.database_fault() {
            tracing::error!(cause = %error, ?fault, "the database refused");
            let (kind, then) = match fault {
                DatabaseFault::Damaged => (ErrorKind::Internal, "The server's log has the cause"),
                _ => (ErrorKind::Unavailable, "Nothing was changed; then try again"),
            };
            let message = match fault {
                DatabaseFault::Busy => {
                    "The database is busy, or held by another program. Nothing was changed. Try again in a moment.".into()
                }
                _ => format!("On the server, {}. {then}.", fault.words(DATABASE)),
            };
            return Self::new(kind, message);
        }
        match error {
            Error::Api(error) => error,
            Error::Cancelled => Self::new(ErrorKind::Cancelled, "Cancelled."),
            Error::Provider(error) => Self::new(error.class.kind(), error.message),
            Error::ToolMissing { tool } => Self::new(
                ErrorKind::Unavailable,
                format!("This needs {tool}, which is not installed on the server. Install ffmpeg and restart the server."),
            ),
            Error::Io { .. } if error.is_passing() => {
                tracing::error!(cause = %error, "a file or folder may not be written to");
                let message = "The server's videos folder (VIDEOS_URL) may not be written to. Look at its rights, and whether its disk is mounted \
                               for reading only; the server's log names the file. Nothing was kept of this.";
                Self::new(ErrorKind::Unavailable, message)
            }
            Error::Tool { tool, .. } | Error::Timeout { what: tool, .. } => {
                tracing::error!(cause = %error, "a tool failed");
                Self::new(ErrorKind::Internal, format!("{tool} could not finish this; the server's log has the details."))
            }
            error @ Error::Row { table, .. } => {
                tracing::error!(cause = %error, "a row cannot be read");
                Self::new(
                    ErrorKind::Unreadable,
                    format!(
                        "What is stored of this is damaged in the database (table {table}); the server's log has the details. Nothing of it was changed: restore a backup, or delete it."
                    ),
                )
            }
            error => {
                tracing::error!(cause = %error, "internal error");
                Self::new(
                    ErrorKind::Internal,
                    "Something went wrong on the server; its log has the cause. Nothing you had stored was changed.",
                )
            }
        }
    }
}
