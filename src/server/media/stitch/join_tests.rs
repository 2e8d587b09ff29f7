//! What a stitch promises, shown with real clips.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use super::*;
use crate::{domain::transition, server::media::sample_clips::Clips};

async fn known(clips: &[PathBuf]) -> Vec<Clip> {
    let mut known = Vec::new();
    for path in clips {
        known.push(Clip { path: path.clone(), probed: Arc::new(probe::probe(&Ffmpeg::locate(), path).await.unwrap()) });
    }
    known
}

fn seconds(outcome: &StitchOutcome) -> f64 {
    outcome.probed.as_ref().unwrap().probe.duration_seconds
}

async fn stitched(clips: &[PathBuf], params: &StitchParams, output: &Path) -> Result<StitchOutcome> {
    stitch(&Ffmpeg::locate(), &known(clips).await, params, output, |_| (), &CancellationToken::new()).await
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
    assert!((seconds(&outcome) - 3.0).abs() < 0.05, "{outcome:?}");
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
    let Probed { probe: result, report } = probe::probe(&Ffmpeg::locate(), &output).await.unwrap();
    assert_eq!((result.resolution(), result.fps, result.codec.as_str()), ("180x320".into(), 24.0, "h264"));
    let timing = Timing::of(&report).unwrap();
    let (video, (_, audio)) = (timing.picture_ends, timing.sound.unwrap());
    assert!((video - audio).abs() < 0.025, "{video} beside {audio}");
    // Where the sound goes on, the picture is held.
    assert!((video - 8.3).abs() < 0.15, "{video}");
    let changes: Vec<_> = outcome.plan.clips.iter().map(|clip| clip.changes.join(", ")).collect();
    assert!(changes[0].is_empty(), "{changes:?}");
    assert!(changes[1].contains("fitted from 320x180 into 180x320") && changes[1].contains("frame rate 30 made 24"), "{changes:?}");
    assert!(changes[2].contains("silence added") && changes[3] == "turned upright" && changes[6].contains("was vp8"), "{changes:?}");
    assert!(changes[1].contains("last frame held for 0.30 s") && changes[5].contains("last frame held for 1.0"), "{changes:?}");
    decodes(&output).await;
}

/// Mean luma of a frame, 0 to 255, and the transfer that the file is labelled with.
async fn luma(path: &Path, at: f64) -> u8 {
    let arguments = Arguments::new().option("-ss", at.to_string()).user_input(path).unwrap().option("-frames:v", "1");
    let arguments = arguments.option("-vf", "format=gray,scale=1:1").stdout("rawvideo");
    Ffmpeg::locate().capture(&arguments, Limits::INSPECT, 1, &CancellationToken::new()).await.unwrap()[0]
}

#[tokio::test]
async fn what_lies_in_its_header_begins_late_or_is_tagged_stale_is_joined_whole() {
    let clips = Clips::new();
    let plain = clips.clip("a.mp4", "64x64", 24, 48_000);
    let mut bytes = std::fs::read(clips.silent("b.mp4", "64x64", 24)).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mdhd").unwrap() + 20;
    bytes[at..at + 4].copy_from_slice(&700_u32.to_be_bytes());
    let list = [
        plain.clone(),
        clips.write("lies.mp4", &bytes),
        clips.make("offset.mkv", "-i {a.mp4} -c copy -output_ts_offset 100"),
        clips.make("offset.ts", "-i {a.mp4} -c copy -output_ts_offset 50"),
        clips.make("late-sound.mkv", "-i {a.mp4} -itsoffset 0.5 -i {a.mp4} -map 0:v -map 1:a -c copy"),
        clips.make("late-picture.mkv", "-itsoffset 0.5 -i {a.mp4} -i {a.mp4} -map 0:v -map 1:a -c copy"),
        plain,
    ];
    for params in [StitchParams::default(), fade(0.25)] {
        let outcome = stitched(&list, &params, &clips.path("out")).await.unwrap();
        let lengths: Vec<_> = outcome.plan.clips.iter().map(|clip| (clip.duration_seconds * 10.0).round() / 10.0).collect();
        assert_eq!(lengths, [1.0, 1.0, 1.0, 1.0, 1.5, 1.5, 1.0]);
        let expected = 8.0 - if params.transition == "fade" { 6.0 * 0.25 } else { 0.0 };
        assert!((seconds(&outcome) - expected).abs() < 0.1, "{outcome:?}");
    }
    // Alike but for the lie: copied by what the header says, frames would be lost.
    let outcome = stitched(&[list[1].clone(), list[1].clone()], &StitchParams::default(), &clips.path("out")).await.unwrap();
    assert_eq!((outcome.way, outcome.plan.frames()), (Way::Encoded, 48));
}

#[tokio::test]
async fn hdr_and_sdr_become_one_light_under_one_label() {
    let clips = Clips::new();
    let bt709 = "-color_primaries bt709 -color_trc bt709 -colorspace bt709";
    let grey = "-f lavfi -i color=gray:s=64x64:r=24:d=1 -pix_fmt";
    let bt2020 = "-color_primaries bt2020 -colorspace bt2020nc -color_trc";
    let sdr = clips.make("sdr.mp4", &format!("{grey} yuv420p -c:v libx264 {bt709}"));
    let hlg = clips.make("hlg.mov", &format!("{grey} yuv420p10le -c:v libx264 {bt2020} arib-std-b67"));
    let pq = clips.make("pq.mkv", &format!("{grey} yuv420p10le -c:v libx264 {bt2020} smpte2084"));
    let old = clips
        .make("old.mp4", &format!("{grey} yuv420p -c:v libx264 -color_primaries smpte170m -color_trc smpte170m -colorspace smpte170m"));
    for list in [[&sdr, &hlg, &pq, &old], [&pq, &hlg, &old, &sdr]] {
        let list = list.map(Clone::clone);
        let output = clips.path("out");
        let outcome = stitched(&list, &StitchParams::default(), &output).await.unwrap();
        let report = probe::probe(&Ffmpeg::locate(), &output).await.unwrap().report;
        let video = report.video().unwrap();
        let label = [&video.color_transfer, &video.color_primaries, &video.color_space].map(|name| name.as_deref());
        assert_eq!(label, [Some("bt709"); 3]);
        for (index, path) in list.iter().enumerate() {
            let (seen, said) = (luma(&output, index as f64 + 0.5).await, outcome.plan.clips[index].changes.join(", "));
            // A middle grey of 709 stays one; of HLG it is a darker light, of PQ a brighter one than white paper's half.
            let (words, expected) = match path.extension().and_then(|extension| extension.to_str()) {
                Some("mov") => ("HDR (HLG) made SDR", 60..=115),
                Some("mkv") => ("HDR (PQ) made SDR", 60..=180),
                _ if *path == old => ("colours converted from BT.601", 120..=132),
                _ => ("", 120..=132),
            };
            assert!(said.contains(words) && expected.contains(&seen), "{seen}: {said}");
        }
    }
}

#[tokio::test]
async fn without_the_filters_hdr_is_refused_by_their_names() {
    let clips = Clips::new();
    let hlg = clips.make(
        "hlg.mov",
        "-f lavfi -i color=gray:s=64x64:r=24:d=1 -pix_fmt yuv420p10le -c:v libx264 -color_primaries bt2020 -colorspace bt2020nc -color_trc arib-std-b67",
    );
    let ffmpeg = Ffmpeg::with_filters(&["tonemap", "scale"]);
    let list = known(&[clips.silent("a.mp4", "64x64", 24), hlg]).await;
    let refused = match plan(&ffmpeg, &list, &StitchParams::default()).await {
        Err(Error::Api(refused)) => refused,
        other => panic!("joined under a wrong label: {other:?}"),
    };
    assert_eq!(refused.kind, ErrorKind::Unavailable);
    assert!(refused.message.starts_with("Clip 2: ") && refused.message.contains("lacks the filter zscale"), "{}", refused.message);
}

#[tokio::test]
async fn combs_transparency_and_odd_rates_are_part_of_the_plan() {
    let clips = Clips::new();
    let list = [
        clips.clip("a.mp4", "64x64", 24, 48_000),
        clips.make(
            "fields.mov",
            "-f lavfi -i testsrc2=s=64x64:r=50:d=1 -vf tinterlace=interleave_top,fieldorder=tff -flags +ilme+ildct -c:v libx264 -x264opts tff=1 -pix_fmt yuv420p",
        ),
        clips.make("glass.mov", "-f lavfi -i color=white@0.0:s=64x64:r=24:d=1,format=yuva444p10le -c:v prores_ks"),
        clips.make("lapse.mp4", "-f lavfi -i testsrc2=s=64x64:r=1/2:d=4 -c:v libx264 -pix_fmt yuv420p"),
        clips.make("slow.mkv", "-f lavfi -i testsrc2=s=64x64:r=1000:d=0.5 -c:v libx264 -preset ultrafast -pix_fmt yuv420p"),
    ];
    let output = clips.path("out");
    let outcome = stitched(&list, &StitchParams::default(), &output).await.unwrap();
    let changes: Vec<_> = outcome.plan.clips.iter().map(|clip| clip.changes.join(", ")).collect();
    assert!(changes[1].contains("deinterlaced") && changes[2].contains("transparent parts made black"), "{changes:?}");
    assert!(changes[3].contains("frame rate 0.5 made 24") && changes[4].contains("frame rate 1000 made 24"), "{changes:?}");
    assert!((seconds(&outcome) - 7.5).abs() < 0.1, "{outcome:?}");
    assert!(luma(&output, 2.5).await < 20, "what shows through is not black");
}

#[tokio::test]
async fn transitions_overlap_their_neighbours() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.silent("b.mp4", "64x64", 24), clips.clip("c.mp4", "64x64", 30, 44_100)];
    for transition in ["fade", "wipeleft"] {
        let params = StitchParams { transition: transition.into(), transition_seconds: 0.25, size: Some((96, 64)), fps: Some(29.97) };
        let outcome = stitched(&list, &params, &clips.path("out")).await.unwrap();
        assert_eq!(outcome.plan.frames(), 3 * 30 - 2 * 7);
        assert!((seconds(&outcome) - 2.536).abs() < 0.03, "{outcome:?}");
        assert_eq!((outcome.plan.width, outcome.plan.height), (96, 64));
    }
    let silent = [list[1].clone(), list[1].clone()];
    let outcome = stitched(&silent, &fade(0.5), &clips.path("out")).await.unwrap();
    assert!(!outcome.plan.sound && (seconds(&outcome) - 1.5).abs() < 0.01, "{outcome:?}");
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
    let mut bytes = std::fs::read(other).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mdat").unwrap() + 4;
    bytes[at..].iter_mut().for_each(|byte| *byte = 0xA5);
    let list = [good.clone(), clips.write("damaged.mp4", &bytes), good];
    let error = refusal(&list, &StitchParams::default(), &output).await;
    assert_eq!(error.kind, ErrorKind::NotAVideo);
    assert!(error.message.starts_with("Clip 2: It is damaged"), "{}", error.message);
}

#[tokio::test]
async fn cancelling_leaves_nothing() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.clip("b.mp4", "96x64", 24, 48_000)];
    let (output, cancel) = (clips.path("out"), CancellationToken::new());
    let params = StitchParams { size: Some((1280, 720)), ..StitchParams::default() };
    let result = stitch(&Ffmpeg::locate(), &known(&list).await, &params, &output, |_| cancel.cancel(), &cancel).await;
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert!(!output.exists());
}

#[tokio::test]
async fn progress_is_a_share_and_ends_at_one() {
    let clips = Clips::new();
    let list = [clips.clip("a.mp4", "64x64", 24, 48_000), clips.clip("b.mp4", "96x64", 24, 48_000)];
    let seen = Mutex::new(Vec::new());
    let note = |share| seen.lock().unwrap().push(share);
    stitch(&Ffmpeg::locate(), &known(&list).await, &fade(0.5), &clips.path("out"), note, &CancellationToken::new()).await.unwrap();
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
