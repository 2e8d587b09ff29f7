//! Making a video's poster before anybody looks at it.

use super::context::Context;
use crate::{
    domain::{ErrorKind, VideoId},
    server::{Error, Result, library::posters, operations::enqueue::PosterInput, store::videos},
};

/// Makes the poster, unless it is there, and gives the video's id. A video that was deleted meanwhile needs none.
pub(super) async fn perform(context: &Context<'_>) -> Result<VideoId> {
    let state = context.state;
    let PosterInput { video_id } = serde_json::from_value(context.job.input.clone())?;
    let made = tokio::select! {
        made = posters::poster(&state.db, &state.content, &state.ffmpeg, video_id) => made,
        () = context.cancel.cancelled() => return Err(Error::Cancelled),
    };
    match made {
        Ok(poster) if poster.lasting => Ok(video_id),
        _ if videos::file(state.db.reader(), video_id).await?.is_none() => Ok(video_id),
        Ok(_) => Err(Error::api(ErrorKind::Unavailable, "Reading the video took too long. The poster is made when it is first looked at.")),
        Err(error) => Err(error),
    }
}
