//! The frames of a clip, on clips of every container.

use std::sync::Arc;

use super::*;
use crate::server::media::sample_clips::Clips;

async fn known(clip: &Path) -> Clip {
    Clip { path: clip.to_owned(), probed: Arc::new(probe::probe(&Ffmpeg::locate(), clip).await.unwrap()) }
}

async fn grabbed(clips: &Clips, clip: &Path, frame: Frame) -> Result<image::RgbImage> {
    let output = clips.write("frame", b"");
    grab(&Ffmpeg::locate(), &known(clip).await, frame, &output, &CancellationToken::new()).await?;
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
    let turned = clips.turned("turned.mp4", "wide.mp4");
    assert_eq!(grabbed(&clips, &turned, Frame::Last).await.unwrap().dimensions(), (64, 128));
    let first = grabbed(&clips, &wide, Frame::Nth(3)).await.unwrap();
    assert!(first == grabbed(&clips, &wide, Frame::Nth(3)).await.unwrap());
}

async fn cut(clip: &Path, output: &Path, in_seconds: Option<f64>, out_seconds: Option<f64>) -> Result<Trimmed> {
    trim(&Ffmpeg::locate(), &known(clip).await, Span { in_seconds, out_seconds }, output, &|_| (), &CancellationToken::new()).await
}

/// The brightness of each frame in the middle, and how long picture and sound last.
async fn looked_at(clip: &Path) -> (Vec<i32>, f64, Option<f64>) {
    let arguments =
        Arguments::new().user_input(clip).unwrap().option("-map", "0:V:0").option("-vf", "crop=2:2,scale=out_range=tv,format=yuv420p");
    let arguments = arguments.option("-fps_mode", "passthrough").stdout("rawvideo");
    let bytes = Ffmpeg::locate().capture(&arguments, Limits::INSPECT, 1 << 20, &CancellationToken::new()).await.unwrap();
    let timing = Timing::of(&known(clip).await.probed.report).unwrap();
    (bytes.chunks(6).map(|pixels| i32::from(pixels[0])).collect(), timing.picture_ends, timing.sound.map(|(_, ends)| ends))
}

/// The same as `stairs`, in the range of brightness that is usual in clips.
fn steps(clips: &Clips, name: &str, more: &str) -> std::path::PathBuf {
    let picture = "-f lavfi -i color=black:size=64x48:rate=10:duration=2,format=yuv420p,geq=lum='20+8*N':cb=128:cr=128";
    clips.make(name, &format!("{picture} {more} -pix_fmt yuv420p"))
}

/// Which frames of `steps` these are.
fn numbers(brightness: &[i32]) -> Vec<i32> {
    brightness.iter().map(|grey| (grey - 20 + 4) / 8).collect()
}

#[tokio::test]
async fn a_part_is_exact_to_the_frame_and_its_sound_goes_with_it() {
    let clips = Clips::new();
    for (name, more, sound) in [
        ("b.mp4", "-f lavfi -i sine=duration=2 -c:v libx264 -bf 3 -g 250 -crf 4 -c:a aac", true),
        ("c.mkv", "-c:v libx264 -bf 2 -g 5 -crf 4", false),
        ("d.ts", "-f lavfi -i sine=duration=2 -c:v libx264 -bf 3 -crf 4 -c:a aac", true),
        ("e.webm", "-c:v libvpx -b:v 2M", false),
        ("f.avi", "-f lavfi -i sine=duration=2 -c:v mjpeg -q:v 1 -c:a pcm_s16le", true),
    ] {
        let clip = steps(&clips, name, more);
        let output = clips.path("part.mp4");
        for (from, to, frames) in
            [(Some(0.5), Some(1.2), 5..12), (None, Some(0.3), 0..3), (Some(1.5), None, 15..20), (Some(0.74), Some(0.76), 7..8)]
        {
            let trimmed = cut(&clip, &output, from, to).await.unwrap_or_else(|error| panic!("{name} {from:?} {to:?}: {error}"));
            let (seen, picture, heard) = looked_at(&output).await;
            assert_eq!(numbers(&seen), frames.clone().collect::<Vec<_>>(), "{name} {from:?} {to:?} {trimmed:?}");
            let length = f64::from(frames.end - frames.start) / 10.0;
            assert!((picture - length).abs() < 0.01, "{name}: {picture} s of picture instead of {length}");
            assert_eq!(heard.is_some(), sound, "{name}");
            assert!(heard.is_none_or(|heard| (heard - picture).abs() <= 0.05), "{name}: {heard:?} s of sound beside {picture}");
        }
    }
}

#[tokio::test]
async fn whole_groups_of_packets_are_taken_over_and_nothing_else_is() {
    let clips = Clips::new();
    // A key frame every half second, with frames between that depend on later ones.
    let clip =
        steps(&clips, "groups.mp4", "-f lavfi -i sine=duration=2 -c:v libx264 -bf 2 -g 5 -keyint_min 5 -sc_threshold 0 -crf 4 -c:a aac");
    let output = clips.path("part.mp4");
    for (from, to, copied) in [(Some(0.5), Some(1.5), true), (None, None, true), (Some(0.6), Some(1.5), false)] {
        let trimmed = cut(&clip, &output, from, to).await.unwrap();
        assert_eq!(trimmed.copied, copied, "{from:?} {to:?}");
        let first = (from.unwrap_or(0.0) * 10.0).round() as i32;
        let end = (to.unwrap_or(2.0) * 10.0).round() as i32;
        assert_eq!(numbers(&looked_at(&output).await.0), (first..end).collect::<Vec<_>>(), "{from:?} {to:?}");
    }
}

#[tokio::test]
async fn a_part_behind_the_end_is_refused_with_the_length() {
    let clips = Clips::new();
    let clip = clips.silent("ten.mp4", "64x48", 10);
    let error = crate::domain::ApiError::from(cut(&clip, &clips.path("part.mp4"), Some(3.0), None).await.unwrap_err());
    assert_eq!(error.message, "This clip is 1.00 s long: choose an earlier in point.");
    // An out point behind the end is the end.
    assert_eq!(cut(&clip, &clips.path("part.mp4"), Some(0.5), Some(9.0)).await.unwrap().frames, 5);
}
