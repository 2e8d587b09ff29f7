//! What a stitch promises, shown with real clips.

use std::sync::Mutex;

use super::*;
use crate::{domain::transition, server::media::sample_clips::Clips};

async fn stitched(clips: &[PathBuf], params: &StitchParams, output: &Path) -> Result<StitchOutcome> {
    stitch(&Ffmpeg::locate(), clips, params, output, |_| (), &CancellationToken::new()).await
}

fn fade(seconds: f64) -> StitchParams {
    StitchParams { transition: "fade".into(), transition_seconds: seconds, ..StitchParams::default() }
}

/// Reads every frame; a clip that only looks whole fails.
async fn decodes(path: &Path) {
    let arguments = Arguments::new().flag("-xerror").user_input(path).unwrap().discard();
    Ffmpeg::locate().run(&arguments, Limits::INSPECT, &|_| (), &CancellationToken::new()).await.unwrap();
}

async fn refusal(clips: &[PathBuf], params: &StitchParams, output: &Path) -> ApiError {
    let refused = match stitched(clips, params, output).await {
        Err(Error::Api(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(!output.exists(), "a refused stitch left a file");
    refused
}

#[tokio::test]
async fn clips_that_are_alike_are_joined_as_they_are() {
    let clips = Clips::new();
    let list = [clips.clip("it's a.mp4", "180x320", 24, 48_000), clips.clip("b.mp4", "180x320", 24, 48_000), clips.path("it's a.mp4")];
    let output = clips.path("out");
    let outcome = stitched(&list, &StitchParams::default(), &output).await.unwrap();
    assert_eq!(outcome.way, Way::Copied);
    assert!((outcome.duration_seconds.unwrap() - 3.0).abs() < 0.05, "{outcome:?}");
    assert!(outcome.plan.clips.iter().all(|clip| clip.changes.is_empty()));
    decodes(&output).await;
}

#[tokio::test]
async fn mixed_clips_are_made_alike_and_stay_in_step() {
    let clips = Clips::new();
    clips.clip("a.mp4", "180x320", 24, 44_100);
    let turned = clips.clip("flat.mp4", "320x180", 24, 44_100);
    std::fs::rename(&turned, clips.path("f.mp4")).unwrap();
    let list = [
        clips.path("a.mp4"),
        clips.make("b.mov", "-f lavfi -i testsrc2=size=320x180:rate=30:duration=1 -f lavfi -i sine=sample_rate=48000:duration=1.3 -ac 2 -c:v libx264 -preset ultrafast -c:a aac"),
        clips.silent("silent.mp4", "64x64", 25),
        clips.turned("turned.mp4", "f.mp4"),
        clips.make("varying.mkv", "-f lavfi -i testsrc2=size=180x320:rate=30:duration=1,select=not(mod(n\\,3))+lt(n\\,9) -fps_mode vfr -c:v libx264 -preset ultrafast"),
        clips.make("sound-goes-on.mkv", "-i {a.mp4} -f lavfi -i sine=duration=2 -map 0:v -map 1:a -c:v copy -c:a aac"),
        clips.make("w.webm", "-i {a.mp4} -c:v libvpx -deadline realtime -c:a libopus"),
    ];
    let output = clips.path("out");
    let outcome = stitched(&list, &StitchParams::default(), &output).await.unwrap();
    assert_eq!(outcome.way, Way::Encoded);
    let (result, report) = probe::examine(&Ffmpeg::locate(), &output).await.unwrap();
    assert_eq!((result.resolution(), result.fps, result.codec.as_str()), ("180x320".into(), 24.0, "h264"));
    let (video, audio) = (report.video().unwrap().seconds().unwrap(), report.audio().unwrap().seconds().unwrap());
    assert!((video - audio).abs() < 0.025, "{video} beside {audio}");
    assert!((video - 7.0).abs() < 0.15, "{video}");
    let changes: Vec<_> = outcome.plan.clips.iter().map(|clip| clip.changes.join(", ")).collect();
    assert!(changes[0].is_empty(), "{changes:?}");
    assert!(changes[1].contains("fitted from 320x180 into 180x320") && changes[1].contains("frame rate 30 made 24"), "{changes:?}");
    assert!(changes[2].contains("silence added") && changes[3] == "turned upright" && changes[6].contains("was vp8"), "{changes:?}");
    decodes(&output).await;
}

#[tokio::test]
async fn transitions_overlap_their_neighbours() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.silent("b.mp4", "64x64", 24), clips.clip("c.mp4", "64x64", 30, 44_100)];
    for transition in ["fade", "wipeleft"] {
        let params = StitchParams { transition: transition.into(), transition_seconds: 0.25, size: Some((96, 64)), fps: Some(29.97) };
        let outcome = stitched(&list, &params, &clips.path("out")).await.unwrap();
        assert_eq!(outcome.plan.frames(), 3 * 30 - 2 * 7);
        assert!((outcome.duration_seconds.unwrap() - 2.536).abs() < 0.03, "{outcome:?}");
        assert_eq!((outcome.plan.width, outcome.plan.height), (96, 64));
    }
    let silent = [list[1].clone(), list[1].clone()];
    let outcome = stitched(&silent, &fade(0.5), &clips.path("out")).await.unwrap();
    assert!(!outcome.plan.sound && (outcome.duration_seconds.unwrap() - 1.5).abs() < 0.01, "{outcome:?}");
}

#[tokio::test]
async fn equal_inputs_give_equal_bytes() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.clip("b.mp4", "96x64", 25, 44_100)];
    let made = [clips.path("one"), clips.path("two")];
    for output in &made {
        stitched(&list, &fade(0.5), output).await.unwrap();
    }
    assert_eq!(std::fs::read(&made[0]).unwrap(), std::fs::read(&made[1]).unwrap());
}

#[tokio::test]
async fn values_that_cannot_be_met_are_refused_in_words() {
    let clips = Clips::new();
    let clip = clips.silent("a.mp4", "64x64", 24);
    let (two, three) = ([clip.clone(), clip.clone()], [clip.clone(), clip.clone(), clip]);
    let output = clips.path("out");
    let plain = StitchParams::default;
    for (list, params, pointer, words) in [
        (&two[..], StitchParams { transition: "swirl".into(), ..plain() }, "/transition", "no transition \"swirl\""),
        (&two, fade(f64::NAN), "/transition_seconds", "0 to 10"),
        (&two, StitchParams { size: Some((63, 64)), ..plain() }, "/size", "even"),
        (&two, StitchParams { fps: Some(0.0), ..plain() }, "/fps", "1 to 120"),
        (&two, fade(1.0), "/transition_seconds", "Clip 1 is 1.00 s long; a transition of 1 s does not fit"),
        (&three, fade(0.6), "/transition_seconds", "Clip 2 is 1.00 s long; two transitions of 0.6 s"),
    ] {
        let error = refusal(list, &params, &output).await;
        assert_eq!((error.kind, error.errors[0].pointer.as_str()), (ErrorKind::Invalid, pointer));
        assert!(error.message.contains(words), "{}", error.message);
    }
    assert_eq!(refusal(&[], &plain(), &output).await.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn a_damaged_clip_in_the_middle_is_named_and_never_dropped() {
    let clips = Clips::new();
    let good = clips.clip("a.mp4", "180x320", 24, 48_000);
    let other = clips.clip("b.mp4", "64x64", 24, 48_000);
    let output = clips.path("out");
    let join = |middle: PathBuf| [good.clone(), middle, good.clone()];
    for (middle, words) in [
        (clips.cut(&good, 0.6, "cut.mp4"), "cut short"),
        (clips.write("empty.mp4", b""), "empty"),
        (clips.write("list.mp4", b"ffconcat version 1.0\nfile a.mp4\n"), "playlist"),
    ] {
        let error = refusal(&join(middle), &StitchParams::default(), &output).await;
        assert_eq!(error.kind, ErrorKind::NotAVideo);
        assert!(error.message.starts_with("Clip 2: ") && error.message.contains(words), "{}", error.message);
    }
    let mut bytes = std::fs::read(other).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    bytes[at..].iter_mut().for_each(|byte| *byte = 0xA5);
    let error = refusal(&join(clips.write("damaged.mp4", &bytes)), &StitchParams::default(), &output).await;
    assert!(error.message.starts_with("Clip 2: It is damaged"), "{}", error.message);
}

#[tokio::test]
async fn cancelling_leaves_nothing() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.clip("b.mp4", "96x64", 24, 48_000)];
    let (output, cancel) = (clips.path("out"), CancellationToken::new());
    let params = StitchParams { size: Some((1280, 720)), ..StitchParams::default() };
    let result = stitch(&Ffmpeg::locate(), &list, &params, &output, |_| cancel.cancel(), &cancel).await;
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert!(!output.exists());
}

#[tokio::test]
async fn progress_is_a_share_and_ends_at_one() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.clip("b.mp4", "96x64", 24, 48_000)];
    let seen = Mutex::new(Vec::new());
    let note = |share| seen.lock().unwrap().push(share);
    stitch(&Ffmpeg::locate(), &list, &fade(0.5), &clips.path("out"), note, &CancellationToken::new()).await.unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|share| (0.0..=1.0).contains(share)) && seen.is_sorted() && seen.last() == Some(&1.0), "{seen:?}");
}

#[tokio::test]
async fn this_ffmpeg_knows_every_transition() {
    let names: Vec<_> = transition::ALL.iter().map(|(name, _)| *name).filter(|name| *name != transition::CUT).collect();
    let color = "color=size=16x16:rate=10:duration=1";
    let pair = |name: &&str| {
        format!("{color}[{name}a];{color}[{name}b];[{name}a][{name}b]xfade=transition={name}:duration=0.5:offset=0.3[{name}];")
    };
    let crossed: String = names.iter().map(pair).collect();
    let (joined, count) = (names.iter().map(|name| format!("[{name}]")).collect::<String>(), names.len());
    let arguments = Arguments::new().option("-filter_complex", format!("{crossed}{joined}concat=n={count}[v]")).option("-map", "[v]");
    Ffmpeg::locate().run(&arguments.discard(), Limits::INSPECT, &|_| (), &CancellationToken::new()).await.unwrap();
}
