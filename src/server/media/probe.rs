//! What a video file is: its length, size, rate, codecs and sound by ffprobe, and a refusal in words for what is no video.

use std::{io, path::Path};

use super::{
    extent::Extent,
    ffmpeg::{Arguments, Ffmpeg, Limits},
    probed::{Probe, Probed},
    report::{HEADERS, PACKETS, Report, Stream, Written},
    sample_tables,
    timing::Timing,
};
use crate::{
    domain::{ErrorKind, asset::AudioInfo},
    server::{Error, Result},
};

/// The largest picture that is believed, in pixels a side.
const LARGEST_SIDE: i64 = 16_384;

/// Probes the file at `path`, within the time that reading it once may take: whoever uploaded it waits.
///
/// # Errors
/// [`ErrorKind::NotAVideo`], in words for the user, where it is empty, cut short, no video, in a container that is not taken, or takes longer;
/// [`Error::ToolMissing`]; [`Error::Io`] where the file cannot be read.
pub async fn probe(ffmpeg: &Ffmpeg, path: &Path) -> Result<Probed> {
    let extent = extent(path).await?;
    if extent.size == 0 {
        return Err(not_a_video("The file is empty."));
    }
    tokio::time::timeout(Limits::read(extent.size).wall, examine(ffmpeg, path, extent)).await.unwrap_or_else(|_| Err(too_slow()))
}

async fn examine(ffmpeg: &Ffmpeg, path: &Path, extent: Extent) -> Result<Probed> {
    let report = match report(ffmpeg, path, extent).await {
        Err(Error::Tool { .. }) if extent.boxes && has_headers(ffmpeg, path).await? => return Err(cut_short()),
        report => report.map_err(|error| unreadable(error, extent))?,
    };
    let probe = read(&report, extent)?;
    if extent.cut || lacks_packets(ffmpeg, path, extent, &report).await? {
        return Err(cut_short());
    }
    Ok(Probed { probe, report })
}

/// Whether a file ends before its footage does.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It does.
    Cut,
    /// It does not: what else was found is the same that [`probe`] finds.
    Whole(Box<Probed>),
    /// Nobody can tell: it cannot be read for another reason.
    Unknown,
}

/// Looks whether a file ends before its footage does.
///
/// # Errors
/// As for [`Ffmpeg::report`], but for a file that it gives up on; [`Error::Io`].
pub async fn end(ffmpeg: &Ffmpeg, path: &Path) -> Result<End> {
    let extent = extent(path).await?;
    if extent.cut {
        return Ok(End::Cut);
    }
    let report = match report(ffmpeg, path, extent).await {
        Err(Error::Tool { .. } | Error::Json(_)) => {
            return Ok(if extent.boxes && has_headers(ffmpeg, path).await? { End::Cut } else { End::Unknown });
        }
        report => report?,
    };
    if lacks_packets(ffmpeg, path, extent, &report).await? {
        return Ok(End::Cut);
    }
    Ok(read(&report, extent).map_or(End::Unknown, |probe| End::Whole(Box::new(Probed { probe, report }))))
}

async fn extent(path: &Path) -> Result<Extent> {
    let owned = path.to_path_buf();
    on_the_disk(path, move || Extent::of(&owned)).await
}

async fn on_the_disk<T: Send + 'static>(path: &Path, look: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| Error::Internal(format!("looking at a file: {error}")))?.map_err(Error::io(path))
}

/// Headers and packets of a file, by one run of ffprobe. Starting it takes longer than reading a clip, and listing the packets of a long one takes
/// longer still: it is spared where the file's own tables tell them.
async fn report(ffmpeg: &Ffmpeg, path: &Path, extent: Extent) -> Result<Report> {
    let owned = path.to_path_buf();
    let tables = on_the_disk(path, move || sample_tables::tracks(&owned, extent)).await?;
    if let Some(tables) = tables
        && let Some(report) = told(ffmpeg, path, extent, HEADERS, &[]).await?.with_tables(&tables)
    {
        return Ok(report);
    }
    told(ffmpeg, path, extent, &format!("{HEADERS}:{PACKETS}"), &[]).await.map(Report::from)
}

/// What ffprobe tells of a file.
async fn told(ffmpeg: &Ffmpeg, path: &Path, extent: Extent, entries: &str, options: &[(&str, &str)]) -> Result<Written> {
    // A packet of which only a part is there is not there.
    let mut arguments = Arguments::new().option("-fflags", "+discardcorrupt").option("-show_data_hash", "murmur3");
    for (name, value) in options {
        arguments = arguments.option(name, value);
    }
    let arguments = arguments.option("-show_entries", entries).option("-of", "json=c=1").user_input(path)?;
    ffmpeg.report(&arguments, Limits::read(extent.size)).await
}

/// Whether the headers can be read, where the rest cannot: what they promise is not there.
async fn has_headers(ffmpeg: &Ffmpeg, path: &Path) -> Result<bool> {
    let arguments = Arguments::new().option("-show_entries", "format=format_name:stream=index").option("-of", "json").user_input(path)?;
    match ffmpeg.report::<Written>(&arguments, Limits::INSPECT).await {
        Err(Error::Tool { .. } | Error::Json(_)) => Ok(false),
        headers => headers.map(|headers| !Report::from(headers).streams.is_empty()),
    }
}

/// Whether an MP4 or MOV holds fewer whole packets than its header promises: the header alone is always believed by ffprobe.
async fn lacks_packets(ffmpeg: &Ffmpeg, path: &Path, extent: Extent, found: &Report) -> Result<bool> {
    if !found.lacks_packets() {
        return Ok(false);
    }
    // Perhaps an edit list hides packets that are there.
    match told(ffmpeg, path, extent, &format!("{HEADERS}:{PACKETS}"), &[("-ignore_editlist", "1")]).await {
        Err(Error::Tool { .. } | Error::Json(_)) => Ok(true),
        all => all.map(|all| Report::from(all).lacks_packets()),
    }
}

/// What headers and packets say.
fn read(report: &Report, extent: Extent) -> Result<Probe> {
    let audio = report.audio();
    let Some(video) = report.video() else {
        return Err(not_a_video(if audio.is_some() {
            "This file has sound but no moving picture."
        } else {
            "This file has no moving picture in it."
        }));
    };
    let codec = video.codec_name.clone().filter(|name| name != "unknown" && name != "none");
    let codec = codec.ok_or_else(|| not_a_video("The picture of this file is encoded in a way that cannot be read."))?;
    let (width, height) = displayed_size(video)?;
    let (container, media_type) = container(report, extent);
    let timing = Timing::of(report).ok_or_else(|| not_a_video("This file has no length: there is no moving picture in it."))?;
    Ok(Probe {
        duration_seconds: timing.seconds,
        width,
        height,
        codec,
        fps: rounded_rate(timing.fps),
        audio: audio.map(audio_info),
        media_type: media_type.into(),
        container: container.into(),
    })
}

/// A frame rate to the thousandth; that of a picture every few minutes keeps what it has.
fn rounded_rate(fps: f64) -> f64 {
    let unit = if fps < 1.0 { 1e6 } else { 1e3 };
    (fps * unit).round() / unit
}

/// Width and height as displayed: samples made square, then turned.
fn displayed_size(video: &Stream) -> Result<(u32, u32)> {
    let side = |side: Option<i64>| side.filter(|side| (1..=LARGEST_SIDE).contains(side)).and_then(|side| u32::try_from(side).ok());
    let (Some(width), Some(height)) = (side(video.width), side(video.height)) else {
        return Err(not_a_video(format!("The picture of this file has no size between 1 and {LARGEST_SIDE} pixels a side.")));
    };
    let width = (f64::from(width) * video.sample_aspect()).round().max(1.0) as u32;
    Ok(if video.quarter_turns() % 2 == 1 { (height, width) } else { (width, height) })
}

fn audio_info(audio: &Stream) -> AudioInfo {
    AudioInfo {
        codec: audio.codec_name.clone().unwrap_or_else(|| "unknown".into()),
        sample_rate: audio.sample_rate().unwrap_or(0),
        channels: audio.channels.and_then(|channels| u32::try_from(channels).ok()).unwrap_or(0),
    }
}

/// The container's name and its media type.
fn container(report: &Report, extent: Extent) -> (&'static str, &'static str) {
    let format = report.format.format_name.as_str();
    if report.is_mov() {
        match report.format.tags.major_brand.as_deref() {
            Some(brand) if brand.trim() == "qt" => ("mov", "video/quicktime"),
            _ => ("mp4", "video/mp4"),
        }
    } else if format.contains("matroska") {
        if extent.webm { ("webm", "video/webm") } else { ("matroska", "video/x-matroska") }
    } else if format == "avi" {
        ("avi", "video/x-msvideo")
    } else {
        ("mpegts", "video/mp2t")
    }
}

/// What ffprobe refuses, in the user's words. Errors of the machine stay what they are.
fn unreadable(error: Error, extent: Extent) -> Error {
    match error {
        Error::Tool { .. } | Error::Json(_) if extent.playlist => {
            not_a_video("This is a playlist: it names other files and holds no video itself. Upload the video it names.")
        }
        Error::Tool { .. } | Error::Json(_) if extent.cut => cut_short(),
        Error::Tool { .. } | Error::Json(_) => {
            not_a_video("This is not a video that can be read. MP4, MOV, WebM, Matroska, AVI and MPEG-TS files are.")
        }
        Error::Timeout { .. } => too_slow(),
        error => error,
    }
}

fn too_slow() -> Error {
    not_a_video("Reading this file takes too long; it is damaged, or not a video.")
}

fn cut_short() -> Error {
    not_a_video("This video is cut short: its end is missing. Copy or download it again, whole.")
}

fn not_a_video(sentence: impl Into<String>) -> Error {
    Error::api(ErrorKind::NotAVideo, sentence)
}

#[cfg(test)]
#[path = "probe_tests.rs"]
#[expect(clippy::unwrap_used)]
mod tests;
