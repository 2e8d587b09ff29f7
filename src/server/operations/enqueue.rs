//! How work gets into the queue, and what a job of each kind works on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    domain::{
        ExecutionId, ImageId, JobId, Media, NodeId, Sha256, Timestamp, VideoId,
        event::Happening,
        image::Frame,
        job::{Job, JobKind, POSTER_PRIORITY, Status},
        provider::{self, Provider, Size},
    },
    server::{
        Result,
        store::{
            Tx, events,
            jobs::{self, QueuedJob, lane},
            spends::{self, Intent},
        },
    },
};

/// What a `generate` job makes, and who makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerateInput {
    /// The provider that does the work: `animatic` in a draft, whatever the node names.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// What is to be seen.
    pub prompt: String,
    /// Length in seconds.
    pub seconds: f64,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The seed, where the user fixed one.
    pub seed: Option<i64>,
    /// Which take, from 1.
    pub take: i64,
    /// Everything else.
    pub params: Value,
    /// The picture it begins with.
    #[serde(default)]
    pub first_frame: Option<ImageId>,
    /// The picture it ends with.
    #[serde(default)]
    pub last_frame: Option<ImageId>,
    /// The clip's name in the library.
    pub name: String,
}

/// What a `stitch` job joins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StitchInput {
    /// The clips in their order.
    pub video_ids: Vec<VideoId>,
    /// `cut`, or the name of an xfade transition.
    pub transition: String,
    /// How long a transition lasts, in seconds.
    pub transition_seconds: f64,
    /// Width and height in pixels; else the first clip's.
    pub size: Option<(u32, u32)>,
    /// Frames a second; else the first clip's.
    pub fps: Option<f64>,
    /// The clip's name in the library.
    pub name: String,
}

/// What a `poster` job makes the poster of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosterInput {
    /// The video.
    pub video_id: VideoId,
}

/// What a `frame_grab` job takes out of which clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameGrabInput {
    /// The clip.
    pub video_id: VideoId,
    /// The frame.
    pub frame: Frame,
}

/// What a job works on.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// A clip to generate.
    Generate(GenerateInput),
    /// Clips to join.
    Stitch(StitchInput),
    /// A frame to take out of a clip.
    FrameGrab(FrameGrabInput),
}

/// Who asks for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// A node of an execution.
    Node(ExecutionId, NodeId),
    /// A caller of the API, on its own.
    Caller,
}

/// Puts work into the queue, unless the same is there already: then that job serves both. Ring the bell after the commit.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut Tx, work: &Work, key: Sha256, requester: Requester) -> Result<Job> {
    if let Some(same) = jobs::in_flight(tx, &key).await? {
        if requester == Requester::Caller {
            jobs::set_stand_alone(tx, same.job.id).await?;
        }
        return Ok(same.job);
    }
    let queued = new_job(work, key, requester)?;
    jobs::insert(tx, &queued).await?;
    if let (Work::Generate(input), true) = (work, queued.lane != lane::LOCAL) {
        spends::insert(tx, &intent(input, &queued.job)).await?;
    }
    events::record(tx, &Happening::Job(queued.job.clone())).await?;
    Ok(queued.job)
}

/// What the ledger has of a request before anything is sent.
fn intent(input: &GenerateInput, job: &Job) -> Intent {
    let (width, height) = input.size;
    let model = Provider::from_name(&input.provider).and_then(|provider| provider::model(provider, &input.model));
    Intent {
        job_id: job.id,
        execution_id: job.execution_id,
        node_id: job.node_id.clone(),
        provider: input.provider.clone(),
        model: input.model.clone(),
        prompt: input.prompt.clone(),
        estimated_usd_micros: model.and_then(|model| model.usd_micros(input.seconds, Size { width, height })),
    }
}

/// Puts the poster of a new video into the queue, behind all that somebody asked for. Ring the bell after the commit.
///
/// # Errors
/// The database's.
pub async fn enqueue_poster(tx: &mut Tx, video_id: VideoId) -> Result<()> {
    let job = Job { video_id: Some(video_id), priority: POSTER_PRIORITY, ..waiting(JobKind::Poster) };
    let input = serde_json::to_value(PosterInput { video_id })?;
    // No execution waits for it, so none can end it.
    let queued = QueuedJob { job: job.clone(), key: None, input, attempts: 0, stand_alone: true, lane: lane::LOCAL.to_owned() };
    jobs::insert(tx, &queued).await?;
    events::record(tx, &Happening::Job(job)).await
}

/// Stores a job whose result was there before it was asked for.
///
/// # Errors
/// The database's.
pub async fn record_cached(tx: &mut Tx, work: &Work, key: Sha256, media: Media) -> Result<Job> {
    let mut queued = new_job(work, key, Requester::Caller)?;
    let now = Some(queued.job.created_at);
    let (video_id, image_id) = (media.video(), media.image());
    let job = Job { status: Status::Succeeded, progress: 1.0, video_id, image_id, started_at: now, finished_at: now, ..queued.job };
    queued.job = job.clone();
    jobs::insert(tx, &queued).await?;
    events::record(tx, &Happening::Job(queued.job)).await?;
    Ok(job)
}

fn new_job(work: &Work, key: Sha256, requester: Requester) -> Result<QueuedJob> {
    let (kind, input) = match work {
        Work::Generate(input) => (JobKind::Generate, serde_json::to_value(input)?),
        Work::Stitch(input) => (JobKind::Stitch, serde_json::to_value(input)?),
        Work::FrameGrab(input) => (JobKind::FrameGrab, serde_json::to_value(input)?),
    };
    let stand_alone = requester == Requester::Caller;
    let (execution_id, node_id) = match requester {
        Requester::Node(execution_id, node_id) => (Some(execution_id), Some(node_id)),
        Requester::Caller => (None, None),
    };
    let job = Job { execution_id, node_id, ..waiting(kind) };
    let lane = match work {
        Work::Generate(input) => lane::of(&input.provider),
        Work::Stitch(_) | Work::FrameGrab(_) => lane::LOCAL,
    };
    Ok(QueuedJob { job, key: Some(key), input, attempts: 0, stand_alone, lane: lane.to_owned() })
}

/// A new job that waits for its turn.
fn waiting(kind: JobKind) -> Job {
    Job {
        id: JobId::generate(),
        kind,
        status: Status::Queued,
        progress: 0.0,
        message: String::new(),
        execution_id: None,
        node_id: None,
        video_id: None,
        image_id: None,
        error: None,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        priority: 0,
        paused: false,
    }
}
