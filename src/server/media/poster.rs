//! Posters: one picture of a clip for lists and for players that wait.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::ffmpeg::{Arguments, Ffmpeg, Limits};
use crate::{
    domain::ErrorKind,
    server::{Error, Result},
};

/// The long side of a poster in pixels; smaller clips are not enlarged.
pub(super) const LONG_SIDE: u32 = 512;

/// Where in the clip the poster is taken: past a fade-in, before anything ends.
const SHARE: f64 = 0.1;

/// Writes a JPEG of the frame a tenth into the clip of `duration_seconds`, or of its first one, turned and shaped as a player shows it.
///
/// # Errors
/// [`ErrorKind::NotAVideo`] where no frame can be decoded, and as for [`Ffmpeg::run`].
pub async fn poster(ffmpeg: &Ffmpeg, input: &Path, duration_seconds: Option<f64>, output: &Path) -> Result<()> {
    let within = duration_seconds.map(|seconds| seconds * SHARE);
    for seconds in within.into_iter().chain([0.0]) {
        match frame(ffmpeg, input, seconds, output).await {
            Ok(()) if tokio::fs::metadata(output).await.is_ok_and(|meta| meta.len() > 0) => return Ok(()),
            Ok(()) | Err(Error::Tool { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::api(ErrorKind::NotAVideo, "No picture of this video can be decoded."))
}

/// Writes the frame at `seconds`; where there is none, ffmpeg succeeds and writes nothing.
async fn frame(ffmpeg: &Ffmpeg, input: &Path, seconds: f64, output: &Path) -> Result<()> {
    let fit = format!(
        "scale=w='trunc(iw*sar)':h=ih,scale=w='min({LONG_SIDE},iw)':h='min({LONG_SIDE},ih)':force_original_aspect_ratio=decrease,setsar=1"
    );
    let arguments = Arguments::new().option("-ss", format!("{seconds:.3}")).option("-threads", "1").user_input(input)?;
    let arguments = arguments.option("-map", "0:V:0").option("-frames:v", "1").option("-vf", fit).option("-pix_fmt", "yuvj420p");
    let arguments = arguments.reproducible().option("-c:v", "mjpeg").option("-q:v", "4").option("-update", "1").output("image2", output)?;
    ffmpeg.run(&arguments, Limits::INSPECT, &|_| (), &CancellationToken::new()).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::server::media::sample_clips::Clips;

    async fn size_of_poster(clips: &Clips, input: &Path) -> (u32, u32) {
        let output = clips.path("poster");
        poster(&Ffmpeg::locate(), input, Some(1.0), &output).await.unwrap();
        let bytes = std::fs::read(output).unwrap();
        let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg).unwrap();
        (picture.width(), picture.height())
    }

    #[tokio::test]
    async fn a_poster_is_small_upright_and_of_the_same_shape() {
        let clips = Clips::new();
        let wide = clips.silent("wide.mp4", "1280x720", 10);
        assert_eq!(size_of_poster(&clips, &wide).await, (512, 288));
        let turned = clips.turned("turned.mp4", "wide.mp4");
        assert_eq!(size_of_poster(&clips, &turned).await, (288, 512));
        assert_eq!(size_of_poster(&clips, &clips.silent("small.mp4", "64x48", 10)).await, (64, 48));
    }

    #[tokio::test]
    async fn a_single_frame_is_enough() {
        let clips = Clips::new();
        let single = clips.make("one.mp4", "-f lavfi -i testsrc2=size=64x64:rate=1 -frames:v 1 -c:v libx264 -pix_fmt yuv420p");
        assert_eq!(size_of_poster(&clips, &single).await, (64, 64));
    }

    #[tokio::test]
    async fn what_cannot_be_decoded_has_no_poster() {
        let clips = Clips::new();
        let path = clips.write("noise.mp4", &[7; 5000]);
        let result = poster(&Ffmpeg::locate(), &path, None, &clips.path("poster")).await;
        assert!(matches!(result, Err(Error::Api(_))), "{result:?}");
    }
}
