//! The digest by which footage is recognised in another file: what its streams hold, without container, names or dates.
//!
//! ffmpeg takes the packets out, each stream into a pipe of its own, and they are hashed here: its own SHA-256 does not use what the processor
//! has for it.

use std::{
    io::{self, PipeReader, Read},
    os::fd::{AsRawFd, OwnedFd},
};

use sha2::Digest;

use super::{
    ffmpeg::{Arguments, Ffmpeg, Limits},
    probed::Clip,
};
use crate::{
    domain::{ErrorKind, Sha256},
    server::{Error, Result},
};

/// The most streams that are hashed: each takes a pipe and a thread while it lasts.
const MOST_STREAMS: usize = 32;

/// What a pipe holds, in bytes, and what is read at a time. Of a smaller one ffmpeg and we wait for each other more often.
const PIECE_BYTES: usize = 256 * 1024;

/// The digest of a clip's footage: SHA-256 over the SHA-256 of each stream, the pictures in their order and then the sounds. A remux that leaves the
/// packets as they are keeps it.
///
/// # Errors
/// As for [`digests`].
pub async fn stream_hash(ffmpeg: &Ffmpeg, clip: &Clip) -> Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    digests(ffmpeg, clip).await?.iter().for_each(|digest| hasher.update(digest.bytes()));
    Ok(Sha256::new(hasher.finalize().into()))
}

/// SHA-256 over the packets of each stream, by one run of ffmpeg, which is killed where the future is dropped.
///
/// # Errors
/// [`ErrorKind::NotAVideo`] where there are too many streams; [`Error::Tool`] where ffmpeg gives up on the file; [`Error::Timeout`] where reading it
/// takes longer than once through; [`Error::ToolMissing`]; [`Error::Io`] where there are no more pipes.
pub async fn digests(ffmpeg: &Ffmpeg, clip: &Clip) -> Result<Vec<Sha256>> {
    let streams = clip.probed.report.played_streams();
    if streams.len() > MOST_STREAMS {
        let detail =
            format!("This video has {} streams of picture and sound; footage of up to {MOST_STREAMS} is recognised.", streams.len());
        return Err(Error::api(ErrorKind::NotAVideo, detail));
    }
    let size_bytes = tokio::fs::metadata(&clip.path).await.map_err(Error::io(&clip.path))?.len();
    let mut arguments = Arguments::new().user_input(&clip.path)?;
    let (mut inherited, mut hashing) = (Vec::with_capacity(streams.len()), Vec::with_capacity(streams.len()));
    for index in streams {
        let (reader, writer) = pipe().map_err(Error::io("a pipe"))?;
        // Whole pieces, else each packet is written by itself.
        let written = arguments.option("-map", format!("0:{index}")).option("-c", "copy").option("-flush_packets", "0");
        arguments = written.option("-blocksize", PIECE_BYTES.to_string()).pipe("data", writer.as_raw_fd());
        inherited.push(writer);
        // Ends with the last process that has the other end open: with ffmpeg, however that ends.
        hashing.push(tokio::task::spawn_blocking(move || digest(reader)));
    }
    let limits = Limits { silence: None, ..Limits::read(size_bytes) };
    ffmpeg.write_to(&arguments, limits, inherited).await?;
    let mut digests = Vec::with_capacity(hashing.len());
    for hashing in hashing {
        let hashed = hashing.await.map_err(|error| Error::Internal(format!("hashing a stream ended: {error}")))?;
        digests.push(hashed.map_err(Error::io("a stream"))?);
    }
    Ok(digests)
}

/// A pipe that holds [`PIECE_BYTES`], where the system lets us have so much.
fn pipe() -> io::Result<(PipeReader, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIECE_BYTES);
    Ok((reader, writer.into()))
}

fn digest(mut reader: PipeReader) -> io::Result<Sha256> {
    let (mut hasher, mut piece) = (sha2::Sha256::new(), vec![0; PIECE_BYTES]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(Sha256::new(hasher.finalize().into())),
            Ok(count) => hasher.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::{path::Path, process::Command, sync::Arc, time::Duration};

    use super::*;
    use crate::server::media::{probe, sample_clips::Clips};

    async fn known(path: &Path) -> Clip {
        Clip { path: path.to_owned(), probed: Arc::new(probe::probe(&Ffmpeg::locate(), path).await.unwrap()) }
    }

    /// What ffmpeg itself says of each stream.
    fn told(path: &Path) -> Vec<Sha256> {
        let arguments = ["-map", "0:V", "-map", "0:a?", "-c", "copy", "-f", "streamhash", "-hash", "sha256", "-"];
        let output = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(path).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| line.split_once("SHA256=").unwrap().1.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn each_streams_digest_is_the_one_that_ffmpeg_makes() {
        let clips = Clips::new();
        clips.clip("a.mp4", "128x96", 25, 48_000);
        clips.make("c.png", "-f lavfi -i testsrc2=size=64x64 -frames:v 1");
        let two = "-f lavfi -i testsrc2=s=64x64:r=25:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=f=700:d=1";
        let x264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
        for (name, arguments) in [
            ("b.mov", "-i {a.mp4} -c copy".to_owned()),
            ("b.mkv", "-i {a.mp4} -c copy".to_owned()),
            ("b.avi", "-i {a.mp4} -c copy".to_owned()),
            ("b.ts", "-i {a.mp4} -c copy".to_owned()),
            ("late.mkv", "-itsoffset 0.5 -i {a.mp4} -c copy".to_owned()),
            ("edited.mp4", "-ss 0.5 -i {a.mp4} -c copy".to_owned()),
            ("pcm.mov", "-i {a.mp4} -c:v copy -c:a pcm_s16le".to_owned()),
            ("timecode.mov", "-i {a.mp4} -c copy -timecode 01:00:00:00".to_owned()),
            ("silent.mp4", "-i {a.mp4} -an -c copy".to_owned()),
            ("cover.mp4", "-i {c.png} -i {a.mp4} -map 0 -map 1 -c copy -disposition:v:0 attached_pic".to_owned()),
            ("two-tracks.mkv", format!("{two} -map 1 -map 0 -map 2 {x264} -c:a aac")),
            ("two-pictures.mkv", format!("{two} -map 0 -map 1 -map 0 {x264} -c:a libopus")),
            ("fragments.mp4", "-i {a.mp4} -c copy -movflags frag_keyframe+empty_moov".to_owned()),
            ("v.webm", "-i {a.mp4} -c:v libvpx -deadline realtime -c:a libopus".to_owned()),
        ] {
            let clip = known(&clips.make(name, &arguments)).await;
            let found = digests(&Ffmpeg::locate(), &clip).await.unwrap();
            assert_eq!(found, told(&clip.path), "{name}");
            assert!(!found.is_empty());
        }
    }

    #[tokio::test]
    async fn footage_is_recognised_in_another_container() {
        let clips = Clips::new();
        let a = known(&clips.clip("a.mp4", "64x64", 24, 48_000)).await;
        let b = known(&clips.make("b.mov", "-i {a.mp4} -c copy -metadata title=other")).await;
        let c = known(&clips.make("c.mkv", "-i {a.mp4} -c copy")).await;
        let other = known(&clips.clip("d.mp4", "64x66", 24, 48_000)).await;
        let ffmpeg = Ffmpeg::locate();
        let hash = stream_hash(&ffmpeg, &a).await.unwrap();
        assert_eq!(hash, stream_hash(&ffmpeg, &b).await.unwrap());
        assert_eq!(hash, stream_hash(&ffmpeg, &c).await.unwrap());
        assert_ne!(hash, stream_hash(&ffmpeg, &other).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_is_not_wanted_any_more_leaves_no_program() {
        let clips = Clips::new();
        let clip = known(&clips.clip("a.mp4", "64x64", 24, 48_000)).await;
        for milliseconds in [0, 5, 20, 40] {
            drop(tokio::time::timeout(Duration::from_millis(milliseconds), digests(&Ffmpeg::locate(), &clip)).await);
        }
        // The next one finds everything as it was.
        assert_eq!(digests(&Ffmpeg::locate(), &clip).await.unwrap(), told(&clip.path));
    }
}
