//! The frames of a clip: one as a picture, told by its number.

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
#[path = "frames_tests.rs"]
#[expect(clippy::unwrap_used)]
mod tests;
