//! Totals for the operator.

use crate::{
    domain::{
        job::{JobKind, Status},
        origin::SourceType,
    },
    server::{
        Result,
        runs::jobs,
        store::{Db, figures},
    },
};

/// What there is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Kind, status, how many; of every operation in every status, though there be none.
    pub jobs: Vec<(JobKind, Status, i64)>,
    /// Source, how many, their bytes.
    pub videos: Vec<(SourceType, i64, i64)>,
}

/// Counts what there is now.
///
/// # Errors
/// The database's.
pub async fn figures(db: &Db) -> Result<Figures> {
    let mut counted = figures::jobs(db).await?;
    for kind in jobs::kinds() {
        for status in Status::ALL {
            if !counted.iter().any(|(of, at, _)| of.name() == kind && *at == status) {
                counted.push((JobKind::from_name(kind), status, 0));
            }
        }
    }
    Ok(Figures { jobs: counted, videos: figures::videos(db).await? })
}
