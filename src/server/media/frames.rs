//! One frame of a clip as a picture: the first, the very last, or one by its number.

use std::path::Path;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::{Arguments, Ffmpeg, Limits},
    probe,
};
use crate::{
    domain::{ApiError, ErrorKind, image::Frame},
    server::{Error, Result},
};

/// The rate at which frames are told apart; any would do, since each frame is given its own tick.
const RATE: &str = "25";
/// So many frames before the last one that was counted are decoded anew: where a damaged clip gives fewer the second time, the last of
/// these is still the last there is.
const MARGIN: u64 = 8;
/// Bytes of ffprobe's count at most.
const COUNT_BYTES: usize = 64 * 1024;

/// Writes the frame as a PNG, turned and shaped as a player shows it; equal clips give equal bytes.
///
/// It is found by decoding from the beginning: a seek goes by times, which containers round or leave out, and may miss the last frame.
///
/// # Errors
/// [`ErrorKind::Invalid`] where the clip has fewer frames, with their number; [`ErrorKind::NotAVideo`] where none can be decoded; as for
/// [`probe::probe`] and [`Ffmpeg::run`].
pub async fn grab(ffmpeg: &Ffmpeg, clip: &Path, frame: Frame, output: &Path, cancel: &CancellationToken) -> Result<()> {
    let limits = Limits::render(probe::probe(ffmpeg, clip).await?.duration_seconds);
    let wanted = match frame {
        Frame::First => "eq(n,0)".to_owned(),
        Frame::Nth(number) => format!("eq(n,{number})"),
        Frame::Last => format!("gte(n,{})", count(ffmpeg, clip, limits, cancel).await?.saturating_sub(MARGIN)),
    };
    let mut arguments = Arguments::new().user_input(clip)?.option("-map", "0:V:0").option("-vf", filters(&wanted)).option("-r", RATE);
    if frame != Frame::Last {
        arguments = arguments.option("-frames:v", "1");
    }
    // Of several frames each overwrites the one before it.
    let arguments = arguments.reproducible().option("-c:v", "png").option("-update", "1").output("image2", output)?;
    ffmpeg.run(&arguments, limits, &|_| (), cancel).await?;
    // Where there is no such frame, ffmpeg succeeds and writes nothing.
    if tokio::fs::metadata(output).await.map_err(Error::io(output))?.len() > 0 {
        return Ok(());
    }
    match (frame, count(ffmpeg, clip, limits, cancel).await?) {
        (Frame::Nth(number), count @ 1..) => Err(out_of_range(number, count)),
        _ => Err(Error::api(ErrorKind::NotAVideo, "No picture of this video can be decoded.")),
    }
}

/// Takes the wanted frames, and gives each a tick of its own, so that none is dropped or doubled; square pixels in 8-bit RGB.
fn filters(wanted: &str) -> String {
    let flags = "bicubic+accurate_rnd+full_chroma_int+bitexact";
    format!("select='{wanted}',settb=1/{RATE},setpts=N,scale=w='max(1,round(iw*sar))':h=ih:flags={flags},setsar=1,format=rgb24")
}

fn out_of_range(number: u64, count: u64) -> Error {
    let has = if count == 1 { "one frame, number 0".to_owned() } else { format!("{count} frames, numbered from 0 to {}", count - 1) };
    let detail = format!("This clip has {has}; there is no frame {number}. Choose a smaller number.");
    ApiError::new(ErrorKind::Invalid, detail).into()
}

#[derive(Debug, Deserialize)]
struct Counted {
    #[serde(default)]
    streams: Vec<CountedStream>,
}

#[derive(Debug, Deserialize)]
struct CountedStream {
    nb_read_frames: Option<String>,
}

/// How many frames can be decoded.
async fn count(ffmpeg: &Ffmpeg, clip: &Path, limits: Limits, cancel: &CancellationToken) -> Result<u64> {
    let arguments = Arguments::new().flag("-count_frames").option("-select_streams", "V:0");
    let arguments = arguments.option("-show_entries", "stream=nb_read_frames").option("-of", "json").user_input(clip)?;
    let counted: Counted = serde_json::from_slice(&ffmpeg.inspect(&arguments, limits, COUNT_BYTES, cancel).await?)?;
    let number = counted.streams.first().and_then(|stream| stream.nb_read_frames.as_deref()?.parse().ok());
    Ok(number.unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::server::media::sample_clips::Clips;

    async fn grabbed(clips: &Clips, clip: &Path, frame: Frame) -> Result<image::RgbImage> {
        let output = clips.write("frame", b"");
        grab(&Ffmpeg::locate(), clip, frame, &output, &CancellationToken::new()).await?;
        let bytes = std::fs::read(output).unwrap();
        Ok(image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap().to_rgb8())
    }

    /// A clip whose frame number n is grey of brightness 20 + 8n.
    fn stairs(clips: &Clips, name: &str, more: &str) -> std::path::PathBuf {
        let picture = "-f lavfi -i color=black:size=64x48:rate=10:duration=2,format=gray,geq=lum='20+8*N'";
        clips.make(name, &format!("{picture} {more} -pix_fmt yuv420p -color_range pc"))
    }

    #[tokio::test]
    async fn the_frame_is_the_one_that_was_asked_for_in_every_container() {
        let clips = Clips::new();
        for (name, more) in [
            // Frames between that depend on later ones, one keyframe in all, and sound that goes on after the picture.
            ("b.mp4", "-f lavfi -i sine=duration=5 -c:v libx264 -bf 3 -g 250 -crf 4 -c:a aac"),
            ("c.mkv", "-c:v libx264 -bf 2 -crf 4"),
            ("d.ts", "-c:v libx264 -bf 3 -crf 4"),
            ("e.webm", "-c:v libvpx -b:v 2M"),
            ("f.avi", "-c:v mjpeg -q:v 1"),
        ] {
            let clip = stairs(&clips, name, more);
            let of = async |frame| i32::from(grabbed(&clips, &clip, frame).await.unwrap().get_pixel(32, 24).0[1]);
            let (first, last) = (of(Frame::First).await, of(Frame::Last).await);
            assert!(first < 40 && last > 160, "{name}: {first} {last}");
            assert!((of(Frame::Nth(19)).await - last).abs() <= 1, "{name}: the twentieth is the last");
            let (seventh, eighth) = (of(Frame::Nth(7)).await, of(Frame::Nth(8)).await);
            assert!((5..=11).contains(&(eighth - seventh)), "{name}: {seventh} {eighth}");
        }
    }

    #[tokio::test]
    async fn a_number_too_high_is_answered_with_how_many_there_are() {
        let clips = Clips::new();
        let clip = clips.silent("ten.mp4", "64x48", 10);
        assert!(grabbed(&clips, &clip, Frame::Nth(9)).await.is_ok());
        let error = crate::domain::ApiError::from(grabbed(&clips, &clip, Frame::Nth(10)).await.unwrap_err());
        assert_eq!(error.message, "This clip has 10 frames, numbered from 0 to 9; there is no frame 10. Choose a smaller number.");
        let single = clips.make("one.mp4", "-f lavfi -i testsrc2=size=64x64:rate=1 -frames:v 1 -c:v libx264 -pix_fmt yuv420p");
        assert!(grabbed(&clips, &single, Frame::Last).await.is_ok());
    }

    #[tokio::test]
    async fn it_is_as_a_player_shows_it_and_the_same_each_time() {
        let clips = Clips::new();
        let wide = clips.silent("wide.mp4", "128x64", 10);
        let turned = clips.make("turned.mp4", "-i {wide.mp4} -c copy -metadata:s:v rotate=90");
        assert_eq!(grabbed(&clips, &turned, Frame::Last).await.unwrap().dimensions(), (64, 128));
        let first = grabbed(&clips, &wide, Frame::Nth(3)).await.unwrap();
        assert!(first == grabbed(&clips, &wide, Frame::Nth(3)).await.unwrap());
    }
}
