//! The frames of a clip: one as a picture, told by its number, or a part of them as a clip.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    ffmpeg::{Arguments, Ffmpeg, Limits},
    probe,
    probed::{Clip, Probed},
    timing::Timing,
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
/// [`Ffmpeg::run`].
pub async fn grab(ffmpeg: &Ffmpeg, clip: &Clip, frame: Frame, output: &Path, cancel: &CancellationToken) -> Result<()> {
    let limits = Limits::render(clip.probed.probe.duration_seconds);
    let clip = clip.path.as_path();
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

/// A part of a clip, in seconds from its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// Where it begins; with the first frame where that is open.
    pub in_seconds: Option<f64>,
    /// Where it ends; with the last frame where that is open.
    pub out_seconds: Option<f64>,
}

/// What was cut out of a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Trimmed {
    /// The number of its first frame in the clip, from 0.
    pub first_frame: usize,
    /// How many frames it has: at least one.
    pub frames: usize,
    /// Whether the clip's own packets were taken over, so that nothing is lost.
    pub copied: bool,
    /// What was found of it when it was checked.
    pub probed: Probed,
}

/// How far apart picture and sound of what was cut may end, in seconds.
const DRIFT: f64 = 0.050;
/// The unit of time of what is encoded, in seconds.
const TICK: &str = "1/90000";
/// Half a tick and half a microsecond, in seconds: so much earlier a part is taken to begin, so that no rounding moves its first frame before 0,
/// where a player would not show it.
const ROUNDING: f64 = 6e-6;
/// Bytes of ffprobe's list of packets at most: some millions of frames.
const PACKET_BYTES: usize = 256 << 20;
/// What can be taken over into an MP4 that browsers play.
const COPIED: [&[&str]; 2] = [&["h264", "hevc", "av1"], &["aac", "mp3"]];

/// Writes the part of a clip as an MP4, exact to the frame: a point between two frames counts as the nearer one's. Packets are taken over where
/// the part is made of whole groups of them; else it is encoded, with one thread, so that equal inputs give equal bytes. The sound is cut at the
/// same moments.
///
/// # Errors
/// [`ErrorKind::Invalid`] where the part lies behind the end of the clip, with its length; [`ErrorKind::NotAVideo`] where the clip cannot be
/// decoded to the end of the part; as for [`probe::probe`] of the result and [`Ffmpeg::run`].
pub async fn trim(
    ffmpeg: &Ffmpeg,
    clip: &Clip,
    span: Span,
    output: &Path,
    on_progress: &(dyn Fn(f64) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<Trimmed> {
    let Clip { path: clip, probed } = clip;
    let Probed { probe, report } = &**probed;
    let limits = Limits::render(probe.duration_seconds);
    let packets = packets(ffmpeg, clip, probe.fps, limits, cancel).await?;
    let cut = Cut::new(&packets, span, probe.fps)?;
    let zero = report.container_begins();
    let has_sound = report.audio().is_some();
    let codecs = [report.video(), report.audio()].map(|stream| stream.and_then(|stream| stream.codec_name.as_deref()));
    let can_stay = codecs.into_iter().zip(COPIED).all(|(codec, known)| codec.is_none_or(|codec| known.contains(&codec)));
    if can_stay && cut.is_whole_packets(&packets) {
        let copied = match ffmpeg.run(&cut.copying(clip, zero, output)?, limits, &|_| (), cancel).await {
            Ok(()) => cut.verify(ffmpeg, output, has_sound).await,
            Err(error) => Err(error),
        };
        match copied {
            Ok(probed) => return Ok(Trimmed { first_frame: cut.first, frames: cut.frames, copied: true, probed }),
            Err(error @ (Error::Cancelled | Error::Io { .. } | Error::Timeout { .. } | Error::ToolMissing { .. })) => return Err(error),
            Err(error) => tracing::info!(%error, "cutting without encoding did not hold; encoding"),
        }
    }
    let share = |seconds: f64| on_progress((seconds / cut.seconds).clamp(0.0, 1.0));
    ffmpeg.run(&cut.encoding(clip, zero, has_sound, output)?, limits, &share, cancel).await?;
    let probed = cut.verify(ffmpeg, output, has_sound).await?;
    Ok(Trimmed { first_frame: cut.first, frames: cut.frames, copied: false, probed })
}

/// A packet of the picture: one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Packet {
    /// When it is shown, in seconds.
    at: f64,
    /// Whether it can be decoded without another.
    is_key: bool,
}

/// The packets of the picture, in the order in which they are decoded.
async fn packets(ffmpeg: &Ffmpeg, clip: &Path, fps: f64, limits: Limits, cancel: &CancellationToken) -> Result<Vec<Packet>> {
    let arguments = Arguments::new().option("-select_streams", "V:0").option("-show_entries", "packet=pts_time,dts_time,flags");
    let listed = ffmpeg.inspect(&arguments.option("-of", "csv=p=0").user_input(clip)?, limits, PACKET_BYTES, cancel).await?;
    let mut packets = Vec::new();
    for line in String::from_utf8_lossy(&listed).lines().filter(|line| line.contains(',')) {
        let mut fields = line.split(',');
        let (shown, decoded) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let flags = fields.next().unwrap_or_default();
        // What an edit list hides is not shown.
        if !flags.contains('D') {
            // A container that tells no time has one frame after the other.
            let at = shown.parse().or_else(|_| decoded.parse()).unwrap_or(packets.len() as f64 / fps);
            packets.push(Packet { at, is_key: flags.starts_with('K') });
        }
    }
    if packets.is_empty() {
        return Err(Error::api(ErrorKind::NotAVideo, "No picture of this video can be decoded."));
    }
    Ok(packets)
}

/// Which frames are cut out.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cut {
    /// The number of the first frame, in the order in which they are shown.
    first: usize,
    /// How many frames.
    frames: usize,
    /// When the first is shown, in the clip's own time, in seconds.
    at: f64,
    /// How long they last together, in seconds.
    seconds: f64,
}

impl Cut {
    fn new(packets: &[Packet], span: Span, fps: f64) -> Result<Self> {
        let mut times: Vec<f64> = packets.iter().map(|packet| packet.at).collect();
        times.sort_by(f64::total_cmp);
        let (begin, last) = (times[0], times[times.len() - 1]);
        // Where each frame begins, and the last one ends.
        times.push(last + 1.0 / fps);
        let nearest = |seconds: f64| {
            let at = begin + seconds;
            let after = times.partition_point(|time| *time < at).min(times.len() - 1);
            let before = after.saturating_sub(1);
            if at - times[before] < times[after] - at { before } else { after }
        };
        let first = span.in_seconds.map_or(0, nearest);
        if first + 1 >= times.len() {
            let length = last + 1.0 / fps - begin;
            let detail = format!("This clip is {length:.2} s long: choose an earlier in point.");
            return Err(Error::api(ErrorKind::Invalid, detail));
        }
        let end = span.out_seconds.map_or(times.len() - 1, nearest).max(first + 1);
        Ok(Self { first, frames: end - first, at: times[first], seconds: times[end] - times[first] })
    }

    /// Whether a run of packets holds just these frames and begins with one that needs no other.
    fn is_whole_packets(&self, packets: &[Packet]) -> bool {
        let end = self.at + self.seconds;
        let is_in = |packet: &Packet| packet.at >= self.at - 1e-6 && packet.at < end - 1e-6;
        let Some(begin) = packets.iter().position(is_in) else { return false };
        let run = packets.iter().skip(begin).take(self.frames);
        packets[begin].is_key && packets[begin].at <= self.at + 1e-6 && run.clone().count() == self.frames && run.clone().all(is_in)
    }

    fn copying(&self, clip: &Path, zero: f64, output: &Path) -> Result<Arguments> {
        let from = if self.first == 0 { Arguments::new() } else { Arguments::new().option("-ss", seconds(self.at - zero)) };
        let arguments = from.user_input(clip)?.option("-map", "0:V:0").option("-map", "0:a:0?").option("-c", "copy");
        // A limit on frames would end the sound with the last packet that is written, not with the last that is shown.
        let beyond = format!("noise=drop='gte(n,{})'", self.frames);
        let arguments = arguments.option("-copypriorss", "0").option("-bsf:v", beyond);
        arguments.option("-t", seconds(self.seconds)).reproducible().mp4_output(output)
    }

    fn encoding(&self, clip: &Path, zero: f64, has_sound: bool, output: &Path) -> Result<Arguments> {
        let (first, end) = (self.first, self.first + self.frames);
        // Moved to 0 as it is written: `setpts` takes the frames' lengths away since ffmpeg 7, and with them how long the last one is shown.
        let (from, length) = (seconds((self.at - zero - ROUNDING).max(0.0)), seconds(self.seconds));
        let mut graph = format!("[0:V:0]trim=start_frame={first}:end_frame={end},crop='2*trunc(iw/2)':'2*trunc(ih/2)'[v]");
        if has_sound {
            // Silence stands in where there is no sound yet, or none any more.
            graph += &format!(
                ";[0:a:0]aresample=48000:async=1:first_pts=0,atrim=start={from},asetpts=PTS-STARTPTS,apad=whole_dur={length},atrim=end={length},\
                 asetpts=PTS+{from}/TB[a]"
            );
        }
        let arguments = Arguments::new().option("-filter_complex_threads", "1").user_input(clip)?;
        let mut arguments = arguments.option("-filter_complex", graph).option("-map", "[v]");
        if has_sound {
            arguments = arguments.option("-map", "[a]");
        }
        arguments
            .option("-fps_mode", "passthrough")
            .option("-enc_time_base:v", TICK)
            .option("-output_ts_offset", format!("-{from}"))
            .reproducible()
            .delivery_encoding()
            .mp4_output(output)
    }

    /// Checks what was cut out, and gives what was found of it: an exit status of 0 does not say that every frame is there.
    async fn verify(&self, ffmpeg: &Ffmpeg, output: &Path, has_sound: bool) -> Result<Probed> {
        let probed = probe::probe(ffmpeg, output).await?;
        let report = &probed.report;
        let frames = report.packets(report.video());
        if frames != self.frames as u64 {
            return Err(Error::Internal(format!("{frames} frames were cut out instead of {}", self.frames)));
        }
        let timing = Timing::of(report);
        match (timing.map(|timing| timing.picture_ends), timing.and_then(|timing| timing.sound)) {
            (Some(picture), Some((_, sound))) if (picture - sound).abs() > DRIFT => {
                Err(Error::Internal(format!("what was cut out has {picture:.3} s of picture beside {sound:.3} s of sound")))
            }
            (Some(_), None) if has_sound => Err(Error::Internal("what was cut out has no sound".into())),
            _ => Ok(probed),
        }
    }
}

/// Seconds as ffmpeg reads them, to the microsecond.
fn seconds(seconds: f64) -> String {
    format!("{seconds:.6}")
}

#[cfg(test)]
#[path = "frames_tests.rs"]
#[expect(clippy::unwrap_used)]
mod tests;
