//! Joins clips into one: packets copied where all clips are alike, one filter graph where not, and the result checked either way.

use std::path::Path;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{colour::Colour, conform::StitchPlan, filter_graph::filter_graph, params::StitchParams};
use crate::{
    domain::{ApiError, ErrorKind},
    server::{
        Error, Result,
        media::{
            ffmpeg::{Arguments, Ffmpeg, Limits},
            probe,
            probed::{Clip, Probed},
            timing::Timing,
        },
    },
};

/// The most clips in one stitch: each is an open file and a decoder.
pub const MOST_CLIPS: usize = 200;

/// How far apart picture and sound of the result may end, in seconds.
const DRIFT: f64 = 0.050;

/// A clip that begins so near to 0 is not moved, in seconds.
const OFFSET: f64 = 0.0005;

/// How the result was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The clips' packets, unchanged.
    Copied,
    /// Decoded, conformed and encoded.
    Encoded,
}

/// What came out of a stitch.
#[derive(Debug, Clone, PartialEq)]
pub struct StitchOutcome {
    /// The way that was taken.
    pub way: Way,
    /// What was found of the result when it was checked; `None` where it was made to its end, but could not be read.
    pub probed: Option<Probed>,
    /// What was done to each clip.
    pub plan: StitchPlan,
}

/// What stitching `clips` would do to each of them. Nothing is written.
///
/// # Errors
/// [`ErrorKind::Invalid`] for parameters that cannot be met, [`ErrorKind::Unavailable`] naming the clip for which this ffmpeg lacks a filter.
pub async fn plan(ffmpeg: &Ffmpeg, clips: &[Clip], params: &StitchParams) -> Result<StitchPlan> {
    params.validate()?;
    if clips.len() > MOST_CLIPS {
        return Err(Error::api(ErrorKind::Invalid, format!("One stitch takes at most {MOST_CLIPS} clips.")));
    }
    for (index, clip) in clips.iter().enumerate() {
        if clip.probed.report.video().is_some_and(|video| Colour::of(video).needs_light()) {
            // Joined without, it would be shown in other light than it has.
            ffmpeg.tone_maps().await.map_err(|error| of_clip(index, error))?;
        }
    }
    StitchPlan::new(clips, params)
}

/// Joins `clips` in their order into the MP4 file `output`. `on_progress` gets the share done, 0 to 1. After an error there is no file.
///
/// The result is checked against the plan. One that cannot be read for the check, though ffmpeg made it without complaint, is kept unchecked.
///
/// Encoding uses one thread, so that equal inputs give equal bytes; that costs about the number of cores in speed.
///
/// # Errors
/// As for [`plan`] and [`Ffmpeg::run`]; [`ErrorKind::NotAVideo`] naming the clip that cannot be decoded.
pub async fn stitch(
    ffmpeg: &Ffmpeg,
    clips: &[Clip],
    params: &StitchParams,
    output: &Path,
    on_progress: impl Fn(f64) + Send + Sync,
    cancel: &CancellationToken,
) -> Result<StitchOutcome> {
    let plan = tokio::select! {
        () = cancel.cancelled() => return Err(Error::Cancelled),
        plan = plan(ffmpeg, clips, params) => plan?,
    };
    let made = join(ffmpeg, clips, params, output, &on_progress, cancel, plan).await;
    match &made {
        Ok(_) => on_progress(1.0),
        Err(_) => remove(output).await,
    }
    made
}

async fn join(
    ffmpeg: &Ffmpeg,
    clips: &[Clip],
    params: &StitchParams,
    output: &Path,
    on_progress: &(dyn Fn(f64) + Send + Sync),
    cancel: &CancellationToken,
    plan: StitchPlan,
) -> Result<StitchOutcome> {
    let total = plan.duration_seconds();
    let share = |seconds: f64| on_progress((seconds / total).clamp(0.0, 1.0));
    let limits = Limits::render(total);
    if plan.copy {
        let copied = match ffmpeg.run(&copying(clips, output)?, limits, &|_| (), cancel).await {
            Ok(()) => verify(ffmpeg, output, &plan, Way::Copied).await,
            Err(error) => Err(error),
        };
        match copied {
            Ok(probed) => return Ok(StitchOutcome { way: Way::Copied, probed, plan }),
            Err(error) if !is_of_the_clips(&error) => return Err(error),
            Err(error) => tracing::info!(%error, "joining without encoding did not hold; encoding"),
        }
    }
    let encoded = match ffmpeg.run(&encoding(clips, &plan, params, output)?, limits, &share, cancel).await {
        Ok(()) => verify(ffmpeg, output, &plan, Way::Encoded).await,
        Err(error) => Err(error),
    };
    match encoded {
        Ok(probed) => Ok(StitchOutcome { way: Way::Encoded, probed, plan }),
        Err(error) if is_of_the_clips(&error) => Err(blame(ffmpeg, clips, &plan, cancel).await?.unwrap_or(error)),
        Err(error) => Err(error),
    }
}

/// Whether the clips may be at fault, and not the machine, the disk or the user.
fn is_of_the_clips(error: &Error) -> bool {
    matches!(error, Error::Tool { .. } | Error::Internal(_) | Error::Api(_))
}

fn copying(clips: &[Clip], output: &Path) -> Result<Arguments> {
    let arguments = Arguments::new().option("-auto_convert", "0").concatenation(clips)?;
    let arguments = arguments.option("-map", "0:V:0").option("-map", "0:a:0?").option("-c", "copy");
    arguments.reproducible().mp4_output(output)
}

fn encoding(clips: &[Clip], plan: &StitchPlan, params: &StitchParams, output: &Path) -> Result<Arguments> {
    let mut arguments = Arguments::new().option("-filter_complex_threads", "1");
    for (clip, planned) in clips.iter().zip(&plan.clips) {
        // What is not played, such as a time code, may begin long before what is.
        if planned.offset.abs() > OFFSET {
            arguments = arguments.option("-itsoffset", format!("{:.6}", planned.offset));
        }
        arguments = arguments.option("-threads", "1").user_input(&clip.path)?;
    }
    arguments = arguments.option("-filter_complex", filter_graph(plan, &params.transition)).option("-map", "[v]");
    if plan.sound {
        arguments = arguments.option("-map", "[a]");
    }
    let rate = format!("{}/{}", plan.rate.frames, plan.rate.seconds);
    arguments.option("-r", rate).reproducible().delivery_encoding().mp4_output(output)
}

/// Checks the result against the plan and gives what was found of it: an exit status of 0 does not say that every clip is in it.
/// `None` where an encoded result cannot be read; a copied one is then encoded.
async fn verify(ffmpeg: &Ffmpeg, output: &Path, plan: &StitchPlan, way: Way) -> Result<Option<Probed>> {
    let size = tokio::fs::metadata(output).await.map_err(Error::io(output))?.len();
    let probed = match probe::probe(ffmpeg, output).await {
        Err(error) if way == Way::Encoded && size > 0 => {
            tracing::warn!(%error, "a stitched clip could not be read to check it; it is kept unchecked");
            return Ok(None);
        }
        read => read?,
    };
    let report = &probed.report;
    let wrong = |what: String| Err(Error::Internal(format!("the stitched clip is not what was planned: {what}")));
    let packets = (report.packets(report.video()), report.packets(report.audio()));
    let expected = match way {
        Way::Copied => plan.clips.iter().fold((0, 0), |sum, clip| (sum.0 + clip.packets.0, sum.1 + clip.packets.1)),
        Way::Encoded => (plan.frames(), packets.1),
    };
    if packets != expected {
        return wrong(format!("{packets:?} packets of picture and sound instead of {expected:?}"));
    }
    let Some(timing) = Timing::of(report) else { return wrong("it has no length".into()) };
    let video = timing.picture_ends;
    let planned: f64 = match way {
        Way::Copied => plan.clips.iter().map(|clip| clip.duration_seconds).sum(),
        Way::Encoded => plan.duration_seconds(),
    };
    // A join of copied clips may sit as far off as their own picture and sound do, each time.
    let slack = DRIFT + if way == Way::Copied { 0.020 * plan.clips.len() as f64 } else { 0.0 };
    if (video - planned).abs() > slack {
        return wrong(format!("{video:.3} s instead of {planned:.3} s"));
    }
    match timing.sound.map(|(_, ends)| ends) {
        None if plan.sound => wrong("it has no sound".into()),
        Some(audio) if (audio - video).abs() > DRIFT => wrong(format!("{video:.3} s of picture beside {audio:.3} s of sound")),
        _ => Ok(Some(probed)),
    }
}

/// Finds the first clip that does not decode to its length, for an error that names it.
async fn blame(ffmpeg: &Ffmpeg, clips: &[Clip], plan: &StitchPlan, cancel: &CancellationToken) -> Result<Option<Error>> {
    for (index, (Clip { path, .. }, clip)) in clips.iter().zip(&plan.clips).enumerate() {
        let arguments = Arguments::new().flag("-xerror").option("-threads", "1").user_input(path)?.option("-map", "0:V:0");
        let decoded =
            ffmpeg.run(&arguments.option("-map", "0:a:0?").discard(), Limits::render(clip.duration_seconds), &|_| (), cancel).await;
        match decoded {
            Err(Error::Tool { .. }) => {
                let damaged = Error::api(ErrorKind::NotAVideo, "It is damaged: not all of it can be decoded. Make or upload it again.");
                return Ok(Some(of_clip(index, damaged)));
            }
            other => other?,
        }
    }
    Ok(None)
}

/// The same error, saying which clip it is about: the one at that place of the list, from 0.
#[must_use]
pub fn of_clip(index: usize, error: Error) -> Error {
    match error {
        Error::Api(error) => Error::Api(ApiError { message: format!("Clip {}: {}", index + 1, error.message), ..error }),
        error => error,
    }
}

async fn remove(output: &Path) {
    match tokio::fs::remove_file(output).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(path = %output.display(), %error, "an unfinished stitch could not be removed");
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "join_tests.rs"]
#[expect(clippy::unwrap_used)]
mod tests;
