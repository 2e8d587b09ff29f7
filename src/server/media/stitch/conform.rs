//! What each clip needs before it can be joined with the others, and the numbers of the result. Pure: nothing is run here.

use serde::Serialize;

use super::params::StitchParams;
use crate::{
    domain::{ErrorKind, asset::AudioInfo, transition::CUT},
    server::{
        Error, Result,
        media::{
            probe::Probe,
            report::{Report, Stream},
        },
    },
};

/// How far apart a clip's own picture and sound may end for it to be joined as it is, in seconds.
const OWN_DRIFT: f64 = 0.020;

/// Sound of everything we make, in samples a second.
pub(super) const SAMPLE_RATE: u64 = 48_000;

/// A frame rate as the fraction that ffmpeg computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FrameRate {
    /// Frames…
    pub frames: u64,
    /// …in so many seconds.
    pub seconds: u64,
}

impl FrameRate {
    /// The fraction meant by a decimal rate: television's 23.976, 29.97 and 59.94 are thousandths of 1001.
    #[must_use]
    pub fn from_decimal(rate: f64) -> Self {
        let television = [24_000, 30_000, 60_000, 120_000].into_iter().find(|frames| (rate - f64::from(*frames) / 1001.0).abs() < 0.005);
        match television {
            Some(frames) => Self { frames: frames as u64, seconds: 1001 },
            None if (rate - rate.round()).abs() < 0.0005 => Self { frames: (rate.round() as u64).max(1), seconds: 1 },
            None => Self { frames: ((rate * 1000.0).round() as u64).max(1), seconds: 1000 },
        }
    }

    /// Frames a second.
    #[must_use]
    pub fn decimal(self) -> f64 {
        self.frames as f64 / self.seconds as f64
    }

    /// Seconds that `count` frames last.
    pub(super) fn seconds_of(self, count: u64) -> f64 {
        count as f64 * self.seconds as f64 / self.frames as f64
    }

    /// Whole frames in `seconds`, at least one.
    pub(super) fn frames_in(self, seconds: f64) -> u64 {
        ((seconds * self.decimal()).round() as u64).max(1)
    }

    /// Sound samples that `count` frames last.
    pub(super) fn samples_of(self, count: u64) -> u64 {
        let (frames, seconds) = (u128::from(self.frames), u128::from(self.seconds));
        ((u128::from(count) * u128::from(SAMPLE_RATE) * seconds + frames / 2) / frames) as u64
    }
}

/// What is done to one clip.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipPlan {
    /// Its width as displayed.
    pub width: u32,
    /// Its height as displayed.
    pub height: u32,
    /// Its average frame rate.
    pub fps: f64,
    /// Its length in seconds.
    pub duration_seconds: f64,
    /// Its sound.
    pub audio: Option<AudioInfo>,
    /// What changes, in words for the user; nothing, where it fits as it is.
    pub changes: Vec<String>,
    /// Frames it gives to the result where it is encoded again.
    #[serde(skip)]
    pub(super) frames: u64,
    /// Its picture's stream in the file.
    #[serde(skip)]
    pub(super) video_stream: usize,
    /// Its sound's stream in the file.
    #[serde(skip)]
    pub(super) audio_stream: Option<usize>,
    /// Packets of picture and sound that the file holds.
    #[serde(skip)]
    pub(super) packets: (u64, u64),
}

/// How the clips become one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StitchPlan {
    /// Width of the result: even.
    pub width: u32,
    /// Height of the result: even.
    pub height: u32,
    /// Frame rate of the result.
    pub rate: FrameRate,
    /// Whether the clips can be joined as they are, without loss.
    pub copy: bool,
    /// Whether the result has sound: as soon as one clip has.
    pub sound: bool,
    /// Frames that two neighbours share; 0 for a cut.
    pub transition_frames: u64,
    /// The clips in their order.
    pub clips: Vec<ClipPlan>,
}

impl StitchPlan {
    /// Plans the join. The first clip gives size and rate where `params` leave them open.
    pub(super) fn new(examined: &[(Probe, Report)], params: &StitchParams) -> Result<Self> {
        let Some((first, _)) = examined.first() else {
            return Err(Error::api(ErrorKind::Invalid, "There is no clip to stitch."));
        };
        let (width, height) = params.size.unwrap_or((even(first.width), even(first.height)));
        let rate = FrameRate::from_decimal(params.fps.unwrap_or(first.fps.clamp(1.0, 60.0)));
        let sound = examined.iter().any(|(probe, _)| probe.audio.is_some());
        let cut = params.transition == CUT || params.transition_seconds == 0.0 || examined.len() == 1;
        let mut plan = Self {
            width,
            height,
            rate,
            copy: false,
            sound,
            transition_frames: if cut { 0 } else { rate.frames_in(params.transition_seconds) },
            clips: Vec::with_capacity(examined.len()),
        };
        for (probe, report) in examined {
            let clip = plan.clip(probe, report);
            plan.clips.push(clip);
        }
        plan.transitions_fit(params)?;
        plan.copy = cut && plan.clips.iter().all(|clip| clip.changes.is_empty()) && alike(examined);
        Ok(plan)
    }

    /// Frames of the result where it is encoded.
    pub(super) fn frames(&self) -> u64 {
        let all: u64 = self.clips.iter().map(|clip| clip.frames).sum();
        all.saturating_sub(self.transition_frames * (self.clips.len() as u64).saturating_sub(1))
    }

    /// Length of the result in seconds.
    #[must_use]
    pub fn duration_seconds(&self) -> f64 {
        self.rate.seconds_of(self.frames())
    }

    fn clip(&self, probe: &Probe, report: &Report) -> ClipPlan {
        let video = report.video();
        let audio = report.audio();
        let end = video.and_then(|video| report.end_of(video));
        let length = end.unwrap_or(probe.duration_seconds).min(probe.duration_seconds);
        let packets = |stream: Option<&Stream>| stream.and_then(Stream::frames_promised).unwrap_or(0);
        ClipPlan {
            width: probe.width,
            height: probe.height,
            fps: probe.fps,
            duration_seconds: length,
            audio: probe.audio.clone(),
            changes: self.changes(probe, video),
            frames: self.rate.frames_in(length),
            video_stream: video.map_or(0, |stream| stream.index),
            audio_stream: audio.map(|stream| stream.index),
            packets: (packets(video), packets(audio)),
        }
    }

    fn changes(&self, probe: &Probe, video: Option<&Stream>) -> Vec<String> {
        let mut changes = Vec::new();
        if (probe.width, probe.height) != (self.width, self.height) {
            changes.push(format!("fitted from {} into {}x{}", probe.resolution(), self.width, self.height));
        }
        if video.is_some_and(|video| video.quarter_turns() != 0) {
            changes.push("turned upright".into());
        }
        if (probe.fps - self.rate.decimal()).abs() > 0.001 {
            changes.push(format!("frame rate {} made {}", probe.fps, (self.rate.decimal() * 1000.0).round() / 1000.0));
        }
        if self.sound && probe.audio.is_none() {
            changes.push("silence added".into());
        }
        let format = video.and_then(|video| video.pix_fmt.as_deref()).unwrap_or("unknown");
        if probe.codec != "h264" || format != "yuv420p" {
            changes.push(format!("picture encoded as H.264 (was {} in {format})", probe.codec));
        }
        if let Some(audio) = probe.audio.as_ref().filter(|audio| audio.codec != "aac") {
            changes.push(format!("sound encoded as AAC (was {})", audio.codec));
        }
        changes
    }

    /// A clip between two transitions must hold both.
    fn transitions_fit(&self, params: &StitchParams) -> Result<()> {
        let last = self.clips.len() - 1;
        for (index, clip) in self.clips.iter().enumerate() {
            let both = if index == 0 || index == last { 1 } else { 2 };
            if self.transition_frames > 0 && clip.frames < both * self.transition_frames + u64::from(both == 1) {
                let what = if both == 1 { "a transition" } else { "two transitions" };
                return Err(Error::Api(crate::domain::ApiError::invalid(
                    "/transition_seconds",
                    format!(
                        "Clip {} is {:.2} s long; {what} of {} s does not fit into it. Shorten the transition or choose a cut.",
                        index + 1,
                        clip.duration_seconds,
                        params.transition_seconds
                    ),
                )));
            }
        }
        Ok(())
    }
}

/// The next even number down; H.264 in yuv420p has no odd sides.
fn even(side: u32) -> u32 {
    (side & !1).max(2)
}

/// Everything that must be equal for packets of two files to stand in one stream.
fn signature(report: &Report) -> Option<impl PartialEq> {
    let of = |stream: &Stream| {
        let Stream { codec_name, profile, level, codec_tag_string, extradata_hash, pix_fmt, time_base, .. } = stream.clone();
        let shape = (stream.width, stream.height, stream.sample_aspect_ratio.clone(), stream.avg_frame_rate.clone());
        let sound = (stream.sample_rate(), stream.channels);
        (codec_name, profile, level, codec_tag_string, extradata_hash, pix_fmt, time_base, shape, sound)
    };
    let video = report.video().filter(|video| video.sample_aspect() == 1.0 && video.extradata_hash.is_some())?;
    Some((of(video), report.audio().map(of)))
}

/// Whether all clips are MP4 or MOV with equal signatures, and each begins and ends its picture and sound together.
fn alike(examined: &[(Probe, Report)]) -> bool {
    let Some(first) = examined.first().and_then(|(_, report)| signature(report)) else { return false };
    examined.iter().all(|(_, report)| report.is_mov() && together(report) && signature(report).is_some_and(|other| other == first))
}

fn together(report: &Report) -> bool {
    let span = |stream: &Stream| {
        let start: f64 = stream.start_time.as_deref()?.parse().ok()?;
        Some((start, start + stream.seconds()?))
    };
    let Some(video) = report.video().and_then(span) else { return false };
    let audio = match report.audio().map(span) {
        None => video,
        Some(Some(audio)) => audio,
        Some(None) => return false,
    };
    [video.0, audio.0, video.1 - audio.1].iter().all(|seconds| seconds.abs() <= OWN_DRIFT)
}
