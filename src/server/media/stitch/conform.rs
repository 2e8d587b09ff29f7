//! What each clip needs before it can be joined with the others, and the numbers of the result. Pure: nothing is run here.

use serde::Serialize;

use super::{colour::Colour, params::StitchParams};
use crate::{
    domain::{ErrorKind, asset::AudioInfo, transition::CUT},
    server::{
        Error, Result,
        media::{
            probed::{Clip, Probe},
            report::{Report, Stream},
            timing::Timing,
        },
    },
};

/// How far apart a clip's own picture and sound may end for it to be joined as it is, in seconds.
const OWN_DRIFT: f64 = 0.020;

/// How long a picture may be held without a word, in seconds.
const HELD: f64 = 0.1;

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
    /// What its times are moved by so that it begins at 0, in seconds, beside what ffmpeg itself moves them.
    #[serde(skip)]
    pub(super) offset: f64,
    /// How long its last frame is held because its sound goes on, in seconds.
    #[serde(skip)]
    pub(super) held: f64,
    /// Which of its two fields comes first, where it is interlaced.
    #[serde(skip)]
    pub(super) fields: Option<Field>,
    /// Whether parts of it are transparent.
    #[serde(skip)]
    pub(super) has_alpha: bool,
    /// The filters that convert its colours.
    #[serde(skip)]
    pub(super) colour_filters: String,
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

/// The field of an interlaced frame that is shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Top,
    Bottom,
}

impl Field {
    fn of(stream: &Stream) -> Option<Self> {
        match stream.field_order.as_deref()? {
            "tt" | "tb" => Some(Self::Top),
            "bb" | "bt" => Some(Self::Bottom),
            _ => None,
        }
    }
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
    /// Whether the result is labelled as BT.709: as soon as one clip says what its colours are. What says nothing is taken for BT.709 then.
    pub labelled: bool,
    /// Frames that two neighbours share; 0 for a cut.
    pub transition_frames: u64,
    /// The clips in their order.
    pub clips: Vec<ClipPlan>,
}

impl StitchPlan {
    /// Plans the join. The first clip gives size and rate where `params` leave them open.
    pub(super) fn new(clips: &[Clip], params: &StitchParams) -> Result<Self> {
        let Some(first) = clips.first().map(|clip| &clip.probed.probe) else {
            return Err(Error::api(ErrorKind::Invalid, "There is no clip to stitch."));
        };
        let (width, height) = params.size.unwrap_or((even(first.width), even(first.height)));
        let rate = FrameRate::from_decimal(params.fps.unwrap_or(first.fps.clamp(1.0, 60.0)));
        let sound = clips.iter().any(|clip| clip.probed.probe.audio.is_some());
        let cut = params.transition == CUT || params.transition_seconds == 0.0 || clips.len() == 1;
        let mut plan = Self {
            width,
            height,
            rate,
            copy: false,
            sound,
            labelled: clips.iter().filter_map(|clip| clip.probed.report.video()).any(|video| Colour::of(video).is_told()),
            transition_frames: if cut { 0 } else { rate.frames_in(params.transition_seconds) },
            clips: Vec::with_capacity(clips.len()),
        };
        for clip in clips {
            plan.clips.push(plan.clip(&clip.probed.probe, &clip.probed.report));
        }
        plan.transitions_fit(params)?;
        plan.copy = cut && plan.clips.iter().all(|clip| clip.changes.is_empty()) && alike(clips);
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
        let timing = Timing::of(report);
        let colour = video.map(Colour::of).unwrap_or_default();
        ClipPlan {
            width: probe.width,
            height: probe.height,
            fps: probe.fps,
            duration_seconds: probe.duration_seconds,
            audio: probe.audio.clone(),
            changes: self.changes(probe, video, timing),
            frames: self.rate.frames_in(probe.duration_seconds),
            offset: timing.map_or(0.0, |timing| report.container_begins() - timing.begins),
            held: timing.map_or(0.0, |timing| timing.seconds - timing.picture_ends),
            fields: video.and_then(Field::of),
            has_alpha: video.is_some_and(has_alpha),
            colour_filters: if self.labelled { colour.filters() } else { String::new() },
            video_stream: video.map_or(0, |stream| stream.index),
            audio_stream: audio.map(|stream| stream.index),
            packets: (report.packets(video), report.packets(audio)),
        }
    }

    fn changes(&self, probe: &Probe, video: Option<&Stream>, timing: Option<Timing>) -> Vec<String> {
        let mut changes = Vec::new();
        if (probe.width, probe.height) != (self.width, self.height) {
            changes.push(format!("fitted from {} into {}x{}", probe.resolution(), self.width, self.height));
        }
        if video.is_some_and(|video| video.quarter_turns() != 0) {
            changes.push("turned upright".into());
        }
        if video.is_some_and(|video| video.sample_aspect() != 1.0) {
            changes.push("pixels made square".into());
        }
        if video.and_then(Field::of).is_some() {
            changes.push("deinterlaced".into());
        }
        if (probe.fps - self.rate.decimal()).abs() > 0.001 {
            changes.push(format!("frame rate {} made {}", probe.fps, (self.rate.decimal() * 1000.0).round() / 1000.0));
        }
        changes.extend(video.and_then(|video| Colour::of(video).change()));
        if video.is_some_and(has_alpha) {
            changes.push("transparent parts made black".into());
        }
        if let Some(timing) = timing {
            if timing.picture_begins > HELD {
                changes.push(format!("first frame held for {:.2} s until the picture begins", timing.picture_begins));
            }
            let held = timing.seconds - timing.picture_ends;
            if held > HELD {
                changes.push(format!("last frame held for {held:.2} s while the sound goes on"));
            }
            if let Some((begins, ends)) = timing.sound {
                if begins > HELD {
                    changes.push(format!("silence added for {begins:.2} s until the sound begins"));
                }
                if timing.seconds - ends > HELD {
                    changes.push(format!("silence added for {:.2} s after the sound", timing.seconds - ends));
                }
            }
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

/// Whether a picture may be transparent in parts.
fn has_alpha(video: &Stream) -> bool {
    let format = video.pix_fmt.as_deref().unwrap_or_default();
    ["yuva", "gbrap", "ya8", "ya16", "rgba", "bgra", "argb", "abgr", "pal8"].iter().any(|start| format.starts_with(start))
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
        ((codec_name, profile, level, codec_tag_string, extradata_hash, pix_fmt, time_base), shape, sound, Colour::of(stream))
    };
    let video = report.video().filter(|video| video.sample_aspect() == 1.0 && video.extradata_hash.is_some())?;
    Some((of(video), report.audio().map(of)))
}

/// Whether all clips are MP4 or MOV with equal signatures, and each begins and ends its picture and sound together.
fn alike(clips: &[Clip]) -> bool {
    let Some(first) = clips.first().and_then(|clip| signature(&clip.probed.report)) else { return false };
    clips
        .iter()
        .map(|clip| &clip.probed.report)
        .all(|report| report.is_mov() && together(report) && signature(report).is_some_and(|other| other == first))
}

/// Whether picture and sound begin at 0 and end together, where the header says that they do: packets are copied by what it says.
fn together(report: &Report) -> bool {
    let (Some(timing), Some(video)) = (Timing::of(report), report.video()) else { return false };
    let (begins, ends) = timing.sound.unwrap_or((timing.picture_begins, timing.picture_ends));
    let said = report.header_lengths(video);
    let mut apart = vec![timing.begins, timing.picture_begins, begins, timing.picture_ends - ends];
    apart.extend(said.map(|said| said.map_or(f64::INFINITY, |said| said - timing.picture_ends)));
    apart.iter().all(|seconds| seconds.abs() <= OWN_DRIFT)
}
