//! The frames of a clip, on clips of every container.

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
