//! Taking a frame out of a clip.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    context::Context,
    operation::{Made, MadeFile, Operation},
};
use crate::{
    domain::{AssetKind, AssetRef, VideoId, image::Frame, origin::Origin},
    graph::Step,
    server::{Result, media::frames},
};

/// Takes a frame out of a clip.
#[derive(Debug)]
pub struct FrameGrab;

/// Which frame is taken out of which clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameGrabInput {
    /// The clip.
    pub video_id: VideoId,
    /// The frame.
    pub frame: Frame,
}

impl Operation for FrameGrab {
    type Input = FrameGrabInput;

    const NAME: &'static str = "frame_grab";

    fn input(step: &Step, inputs: &[(&str, AssetRef)]) -> Option<FrameGrabInput> {
        let frame = match step.text("frame") {
            "first" => Frame::First,
            "last" => Frame::Last,
            _ => Frame::Nth(step.params.get("index").and_then(Value::as_u64)?),
        };
        Some(FrameGrabInput { video_id: inputs.iter().find_map(|(_, asset)| asset.video())?, frame })
    }

    fn title(_: &FrameGrabInput) -> String {
        "Frame of a clip".to_owned()
    }

    async fn perform(input: FrameGrabInput, context: &Context<'_>) -> Result<Made> {
        let stored = context.library.clip(input.video_id).await?;
        let path = context.content.staging_path("png")?;
        (context.on_progress)(0.0, "Looking for the frame");
        frames::grab(context.ffmpeg, &stored.clip, input.frame, &path, context.cancel).await?;
        let name = match input.frame {
            Frame::First => format!("First frame of {}", stored.name),
            Frame::Last => format!("Last frame of {}", stored.name),
            Frame::Nth(number) => format!("Frame {number} of {}", stored.name),
        };
        Ok(Made::file(MadeFile { path, kind: AssetKind::Image, name, origin: Origin::Grabbed, probed: None }))
    }
}
