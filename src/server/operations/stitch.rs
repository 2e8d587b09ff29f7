//! Joining clips into one.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    context::Context,
    operation::{Made, MadeFile, Operation},
};
use crate::{
    domain::{
        AssetKind, AssetRef, ErrorKind, VideoId,
        origin::{Origin, StitchRecord},
        provider::Size,
        stitch::StitchPreview,
    },
    graph::Step,
    server::{
        Error, Result,
        media::{
            ffmpeg::Ffmpeg,
            probed::Clip,
            stitch::{join, params::StitchParams},
        },
    },
};

/// Joins clips into one.
#[derive(Debug)]
pub struct Stitch;

/// Which clips are joined, and how.
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

impl StitchInput {
    fn params(&self) -> StitchParams {
        let Self { transition, transition_seconds, size, fps, .. } = self;
        StitchParams { transition: transition.clone(), transition_seconds: *transition_seconds, size: *size, fps: *fps }
    }

    /// What joining `clips`, its videos, would do to each. Nothing is written.
    ///
    /// # Errors
    /// As for [`join::plan`].
    pub async fn preview(&self, ffmpeg: &Ffmpeg, clips: &[Clip]) -> Result<StitchPreview> {
        let plan = join::plan(ffmpeg, clips, &self.params()).await?;
        Ok(StitchPreview {
            copied: plan.copy,
            width: plan.width,
            height: plan.height,
            fps: (plan.rate.decimal() * 1000.0).round() / 1000.0,
            duration_seconds: plan.duration_seconds(),
            clips: plan.clips.into_iter().map(|clip| clip.changes).collect(),
        })
    }
}

impl Operation for Stitch {
    type Input = StitchInput;

    const NAME: &'static str = "stitch";

    fn input(step: &Step, inputs: &[(&str, AssetRef)]) -> Option<StitchInput> {
        Some(StitchInput {
            video_ids: inputs.iter().filter_map(|(_, asset)| asset.video()).collect(),
            transition: step.text("transition").to_owned(),
            transition_seconds: step.number("transition_seconds")?,
            size: step.text("size").parse().ok().map(|size: Size| (size.width, size.height)),
            fps: step.number("fps"),
            name: format!("Stitch of {} clips", inputs.len()),
        })
    }

    fn title(input: &StitchInput) -> String {
        input.name.clone()
    }

    fn rename(input: &mut StitchInput, name: String) {
        input.name = name;
    }

    async fn perform(input: StitchInput, context: &Context<'_>) -> Result<Made> {
        let params = input.params();
        let StitchInput { video_ids, name, .. } = input;
        let clips = stored(&video_ids, context).await?;
        let path = context.content.staging_path("mp4")?;
        let on_progress = |share: f64| (context.on_progress)(share, "Joining the clips");
        on_progress(0.0);
        let outcome = join::stitch(context.ffmpeg, &clips, &params, &path, on_progress, context.cancel).await?;
        let mut record = serde_json::to_value(&params)?;
        record["way"] = serde_json::to_value(outcome.way)?;
        record["plan"] = serde_json::to_value(&outcome.plan)?;
        record["checked"] = outcome.probed.is_some().into();
        let origin = Origin::Stitched(StitchRecord { input_video_ids: video_ids, params: record });
        Ok(Made::file(MadeFile { path, kind: AssetKind::Video, name, origin, probed: outcome.probed }))
    }
}

/// The error of a clip that could not be opened, saying of one that cannot be read which it is: the one at that place of the list, from 0.
#[must_use]
pub fn of_unreadable(place: usize, error: Error) -> Error {
    match error {
        Error::Api(refused) if refused.kind == ErrorKind::NotAVideo => join::of_clip(place, Error::Api(refused)),
        error => error,
    }
}

/// The clips in their order. One that comes several times is read once.
async fn stored(video_ids: &[VideoId], context: &Context<'_>) -> Result<Vec<Clip>> {
    let mut read: HashMap<VideoId, Clip> = HashMap::new();
    let mut clips = Vec::with_capacity(video_ids.len());
    for (place, id) in video_ids.iter().enumerate() {
        let clip = match read.get(id) {
            Some(clip) => clip.clone(),
            None => tokio::select! {
                () = context.cancel.cancelled() => return Err(Error::Cancelled),
                stored = context.library.clip(*id) => stored.map_err(|error| of_unreadable(place, error))?.clip,
            },
        };
        clips.push(read.entry(*id).or_insert(clip).clone());
    }
    Ok(clips)
}
