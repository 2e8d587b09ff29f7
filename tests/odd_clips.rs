//! Real footage: what cameras, phones, screen recorders, browsers and editors write, and what is broken. The snapshot is a table: taken, or refused in
//! which words; the seconds that are shown; the seconds that play in a stitch between two plain clips; what that stitch does to each.

use std::{path::Path, process::Command};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::TestServer;

/// Two seconds of a test picture, and of a tone.
const PICTURE: &str = "-f lavfi -i testsrc2=s=128x96:r=25:d=2";
const TONE: &str = "-f lavfi -i sine=d=2:r=48000";
const X264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
const ALIKE: &str = "-color_primaries bt709 -color_trc bt709 -colorspace bt709";

/// What is done to the bytes that ffmpeg wrote.
type Change = fn(&mut Vec<u8>);

fn whole(_: &mut Vec<u8>) {}

/// The place after the first `name` in a file.
fn after(bytes: &[u8], name: &[u8]) -> usize {
    bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len()
}

/// The length that a header tells, in its own unit (ISO 14496-12, 8.2.2 and 8.4.2): both boxes are of version 0.
fn told_length(bytes: &mut [u8], name: &[u8], length: u32) {
    let at = after(bytes, name) + 16;
    bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

fn quarter_turn(bytes: &mut [u8]) {
    let header = after(bytes, b"tkhd") + 40;
    let quarter: [i32; 9] = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];
    let matrix = quarter.into_iter().flat_map(i32::to_be_bytes);
    bytes[header..].iter_mut().zip(matrix).for_each(|(byte, new)| *byte = new);
}

fn stale_tag(bytes: &mut [u8]) {
    let at = after(bytes, b"DURATION");
    let digits = at + bytes[at..].windows(3).position(|window| window == b"00:").unwrap();
    bytes[digits..digits + 2].copy_from_slice(b"07");
}

fn cut(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() * 7 / 10);
}

/// Each file: its name, how ffmpeg makes it, and what is done to it then.
fn files() -> Vec<(&'static str, String, Change)> {
    let both = |more: &str| format!("{PICTURE} {TONE} {more}");
    let sound = |codec: &str| both(&format!("{X264} -c:a {codec}"));
    let silent = |more: &str| format!("{PICTURE} {more}");
    let hdr = |transfer: &str| {
        format!(
            "{PICTURE} -c:v libx265 -x265-params log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc -pix_fmt yuv420p10le -tag:v hvc1"
        )
    };
    let fields = |order: &str, options: &str| {
        format!(
            "-f lavfi -i testsrc2=s=128x96:r=50:d=2 {TONE} -vf tinterlace=interleave_{order},setfield={options} -flags +ilme+ildct -c:v libx264 -x264opts {options}=1 -pix_fmt yuv420p -c:a ac3"
        )
    };
    vec![
        ("camera-pcm-s16le.mov", sound("pcm_s16le"), whole),
        ("camera-pcm-s24be.mov", sound("pcm_s24be"), whole),
        ("camera-pcm-f32le.mov", sound("pcm_f32le"), whole),
        ("camera-mulaw.mov", sound("pcm_mulaw"), whole),
        ("camera-alaw.mov", sound("pcm_alaw"), whole),
        ("camera-adpcm.mov", sound("adpcm_ima_qt"), whole),
        ("camera-avchd.mts", both(&format!("{X264} -c:a ac3 -f mpegts -mpegts_m2ts_mode 1")), whole),
        ("camera-interlaced-top.mts", fields("top", "tff") + " -f mpegts", whole),
        ("camera-interlaced-bottom.mov", fields("bottom", "bff"), whole),
        ("camera-mjpeg.avi", both("-c:v mjpeg -c:a pcm_s16le"), whole),
        ("camera-timecode.mov", both(&format!("{X264} -c:a pcm_s16le -timecode 01:00:00:00")), whole),
        ("camera-mpeg2.ts", both("-c:v mpeg2video -c:a mp2 -f mpegts"), whole),
        ("camera-cut-from-a-tape.ts", both(&format!("{X264} -c:a aac -f mpegts -output_ts_offset 3600")), whole),
        ("phone-hlg.mov", hdr("arib-std-b67"), whole),
        ("phone-pq.mp4", hdr("smpte2084"), whole),
        ("phone-p3.mov", silent(&format!("{X264} -color_primaries smpte432 -color_trc bt709 -colorspace bt709")), whole),
        ("phone-upright.mp4", silent(X264), |bytes| quarter_turn(bytes)),
        ("phone-varying-rate.mp4", format!("{PICTURE} -vf select=not(mod(n\\,3))+lt(n\\,20) -fps_mode vfr {X264}"), whole),
        ("phone-240-a-second.mp4", format!("-f lavfi -i testsrc2=s=128x96:r=240:d=1 {X264}"), whole),
        ("phone-1000-a-second.mkv", format!("-f lavfi -i testsrc2=s=128x96:r=1000:d=1 {X264}"), whole),
        ("screen-live.webm", both("-c:v libvpx -deadline realtime -c:a libopus -live 1"), whole),
        ("screen-rgb.mkv", silent("-c:v libx264rgb -preset ultrafast"), whole),
        ("screen-full-range.mp4", silent("-vf scale=out_range=pc,format=yuvj420p -c:v libx264 -preset ultrafast"), whole),
        ("screen-odd-size.mp4", "-f lavfi -i testsrc2=s=131x97:r=25:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv444p".into(), whole),
        ("browser-short-header.mp4", silent(X264), |bytes| told_length(bytes, b"mdhd", 800)),
        ("browser-fragments.mp4", both(&format!("{X264} -c:a aac -movflags frag_keyframe+empty_moov")), whole),
        ("browser-vp9-opus.webm", both("-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus"), whole),
        ("editor-prores.mov", both("-c:v prores_ks -profile:v 2 -c:a pcm_s24le"), whole),
        ("editor-prores-transparent.mov", "-f lavfi -i color=white@0.5:s=128x96:r=25:d=2,format=yuva444p10le -c:v prores_ks".into(), whole),
        ("editor-late-sound.mkv", format!("{PICTURE} -itsoffset 1 {TONE} {X264} -c:a aac"), whole),
        ("editor-late-picture.mkv", format!("-itsoffset 1 {PICTURE} {TONE} {X264} -c:a aac"), whole),
        ("editor-sound-goes-on.mp4", format!("{PICTURE} -f lavfi -i sine=d=4 {X264} -c:a aac"), whole),
        ("editor-offset.mkv", both(&format!("{X264} -c:a aac -output_ts_offset 100")), whole),
        ("editor-edit-list.mp4", both(&format!("{X264} -g 25 -c:a aac -output_ts_offset -0.5 -avoid_negative_ts disabled")), whole),
        ("editor-wide-pixels.mp4", silent(&format!("-vf setsar=4/3 {X264}")), whole),
        ("editor-time-lapse.mp4", format!("-f lavfi -i testsrc2=s=128x96:r=1/2:d=4 {X264}"), whole),
        ("editor-bt601.mp4", silent(&format!("{X264} -color_primaries smpte170m -color_trc smpte170m -colorspace smpte170m")), whole),
        ("other-stale-tag.mkv", both(&format!("{X264} -c:a aac")), |bytes| stale_tag(bytes)),
        ("other-no-times.avi", silent(&format!("{X264} -bf 2")), whole),
        ("other-av1.mp4", silent("-c:v libaom-av1 -cpu-used 8 -pix_fmt yuv420p"), whole),
        ("lies-for-ever.mp4", silent(X264), |bytes| told_length(bytes, b"mvhd", u32::MAX / 2)),
        ("cut-index-in-front.mp4", both(&format!("{X264} -c:a aac -movflags +faststart")), cut),
        ("cut-index-at-the-end.mp4", both(&format!("{X264} -c:a aac")), cut),
        ("cut.mkv", both(&format!("{X264} -c:a aac")), cut),
        ("cut-pcm.mov", sound("pcm_s16le") + " -movflags +faststart", cut),
        ("no-picture.mp4", format!("{TONE} -c:a aac"), whole),
        ("a-still.mp4", "-f lavfi -i testsrc2=s=128x96 -frames:v 1 -f image2 -c:v png".into(), whole),
        ("a-playlist.mp4", silent(X264), |bytes| {
            *bytes = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\nother.ts\n#EXT-X-ENDLIST\n".to_vec()
        }),
        ("empty.mp4", silent(X264), Vec::clear),
    ]
}

/// Makes a file with a tone of its own: equal stitches would be one clip, with what was told of the first.
fn made(dir: &Path, name: &str, arguments: &str) -> Vec<u8> {
    let path = dir.join(name);
    let tone = 300 + name.bytes().map(u32::from).sum::<u32>();
    let arguments = arguments.replace("sine=", &format!("sine=f={tone}:"));
    let status = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments.split_whitespace()).arg(&path).status().unwrap();
    assert!(status.success(), "{name} was not made");
    std::fs::read(path).unwrap()
}

/// The digest of a file's streams, as ffmpeg makes it of each.
fn digest(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(format!("taken-{name}"));
    std::fs::write(&path, bytes).unwrap();
    let arguments = ["-map", "0:V", "-map", "0:a?", "-c", "copy", "-f", "streamhash", "-hash", "sha256", "-"];
    let output = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path).args(arguments).output().unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    let mut all = Sha256::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let digest: reelgraph::domain::Sha256 = line.split_once("SHA256=").unwrap().1.parse().unwrap();
        all.update(digest.bytes());
    }
    reelgraph::domain::Sha256::new(all.finalize().into()).to_string()
}

/// A line of the table, and the file's id with the digest of its streams where it was taken.
type Line = (String, Option<(String, String)>);

/// Uploads a file, and joins it between two plain clips: a line of the table.
async fn line(server: &TestServer, plain: &Value, dir: &Path, name: &str, bytes: Vec<u8>) -> Line {
    let digest = |id: &Value| (id.as_str().unwrap().to_owned(), tokio::task::block_in_place(|| digest(dir, name, &bytes)));
    let uploaded = server.client.upload(name, bytes.clone()).await;
    if uploaded.status != 201 {
        assert_eq!(uploaded.status, 422, "{name}");
        return (format!("{name:30} | refused: {}", uploaded.json()["detail"].as_str().unwrap()), None);
    }
    let uploaded = uploaded.json();
    let taken = Some(digest(&uploaded["video_id"]));
    let shown = uploaded["video"]["duration_seconds"].as_f64().unwrap();
    let clips = json!({ "video_ids": [plain, uploaded["video_id"], plain], "fps": 25 });
    let job = server.client.post("/api/videos/stitch", &clips).await.expect(202).json();
    let ended =
        server.client.wait_for(&format!("/api/jobs/{}", job["job_id"].as_str().unwrap()), |job| !job["finished_at"].is_null()).await;
    let Some(id) = ended["video_id"].as_str() else {
        return (format!("{name:30} | {shown:.1} s shown | not joined: {}", ended["error"]["message"]), taken);
    };
    let stitched = server.client.get(&format!("/api/videos/{id}")).await.expect(200).json();
    let played = stitched["duration_seconds"].as_f64().unwrap() - 2.0;
    assert!((played - shown).abs() < 0.15, "{name}: {shown} s shown, {played} s played");
    let changes = stitched["metadata"]["stitch"]["params"]["plan"]["clips"][1]["changes"].as_array().unwrap().clone();
    let changes: Vec<_> = changes.iter().map(|change| change.as_str().unwrap()).collect();
    let changes = if changes.is_empty() { "as it is".to_owned() } else { changes.join("; ") };
    (format!("{name:30} | {shown:.1} s shown, {played:.1} s played | {changes}"), taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn real_footage_is_taken_whole_and_what_is_broken_is_refused_in_words() {
    let (server, dir) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let plain =
        made(dir.path(), "plain.mp4", &format!("-f lavfi -i testsrc2=s=128x96:r=25:d=1 -f lavfi -i sine=d=1 {X264} {ALIKE} -c:a aac"));
    let plain = server.client.upload("plain.mp4", plain).await.expect(201).json()["video_id"].clone();
    let (server, plain, dir) = (&server, &plain, dir.path());
    let lines = stream::iter(files()).map(|(name, arguments, change)| async move {
        let mut bytes = tokio::task::block_in_place(|| made(dir, name, &arguments));
        change(&mut bytes);
        line(server, plain, dir, name, bytes).await
    });
    let (table, taken): (Vec<_>, Vec<_>) = lines.buffered(2).collect::<Vec<Line>>().await.into_iter().unzip();
    insta::assert_snapshot!(table.join("\n"));
    // The streams are read when nobody waits for a stitch any more.
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    assert!(taken.len() > 20);
    for (id, digest) in taken {
        let asset = server.client.wait_for(&format!("/api/assets/{id}"), |asset| asset["stream_hash"].is_string()).await;
        assert_eq!(asset["stream_hash"], digest, "{}", asset["name"]);
    }
}
