//! Making a video's poster before anybody looks at it.

use serde::{Deserialize, Serialize};

use super::{
    context::Context,
    operation::{Made, Operation},
};
use crate::{
    domain::{AssetRef, VideoId},
    graph::Step,
    server::{Error, Result},
};

/// Makes the poster of a video. No node asks for it: every new video does.
#[derive(Debug)]
pub struct Poster;

/// What the poster is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosterInput {
    /// The video.
    pub video_id: VideoId,
}

impl Operation for Poster {
    type Input = PosterInput;

    const NAME: &'static str = "poster";

    fn input(_: &Step, _: &[(&str, AssetRef)]) -> Option<PosterInput> {
        None
    }

    fn title(_: &PosterInput) -> String {
        "Poster of a clip".to_owned()
    }

    async fn perform(input: PosterInput, context: &Context<'_>) -> Result<Made> {
        tokio::select! {
            made = context.library.make_poster(input.video_id) => made.map(|()| Made::Beside(input.video_id.into())),
            () = context.cancel.cancelled() => Err(Error::Cancelled),
        }
    }
}
