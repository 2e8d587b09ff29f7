//! Taking a frame out of a clip and keeping it.

use super::context::Context;
use crate::{
    domain::{
        ImageId,
        image::{Frame, ImageSource},
    },
    server::{
        Result,
        library::{
            images::{self, IncomingImage},
            videos,
        },
        media::{frame, staging::StagedFile},
        operations::enqueue::FrameGrabInput,
    },
};

/// The share of the work that is ffmpeg's; the rest is reading and storing the picture.
const TAKING: f64 = 0.9;

/// Takes the frame and gives the image's id. Done again it makes the same bytes, which are stored once.
pub(super) async fn perform(context: &Context<'_>) -> Result<ImageId> {
    let state = context.state;
    let input: FrameGrabInput = serde_json::from_value(context.job.input.clone())?;
    let clip = videos::file(&state.db, input.video_id).await?;
    let path = videos::path_of_video(&state.db, &state.content, input.video_id).await?;
    let output = state.content.staging_path("png")?;
    context.tell(0.0, "Looking for the frame");
    frame::grab(&state.ffmpeg, &path, input.frame, &output, &context.cancel).await?;
    context.tell(TAKING, "Storing the picture");
    let incoming =
        IncomingImage { file: StagedFile::read(output).await?, name: name(&clip.name, input.frame), source_type: ImageSource::Grabbed };
    Ok(images::ingest(&state.db, &state.content, incoming).await?.image_id)
}

fn name(clip: &str, frame: Frame) -> String {
    match frame {
        Frame::First => format!("First frame of {clip}"),
        Frame::Last => format!("Last frame of {clip}"),
        Frame::Nth(number) => format!("Frame {number} of {clip}"),
    }
}
