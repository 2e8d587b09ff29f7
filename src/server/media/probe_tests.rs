//! What a probe promises, shown with real and hostile files.

use super::{super::sample_clips::Clips, *};

async fn probed(path: &Path) -> Result<Probe> {
    probe(&Ffmpeg::locate(), path).await.map(|probed| probed.probe)
}

async fn refusal(path: &Path) -> String {
    match probed(path).await {
        Err(Error::Api(error)) if error.kind == ErrorKind::NotAVideo => error.message,
        other => panic!("{}: {other:?}", path.display()),
    }
}

#[tokio::test]
async fn a_clip_is_known_by_its_content_whatever_its_name() {
    let clips = Clips::new();
    let clip = probed(&clips.clip("a.mp4", "180x320", 24, 44_100)).await.unwrap();
    assert!((clip.duration_seconds - 1.0).abs() < 0.05, "{clip:?}");
    assert_eq!((clip.resolution(), clip.aspect_ratio()), ("180x320".into(), "9:16".into()));
    assert_eq!((clip.codec.as_str(), clip.fps), ("h264", 24.0));
    assert_eq!(clip.audio, Some(AudioInfo { codec: "aac".into(), sample_rate: 44_100, channels: 1 }));
    let silent = probed(&clips.silent("--odd 'name\n.txt.mp4", "64x64", 30)).await.unwrap();
    assert_eq!((silent.audio.clone(), silent.aspect_ratio()), (None, "1:1".into()));
    for (name, encoding, media_type, container) in [
        ("b.mov", "-c copy", "video/quicktime", "mov"),
        ("b.mkv", "-c copy", "video/x-matroska", "matroska"),
        ("b.avi", "-c copy", "video/x-msvideo", "avi"),
        ("b.ts", "-c copy", "video/mp2t", "mpegts"),
        ("b.webm", "-c:v libvpx -deadline realtime -c:a libopus", "video/webm", "webm"),
    ] {
        let made = clips.make(name, &format!("-i {{a.mp4}} {encoding}"));
        let renamed = clips.path("disguised.mp4");
        std::fs::rename(made, &renamed).unwrap();
        let probe = probed(&renamed).await.unwrap();
        assert_eq!((probe.media_type.as_str(), probe.container.as_str(), probe.fps), (media_type, container, 24.0));
        assert!((0.95..1.2).contains(&probe.duration_seconds), "{probe:?}");
    }
}

#[tokio::test]
async fn size_is_as_displayed() {
    let clips = Clips::new();
    clips.silent("a.mp4", "320x180", 24);
    let rotated = probed(&clips.turned("r.mp4", "a.mp4")).await.unwrap();
    assert_eq!((rotated.resolution(), rotated.aspect_ratio()), ("180x320".into(), "9:16".into()));
    let anamorphic = clips.make("w.mp4", "-f lavfi -i testsrc2=size=72x58:rate=10:duration=1,setsar=16/15 -c:v libx264");
    assert_eq!(probed(&anamorphic).await.unwrap().resolution(), "77x58");
}

#[tokio::test]
async fn a_cover_picture_is_no_video_and_sound_alone_is_refused() {
    let clips = Clips::new();
    clips.clip("a.mp4", "64x64", 24, 48_000);
    clips.make("c.png", "-f lavfi -i testsrc2=size=400x400 -frames:v 1");
    let song = clips.make("s.m4a", "-i {a.mp4} -i {c.png} -map 0:a -map 1 -c copy -disposition:v attached_pic -f mp4");
    assert!(refusal(&song).await.contains("sound but no moving picture"));
    let film = clips.make("f.mp4", "-i {c.png} -i {a.mp4} -map 0 -map 1 -c copy -disposition:v:0 attached_pic");
    assert_eq!(probed(&film).await.unwrap().resolution(), "64x64");
}

#[tokio::test]
async fn what_is_no_video_is_refused_in_words() {
    let clips = Clips::new();
    let noise: Vec<u8> = (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(refusal(&clips.write("empty.mp4", b"")).await.contains("empty"));
    assert!(refusal(&clips.write("noise.mp4", &noise)).await.contains("not a video"));
    assert!(refusal(&clips.write("page.mp4", b"<!doctype html><title>x</title>")).await.contains("not a video"));
    assert!(refusal(&clips.make("still.png", "-f lavfi -i testsrc2=size=64x64 -frames:v 1")).await.contains("not a video"));
    let missing = probed(&clips.path("missing.mp4")).await;
    assert!(matches!(missing, Err(Error::Io { .. })), "{missing:?}");
}

#[tokio::test]
async fn a_playlist_opens_no_other_file() {
    let clips = Clips::new();
    let other = clips.clip("other.mp4", "64x64", 24, 48_000);
    clips.make("other.ts", "-i {other.mp4} -c copy");
    let hls = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\nother.ts\n#EXT-X-ENDLIST\n";
    let url = other.display();
    let dash = format!(
        "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT1S\"><Period>\
         <AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>file://{url}</BaseURL>\
         </Representation></AdaptationSet></Period></MPD>"
    );
    for (name, text) in [("hls.mp4", hls), ("list.mp4", "ffconcat version 1.0\nfile other.mp4\n"), ("dash.mp4", &dash)] {
        let path = clips.write(name, text.as_bytes());
        assert!(refusal(&path).await.contains("playlist"), "{name}");
    }
}

#[tokio::test]
async fn a_cut_file_is_refused_as_cut() {
    let clips = Clips::new();
    let whole = clips.clip("a.mp4", "180x320", 24, 48_000);
    clips.make("late.mp4", "-i {a.mp4} -c copy");
    clips.make("a.mkv", "-i {a.mp4} -c copy");
    clips.make("a.avi", "-i {a.mp4} -c copy");
    for (share, name) in [(0.999, "a.mp4"), (0.67, "a.mp4"), (0.3, "a.mp4"), (0.67, "late.mp4"), (0.67, "a.mkv"), (0.67, "a.avi")] {
        let cut = clips.cut(&clips.path(name), share, "cut.mp4");
        assert!(refusal(&cut).await.contains("cut short"), "{share} of {name}");
    }
    // The same, where the box of the media data says "to the end of the file": only counting finds it.
    let mut bytes = std::fs::read(&whole).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mdat").unwrap();
    bytes[at - 4..at].fill(0);
    let open = clips.write("open.mp4", &bytes);
    probed(&open).await.unwrap();
    assert!(refusal(&clips.cut(&open, 0.67, "cut.mp4")).await.contains("cut short"));
}

#[tokio::test]
async fn odd_but_whole_files_are_taken() {
    let clips = Clips::new();
    clips.clip("a.mp4", "64x64", 24, 48_000);
    for (name, arguments, seconds) in [
        ("fragments.mp4", "-i {a.mp4} -c copy -movflags frag_keyframe+empty_moov", 1.0),
        ("trimmed.mp4", "-ss 0.5 -i {a.mp4} -c copy", 0.5),
        ("recorded.webm", "-i {a.mp4} -c:v libvpx -deadline realtime -c:a libopus -live 1", 1.0),
        ("deep.mp4", "-i {a.mp4} -c:v libx264 -preset ultrafast -pix_fmt yuv444p10le -an", 1.0),
    ] {
        let probe = probed(&clips.make(name, arguments)).await.unwrap();
        assert!((probe.duration_seconds - seconds).abs() < 0.1 && probe.fps > 23.0, "{name}: {probe:?}");
    }
}

#[tokio::test]
async fn a_header_that_lies_about_its_length_is_not_believed() {
    let clips = Clips::new();
    let mut bytes = std::fs::read(clips.clip("a.mp4", "64x64", 24, 48_000)).unwrap();
    let at = bytes.windows(4).position(|window| window == b"mvhd").unwrap() + 20;
    bytes[at..at + 4].copy_from_slice(&0x7FFF_FFFF_u32.to_be_bytes());
    let probe = probed(&clips.write("long.mp4", &bytes)).await.unwrap();
    assert!(probe.duration_seconds < 1.1, "{probe:?}");
}

#[tokio::test]
async fn sound_of_cameras_and_editors_is_taken() {
    let clips = Clips::new();
    let made = "-f lavfi -i testsrc2=s=64x64:r=25:d=1 -f lavfi -i sine=d=1:r=48000 -c:v libx264 -pix_fmt yuv420p -c:a";
    let codecs = ["pcm_s16le", "pcm_s24le", "pcm_s16be", "pcm_f32le", "pcm_alaw", "pcm_mulaw", "adpcm_ima_qt", "adpcm_ms", "alac", "ac3"];
    for codec in codecs {
        let path = clips.make(&format!("{codec}.mov"), &format!("{made} {codec}"));
        let probe = probed(&path).await.unwrap();
        assert_eq!(probe.audio.map(|audio| audio.codec).as_deref(), Some(codec));
        assert!((probe.duration_seconds - 1.0).abs() < 0.05, "{codec}: {}", probe.duration_seconds);
        let cut = clips.cut(&path, 0.7, "cut.mov");
        assert!(refusal(&cut).await.contains("cut short"), "{codec}");
    }
}

#[tokio::test]
async fn the_length_is_what_plays() {
    let clips = Clips::new();
    clips.clip("a.mp4", "64x64", 24, 48_000);
    let mut lies = std::fs::read(clips.silent("s.mp4", "64x64", 24)).unwrap();
    let at = lies.windows(4).position(|window| window == b"mdhd").unwrap() + 20;
    lies[at..at + 4].copy_from_slice(&700_u32.to_be_bytes());
    let mut paths = vec![(clips.write("lies.mp4", &lies), 1.0)];
    for (name, arguments, seconds) in [
        ("offset.mkv", "-i {a.mp4} -c copy -output_ts_offset 100", 1.0),
        ("offset.mp4", "-i {a.mp4} -c copy -output_ts_offset 100", 1.0),
        ("offset.ts", "-i {a.mp4} -c copy -output_ts_offset 100", 1.0),
        ("late.mkv", "-i {a.mp4} -itsoffset 0.5 -i {a.mp4} -map 0:v -map 1:a -c copy", 1.5),
        ("long.mp4", "-i {a.mp4} -f lavfi -i sine=d=3 -map 0:v -map 1:a -c:v copy", 3.0),
        ("edited.mp4", "-ss 0.5 -i {a.mp4} -c copy", 0.5),
        ("rare.mp4", "-f lavfi -i testsrc2=s=64x64:r=1/200:d=400 -c:v libx264 -pix_fmt yuv420p", 400.0),
    ] {
        paths.push((clips.make(name, arguments), seconds));
    }
    // A tag that was true of the whole film, on a part of it.
    let mut stale = std::fs::read(clips.make("stale.mkv", "-i {a.mp4} -c copy")).unwrap();
    let at = stale.windows(8).position(|window| window == b"DURATION").unwrap();
    let digits = stale[at..].windows(3).position(|window| window == b"00:").unwrap();
    stale[at + digits..at + digits + 2].copy_from_slice(b"07");
    paths.push((clips.write("stale.mkv", &stale), 1.0));
    for (path, seconds) in paths {
        let probe = probed(&path).await.unwrap();
        assert!((probe.duration_seconds - seconds).abs() < 0.08, "{}: {probe:?}", path.display());
    }
    assert_eq!(probed(&clips.path("lies.mp4")).await.unwrap().fps, 24.0);
    assert_eq!(probed(&clips.path("rare.mp4")).await.unwrap().fps, 0.005);
}

/// When a file plays, by its tables if they are plain, and by the packets that ffprobe lists.
async fn both_timings(path: &Path) -> (Option<Timing>, Timing) {
    let (ffmpeg, extent) = (Ffmpeg::locate(), extent(path).await.unwrap());
    let headers = told(&ffmpeg, path, extent, HEADERS, &[]).await.unwrap();
    let tables = sample_tables::tracks(path, extent).unwrap();
    let by_tables = tables.map(|tables| Timing::of(&headers.with_tables(&tables).unwrap()).unwrap());
    let all = told(&ffmpeg, path, extent, &format!("{HEADERS}:{PACKETS}"), &[]).await.unwrap();
    (by_tables, Timing::of(&all.into()).unwrap())
}

/// Whether two begin alike, and end and count their frames alike but for so many seconds.
fn near(one: &Timing, other: &Timing, within: f64) -> bool {
    let begins = |timing: &Timing| [timing.begins, timing.picture_begins, timing.sound.unwrap_or_default().0];
    let ends = |timing: &Timing| [timing.seconds, timing.picture_ends, timing.sound.unwrap_or_default().1];
    let alike = |one: [f64; 3], other: [f64; 3], within: f64| one.iter().zip(other).all(|(one, other)| (one - other).abs() < within + 2e-5);
    alike(begins(one), begins(other), 0.0) && alike(ends(one), ends(other), within) && (within > 0.0 || one.fps == other.fps)
}

#[tokio::test]
async fn the_tables_of_an_mp4_tell_what_its_packets_tell() {
    let clips = Clips::new();
    let a = clips.clip("a.mp4", "64x64", 24, 48_000);
    let x264 = "-c:v libx264 -pix_fmt yuv420p -bf 3";
    let picture = "-f lavfi -i testsrc2=s=64x64:r=30000/1001:d=2";
    let both = format!("{picture} -f lavfi -i sine=d=2:r=44100 {x264} -c:a aac");
    clips.make("b.mp4", &both);
    let mut paths = vec![a];
    for (name, arguments) in [
        ("frames.mp4", both.clone()),
        ("silent.mp4", format!("{picture} {x264}")),
        ("camera.mov", both.clone()),
        ("trimmed.mp4", "-ss 0.7 -i {b.mp4} -c copy".into()),
        ("short.mp4", "-i {b.mp4} -t 1.1 -c copy".into()),
        ("offset.mp4", "-i {b.mp4} -c copy -output_ts_offset 100".into()),
        ("late-sound.mp4", "-i {b.mp4} -itsoffset 0.6 -i {b.mp4} -map 0:v -map 1:a -c copy".into()),
        ("late-picture.mp4", "-itsoffset 0.6 -i {b.mp4} -i {b.mp4} -map 0:v -map 1:a -c copy".into()),
        ("sound-goes-on.mp4", format!("{picture} -f lavfi -i sine=d=4 {x264} -c:a aac")),
        ("edit-list.mp4", format!("{both} -g 15 -output_ts_offset -0.5 -avoid_negative_ts disabled")),
        ("no-edit-list.mp4", "-i {b.mp4} -c copy -use_editlist 0".into()),
        ("coarse.mp4", "-i {b.mp4} -c copy -video_track_timescale 1000".into()),
        ("varying.mp4", format!("{picture} -vf select=not(mod(n\\,3))+lt(n\\,20) -fps_mode vfr {x264}")),
        ("time-lapse.mp4", format!("-f lavfi -i testsrc2=s=64x64:r=1/2:d=8 {x264}")),
        ("one-frame.mp4", format!("{picture} -frames:v 1 {x264}")),
        ("hevc.mp4", format!("{picture} -c:v libx265 -x265-params log-level=error -pix_fmt yuv420p10le")),
        ("av1.mp4", format!("{picture} -t 0.5 -c:v libaom-av1 -cpu-used 8 -pix_fmt yuv420p")),
        ("prores.mov", format!("{picture} -c:v prores_ks")),
        ("timecode.mov", format!("{both} -timecode 01:00:00:00")),
        ("ac3.mp4", format!("{picture} -f lavfi -i sine=d=2:r=48000 {x264} -c:a ac3")),
        ("two-sounds.mp4", "-i {b.mp4} -i {a.mp4} -map 0 -map 1:a -c copy".into()),
        ("branded.mp4", format!("{both} -f mp4 -movflags +faststart -brand isom")),
    ] {
        paths.push(clips.make(name, &arguments));
    }
    for (name, of, box_name, length) in
        [("short-header.mp4", "frames.mp4", b"mdhd", 800_u32), ("long-header.mp4", "b.mp4", b"mvhd", u32::MAX / 2)]
    {
        let mut bytes = std::fs::read(clips.path(of)).unwrap();
        let at = bytes.windows(4).position(|window| window == box_name).unwrap() + 20;
        bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
        paths.push(clips.write(name, &bytes));
    }
    for path in paths {
        let (by_tables, by_packets) = both_timings(&path).await;
        // Where ffprobe guesses how long the last packet lasts, which the tables tell.
        let within = match path.file_name().unwrap().to_str().unwrap() {
            "offset.mp4" | "late-sound.mp4" => 1024.0 / 44_100.0,
            "varying.mp4" => 2.0 * 1001.0 / 30_000.0,
            _ => 0.0,
        };
        let by_tables = by_tables.unwrap_or_else(|| panic!("{} has plain tables", path.display()));
        assert!(near(&by_tables, &by_packets, within), "{}: {by_tables:?} {by_packets:?}", path.display());
    }
    assert_eq!(both_timings(&clips.path("varying.mp4")).await.0.unwrap().seconds, 2.002);
    // What is not plain is told by its packets.
    for (name, arguments) in [
        ("fragments.mp4", "-i {b.mp4} -c copy -movflags frag_keyframe+empty_moov"),
        ("plain-sound.mov", "-i {b.mp4} -c:v copy -c:a pcm_s16le"),
        ("early.mp4", "-i {b.mp4} -c copy -movflags negative_cts_offsets"),
    ] {
        let (by_tables, by_packets) = both_timings(&clips.make(name, arguments)).await;
        assert_eq!(by_tables, None, "{name}");
        assert!((by_packets.seconds - 2.0).abs() < 0.1, "{name}: {by_packets:?}");
    }
}

#[test]
fn ratios_have_their_usual_names() {
    let probe = |width, height| Probe {
        duration_seconds: 1.0,
        width,
        height,
        codec: "h264".into(),
        fps: 24.0,
        audio: None,
        media_type: "video/mp4".into(),
        container: "mp4".into(),
    };
    for (width, height, name) in
        [(720, 1280, "9:16"), (1080, 1918, "9:16"), (854, 480, "16:9"), (864, 480, "9:5"), (1000, 1000, "1:1"), (1792, 1024, "7:4")]
    {
        assert_eq!(probe(width, height).aspect_ratio(), name);
    }
}
