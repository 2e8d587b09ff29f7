//! Cutting a part out of a clip.

use serde::{Deserialize, Serialize};

use super::{
    context::Context,
    operation::{Made, MadeFile, Operation},
};
use crate::{
    domain::{
        AssetKind, AssetRef, VideoId,
        origin::{MadeBy, Origin},
    },
    graph::Step,
    server::{
        Result,
        media::frames::{self, Span},
    },
};

/// Cuts a part out of a clip.
#[derive(Debug)]
pub struct Trim;

/// Which part is cut out of which clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrimInput {
    /// The clip.
    pub video_id: VideoId,
    /// Where the part begins, in seconds; with the clip where that is open.
    pub in_seconds: Option<f64>,
    /// Where it ends, in seconds; with the clip where that is open.
    pub out_seconds: Option<f64>,
}

impl Operation for Trim {
    type Input = TrimInput;

    const NAME: &'static str = "trim";

    fn input(step: &Step, inputs: &[(&str, AssetRef)]) -> Option<TrimInput> {
        let video_id = inputs.iter().find_map(|(_, asset)| asset.video())?;
        Some(TrimInput { video_id, in_seconds: step.number("in_seconds"), out_seconds: step.number("out_seconds") })
    }

    fn title(_: &TrimInput) -> String {
        "Trim of a clip".to_owned()
    }

    async fn perform(input: TrimInput, context: &Context<'_>) -> Result<Made> {
        let TrimInput { video_id, in_seconds, out_seconds } = input;
        let stored = context.library.clip(video_id).await?;
        let path = context.content.staging_path("mp4")?;
        let on_progress = |share: f64| (context.on_progress)(share, "Trimming the clip");
        on_progress(0.0);
        let span = Span { in_seconds, out_seconds };
        let trimmed = frames::trim(context.ffmpeg, &stored.clip, span, &path, &on_progress, context.cancel).await?;
        let mut params = serde_json::to_value(span)?;
        params["first_frame"] = trimmed.first_frame.into();
        params["frames"] = trimmed.frames.into();
        params["way"] = if trimmed.copied { "copied" } else { "encoded" }.into();
        let made_by = MadeBy { operation: Self::NAME.to_owned(), version: Self::VERSION, inputs: vec![video_id.into()], params };
        let name = format!("Trim of {}", stored.name);
        Ok(Made::file(MadeFile { path, kind: AssetKind::Video, name, origin: Origin::Derived(made_by), probed: Some(trimmed.probed) }))
    }
}
