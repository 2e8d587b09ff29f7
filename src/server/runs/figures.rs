//! Totals for the operator.

use crate::{
    domain::{
        job::{JobKind, Status},
        video::SourceType,
    },
    server::{
        Result,
        store::{Db, figures},
    },
};

/// What there is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Kind, status, how many.
    pub jobs: Vec<(JobKind, Status, i64)>,
    /// Source, how many, their bytes.
    pub videos: Vec<(SourceType, i64, i64)>,
}

/// Counts what there is now.
///
/// # Errors
/// The database's.
pub async fn figures(db: &Db) -> Result<Figures> {
    Ok(Figures { jobs: figures::jobs(db).await?, videos: figures::videos(db).await? })
}
