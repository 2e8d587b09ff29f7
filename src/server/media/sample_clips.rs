//! Small clips for the tests of this folder, made with ffmpeg.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A folder of clips that goes with the test.
pub(super) struct Clips(TempDir);

impl Clips {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes `name` from ffmpeg's arguments, given as one text; `{name}` stands for another file of the folder.
    pub(super) fn make(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.path(name);
        let folder = format!("{}/", self.0.path().display());
        let arguments = arguments.split_whitespace().map(|word| match word.strip_prefix('{') {
            Some(other) => format!("{folder}{}", other.trim_end_matches('}')),
            None => word.to_owned(),
        });
        let status = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).arg(&path).status().expect("ffmpeg");
        assert!(status.success(), "{name} was not made");
        path
    }

    /// A second of a test picture of `size` at `rate`, with a tone at `hertz` a second, mono.
    pub(super) fn clip(&self, name: &str, size: &str, rate: u32, hertz: u32) -> PathBuf {
        self.make(name, &format!("{} {} {ENCODED}", picture(size, rate), sound(hertz)))
    }

    /// The same without sound.
    pub(super) fn silent(&self, name: &str, size: &str, rate: u32) -> PathBuf {
        self.make(name, &format!("{} {ENCODED}", picture(size, rate)))
    }

    /// The MP4 `of`, to be shown turned by a quarter: by the matrix of its first track (ISO 14496-12, 8.3.2), which ffmpeg writes by other options
    /// in each version.
    pub(super) fn turned(&self, name: &str, of: &str) -> PathBuf {
        let mut bytes = std::fs::read(self.path(of)).expect("a file");
        let header = bytes.windows(4).position(|name| name == b"tkhd").expect("a track");
        let quarter: [i32; 9] = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];
        let matrix = quarter.into_iter().flat_map(i32::to_be_bytes);
        bytes[header + 44..].iter_mut().zip(matrix).for_each(|(byte, new)| *byte = new);
        self.write(name, &bytes)
    }

    /// Writes `bytes` as `name`.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// The first `share` of a file, as another one.
    pub(super) fn cut(&self, whole: &Path, share: f64, name: &str) -> PathBuf {
        let bytes = std::fs::read(whole).expect("a file");
        self.write(name, &bytes[..(bytes.len() as f64 * share) as usize])
    }
}

/// Encoding of the samples: fast, and with the index in front.
const ENCODED: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -movflags +faststart";

fn picture(size: &str, rate: u32) -> String {
    format!("-f lavfi -i testsrc2=size={size}:rate={rate}:duration=1")
}

fn sound(hertz: u32) -> String {
    format!("-f lavfi -i sine=sample_rate={hertz}:duration=1")
}
