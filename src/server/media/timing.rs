//! When a clip plays: the one definition of its length, taken from the packets that are shown, which rows, plans and stitches share.

use super::report::Report;

/// Sound that begins or ends by no more than this outside the picture is its codec's padding, in seconds; players and we pass over it.
const PADDING: f64 = 0.1;

/// Times are told to such a part of a second: ffprobe rounds each to a microsecond, and a length is made of several.
const TICKS: f64 = 1e5;

/// So near to the measured rate the one of the header is the exact fraction of the same, and not another; containers round times.
const NEAR: f64 = 0.005;

/// The longest length that is believed, in seconds: a week.
pub(super) const LONGEST: f64 = 7.0 * 86_400.0;

/// When a clip plays, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Timing {
    /// When it begins, in the container's own time: with the picture, or with a sound that comes before it.
    pub(super) begins: f64,
    /// From its beginning to its end: the end of the picture, or of a sound that goes on after it. Above 0, at most a week.
    pub(super) seconds: f64,
    /// From its beginning until the picture comes.
    pub(super) picture_begins: f64,
    /// From its beginning until the picture is over.
    pub(super) picture_ends: f64,
    /// From its beginning until the sound comes, and until it is over.
    pub(super) sound: Option<(f64, f64)>,
    /// The average frame rate of the picture.
    pub(super) fps: f64,
}

impl Timing {
    /// Of the first picture and the first sound; `None` where no picture is shown.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let is_avi = report.format.format_name == "avi";
        let joined = report.format.format_name == "mpegts";
        let stream = report.video()?;
        // What the header says may be a lie, but is the exact fraction where it is none. AVI counts empty frames into the average.
        let said = stream.frame_rate(is_avi);
        let picture = report.track(stream)?.shown(joined, said.map(|rate| 1.0 / rate))?;
        let measured = picture.count as f64 / (picture.end - picture.begin);
        let measured = Some(measured).filter(|rate| rate.is_finite() && *rate > 0.0);
        let is_near = |said: &f64| is_avi || measured.is_none_or(|measured| (said / measured - 1.0).abs() < NEAR);
        let fps = said.filter(is_near).or(measured)?;
        let sound = report.audio().and_then(|audio| report.track(audio)?.shown(joined, None));
        let early = sound.is_some_and(|sound| sound.begin < picture.begin - PADDING);
        let begins = sound.filter(|_| early).map_or(picture.begin, |sound| sound.begin);
        let late = sound.filter(|sound| sound.end > picture.end + PADDING);
        let end = late.map_or(picture.end, |sound| sound.end);
        let rounded = |seconds: f64| (seconds * TICKS).round() / TICKS;
        let seconds = rounded(end - begins).min(LONGEST);
        (seconds > 0.0).then_some(Self {
            begins,
            seconds,
            picture_begins: rounded(picture.begin - begins),
            picture_ends: rounded(picture.end - begins).min(seconds),
            sound: sound.map(|sound| (rounded(sound.begin - begins), rounded(sound.end - begins).min(seconds))),
            fps,
        })
    }
}
