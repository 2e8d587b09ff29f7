//! Totals for the operator.

use crate::{
    domain::{
        Timestamp,
        job::{JobKind, Status},
        origin::SourceType,
    },
    server::{
        Result,
        runs::jobs,
        store::{
            Db,
            figures::{self, LaneFigure},
            jobs::lane,
        },
    },
};

/// What there is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Kind, status, how many; of every operation in every status, though there be none.
    pub jobs: Vec<(JobKind, Status, i64)>,
    /// Source, how many, their bytes.
    pub videos: Vec<(SourceType, i64, i64)>,
    /// What each lane has to do.
    pub lanes: Vec<Lane>,
    /// Steps that were made, of all runs.
    pub made_steps: i64,
    /// Steps whose result was there.
    pub cached_steps: i64,
}

/// What a lane has to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Its name.
    pub name: &'static str,
    /// Jobs that wait, and jobs under way.
    pub jobs: [(Status, i64); 2],
    /// How long the oldest of those that wait has waited, in seconds; 0 where none does.
    pub oldest_seconds: f64,
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
    let (made_steps, cached_steps) = figures::steps(db).await?;
    Ok(Figures { jobs: counted, videos: figures::videos(db).await?, lanes: lanes(&figures::lanes(db).await?), made_steps, cached_steps })
}

/// Every lane, those with nothing to do too.
fn lanes(found: &[LaneFigure]) -> Vec<Lane> {
    let now = Timestamp::now();
    let lane = |name| {
        let of = |status| found.iter().find(move |figure| figure.lane == name && figure.status == status);
        let number = |status| (status, of(status).map_or(0, |figure| figure.number));
        let oldest_seconds = of(Status::Queued).map_or(0.0, |figure| now.seconds_since(figure.oldest).max(0.0));
        Lane { name, jobs: [number(Status::Queued), number(Status::Running)], oldest_seconds }
    };
    lane::ALL.into_iter().map(lane).collect()
}
