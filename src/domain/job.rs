//! Jobs: every step that does work is one. The states and which may follow which; how a user sees and orders the queue.

use std::{borrow::Cow, ops::RangeInclusive};

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Number;
use utoipa::{IntoParams, ToSchema, openapi::Object};

use super::{
    asset_ref::AssetRef,
    error::{ApiError, ErrorKind, WorkflowRef},
    ids::{ExecutionId, ImageId, JobId, NodeId, VideoId},
    limits,
    optional::given,
    page::{Filter, Page},
    timestamp::Timestamp,
};

/// The priorities a job may have. The highest runs first; among equals executions take turns.
pub const PRIORITIES: RangeInclusive<i32> = -1000..=1000;

/// The priority of a poster: behind all that somebody asked for.
pub const POSTER_PRIORITY: i32 = -100;

/// What a job says that is held: a paid request that a copied or restored database found queued.
pub const HELD: &str = "Waits until `reelgraph check` was run: this database is a copy or was restored, and this may be paid for already";

/// Where a job or an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for its turn.
    Queued,
    /// A worker has it.
    Running,
    /// Done, with its result.
    Succeeded,
    /// Ended without a result; the error says why.
    Failed,
    /// Stopped by the user.
    Cancelled,
    /// A paid request whose outcome is not known; waits for the user.
    Unknown,
}

/// What can happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobEvent {
    /// A worker takes it.
    Start,
    /// Its worker died or stopped before it was done; it may safely be done again.
    Requeue,
    /// It is done.
    Succeed,
    /// It ended with an error.
    Fail,
    /// The user stops it.
    Cancel,
    /// A paid request left, and nothing tells whether it arrived.
    LoseOutcome,
    /// The user wants the outcome of a paid request looked for. Nothing is sent again.
    CheckAgain,
}

impl Status {
    /// Every status, in the order of a job's life.
    pub const ALL: [Self; 6] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled, Self::Unknown];

    /// The status after `event`, or `None` where the event cannot happen: a finished job stays as it is.
    #[must_use]
    pub fn next(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Queued, JobEvent::Start) => Some(Self::Running),
            (Self::Running, JobEvent::Requeue) | (Self::Unknown, JobEvent::CheckAgain) => Some(Self::Queued),
            (Self::Running | Self::Unknown, JobEvent::Succeed) => Some(Self::Succeeded),
            (Self::Running | Self::Unknown | Self::Queued, JobEvent::Fail) => Some(Self::Failed),
            (Self::Queued | Self::Running | Self::Unknown, JobEvent::Cancel) => Some(Self::Cancelled),
            (Self::Running, JobEvent::LoseOutcome) => Some(Self::Unknown),
            _ => None,
        }
    }

    /// Whether nothing more will happen by itself or by the user.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// The status's stable name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Reads a whole number however it is written: to JSON, 10 and 10.0 are the same.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let number = Number::deserialize(deserializer)?;
    let whole = number.as_i64().or_else(|| number.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64));
    let whole = whole.and_then(|whole| i32::try_from(whole).ok());
    whole.map(Some).ok_or_else(|| D::Error::custom(format!("invalid value: {number}, expected a whole number")))
}

fn priority() -> Object {
    let (least, most) = PRIORITIES.into_inner();
    limits::integer(least.into(), most.into()).description(Some("The highest runs first.")).build()
}

/// What a job does: the name of its operation. A newer version's is kept, and never done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct JobKind(Cow<'static, str>);

impl JobKind {
    /// Makes the poster of a video: the one kind that no node asks for.
    pub const POSTER: Self = Self(Cow::Borrowed("poster"));

    /// The kind of that name; any name is one.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }

    /// The kind's stable name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Why a job or a node failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// What kind of error it was.
    pub kind: ErrorKind,
    /// What happened and what to do.
    pub message: String,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { kind: error.kind, message: error.message }
    }
}

/// A job as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The job's id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub status: Status,
    /// From 0 to 1.
    pub progress: f64,
    /// What it is doing now, or did last.
    pub message: String,
    /// The execution it belongs to, if one.
    pub execution_id: Option<ExecutionId>,
    /// The node it works for, if one.
    pub node_id: Option<NodeId>,
    /// The video it made; of a poster the video it is of.
    pub video_id: Option<VideoId>,
    /// The image it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
    /// What it made, of whatever kind. Events of older versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetRef>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a worker first took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// From -1000 to 1000; the highest runs first. Events of older versions have none.
    #[serde(default)]
    pub priority: i32,
    /// Waits until it is resumed, whatever its priority. Events of older versions do not say.
    #[serde(default)]
    pub paused: bool,
}

impl Job {
    /// The same job, having made that.
    #[must_use]
    pub fn with_asset(self, asset: Option<AssetRef>) -> Self {
        Self { video_id: asset.and_then(AssetRef::video), image_id: asset.and_then(AssetRef::image), asset, ..self }
    }
}

/// What `PATCH /api/jobs/{id}` takes. What is left out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct JobChange {
    /// From -1000 to 1000; the highest runs first.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole")]
    #[schema(schema_with = priority)]
    pub priority: Option<i32>,
    /// Whether it waits until it is resumed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    pub paused: Option<bool>,
}

/// Which jobs a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobFilter {
    /// In this status.
    pub status: Option<Status>,
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// Of this execution, those included that it shares with another.
    pub execution_id: Option<ExecutionId>,
}

impl Filter for JobFilter {}

/// One place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Before the job that is now before it.
    Earlier,
    /// After the job that is now after it.
    Later,
}

/// A job as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRow {
    /// The job.
    pub job: Job,
    /// The name of the clip it makes: what the user called it, or the beginning of its prompt.
    pub title: String,
    /// The workflow it was begun from, if one that is still there.
    pub workflow: Option<WorkflowRef>,
    /// Whether a provider charges for it.
    pub is_paid: bool,
}

/// How it stands with the posters, which are too many and too small to be listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosterJobs {
    /// Waiting or being made.
    pub under_way: i64,
    /// Failed in the last day.
    pub failed: i64,
}

/// The page of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobBoard {
    /// The newest event when this was read: from there on it is followed.
    pub event_id: i64,
    /// What has not ended: what runs, what waits for the user, what waits in the order in which it will run, what is paused.
    pub live: Vec<JobRow>,
    /// How many more have not ended than are listed.
    pub unlisted: i64,
    /// What has ended, the last asked for first.
    pub ended: Page<JobRow>,
    /// The posters.
    pub posters: PosterJobs,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [JobEvent; 7] = [
        JobEvent::Start,
        JobEvent::Requeue,
        JobEvent::Succeed,
        JobEvent::Fail,
        JobEvent::Cancel,
        JobEvent::LoseOutcome,
        JobEvent::CheckAgain,
    ];

    #[test]
    fn a_finished_job_never_changes() {
        for status in Status::ALL.into_iter().filter(|status| status.is_finished()) {
            for event in EVENTS {
                assert_eq!(status.next(event), None, "{status:?} {event:?}");
            }
        }
    }

    #[test]
    fn an_unknown_outcome_is_never_started_again_by_itself() {
        assert_eq!(Status::Unknown.next(JobEvent::Start), None);
        assert_eq!(Status::Unknown.next(JobEvent::Requeue), None);
    }

    #[test]
    fn every_status_has_an_event_that_leads_to_it_but_the_first() {
        for status in Status::ALL {
            let reached = Status::ALL.into_iter().any(|from| EVENTS.into_iter().any(|event| from.next(event) == Some(status)));
            assert!(reached, "{status:?}");
            assert_eq!(Status::from_name(status.name()), Some(status));
        }
    }
}
