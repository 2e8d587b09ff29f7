//! Joining clips into one and keeping it.

use super::context::Context;
use crate::{
    domain::{
        VideoId,
        video::{SourceType, StitchRecord},
    },
    server::{
        Result,
        library::{
            ingest::{self, Incoming, MetadataFailure},
            videos,
        },
        media::{
            staging::StagedFile,
            stitch::{join, params::StitchParams},
        },
        operations::enqueue::StitchInput,
    },
};

/// The share of the work that is ffmpeg's; the rest is reading and storing the clip.
const JOINING: f64 = 0.95;

/// Joins the clips and gives the id of the result. Done again it makes the same bytes, which are stored once.
pub(super) async fn perform(context: &Context<'_>) -> Result<VideoId> {
    let state = context.state;
    let input: StitchInput = serde_json::from_value(context.job.input.clone())?;
    let params =
        StitchParams { transition: input.transition, transition_seconds: input.transition_seconds, size: input.size, fps: input.fps };
    let mut clips = Vec::with_capacity(input.video_ids.len());
    for id in &input.video_ids {
        clips.push(videos::path_of_video(&state.db, &state.content, *id).await?);
    }
    let output = state.content.staging_path("mp4")?;
    let on_progress = |share: f64| context.tell(share * JOINING, "Joining the clips");
    let outcome = join::stitch(&state.ffmpeg, &clips, &params, &output, on_progress, &context.cancel).await?;
    context.tell(JOINING, "Storing the clip");
    let mut record = serde_json::to_value(&params)?;
    record["way"] = serde_json::to_value(outcome.way)?;
    record["plan"] = serde_json::to_value(&outcome.plan)?;
    record["checked"] = outcome.duration_seconds.is_some().into();
    let incoming = Incoming {
        file: StagedFile::read(output).await?,
        name: input.name,
        source_type: SourceType::Stitched,
        generation: None,
        stitch: Some(StitchRecord { input_video_ids: input.video_ids, params: record }),
        metadata_failure: MetadataFailure::KeepWithWarning,
    };
    Ok(ingest::ingest(&state.db, &state.content, &state.ffmpeg, incoming).await?.video_id)
}
