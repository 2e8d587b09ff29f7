//! Command lines for ffmpeg and ffprobe, built argument by argument: no shell, and no way to open a user's file unguarded.

use std::{
    ffi::{OsStr, OsString},
    os::fd::RawFd,
    path::Path,
};

use crate::server::{Error, Result};

/// The containers a file of the library may have, by ffmpeg's names. Playlists (HLS, DASH, ffconcat) open other files and are not among them.
const CONTAINERS: &str = "mov,matroska,avi,mpegts";

/// The containers, beside the list format that we write ourselves.
const CONCAT_AND_CONTAINERS: &str = "concat,mov,matroska,avi,mpegts";

/// Where ffmpeg may read from: files and its standard input, never the network.
const PROTOCOLS: &str = "file,pipe";

/// The arguments of one run. As on ffmpeg's command line, options stand before the input or output they belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    list: Vec<OsString>,
    stdin: Vec<u8>,
}

impl Arguments {
    /// No arguments yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An option with its value: `option("-ss", "1.5")`.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.list.extend([name.into(), value.as_ref().into()]);
        self
    }

    /// An option without a value: `flag("-an")`.
    #[must_use]
    pub fn flag(mut self, name: &str) -> Self {
        self.list.push(name.into());
        self
    }

    /// A file that a user or a provider gave: only as MP4/MOV, Matroska/WebM, AVI or MPEG-TS, and without the network.
    ///
    /// # Errors
    /// Where the path cannot be made absolute.
    pub fn user_input(self, path: &Path) -> Result<Self> {
        let input = file_url(path)?;
        Ok(self.option("-protocol_whitelist", PROTOCOLS).option("-format_whitelist", CONTAINERS).option("-i", input))
    }

    /// Bytes that we made ourselves, read from standard input as `format` and nothing else, such as `png_pipe`: no file is left behind
    /// whatever happens. There is one standard input.
    #[must_use]
    pub fn own_bytes(mut self, format: &str, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        let guarded = self.option("-protocol_whitelist", PROTOCOLS).option("-format_whitelist", format);
        guarded.option("-f", format).option("-i", "pipe:0")
    }

    /// A source of libavfilter that we wrote ourselves, such as `sine=frequency=440:duration=2`.
    #[must_use]
    pub fn source(self, graph: &str) -> Self {
        self.option("-f", "lavfi").option("-i", graph)
    }

    /// Files of the library one after the other. The list goes through standard input, so no list file is ever left behind.
    ///
    /// # Errors
    /// Where a path cannot be written into a list: not UTF-8, or with a line break.
    pub fn concatenation<P: AsRef<Path>>(mut self, paths: &[P]) -> Result<Self> {
        let mut list = String::from("ffconcat version 1.0\n");
        for path in paths {
            let path = std::path::absolute(path).map_err(Error::io(path.as_ref()))?;
            let Some(name) = path.to_str().filter(|name| !name.contains(['\n', '\r'])) else {
                return Err(Error::Internal(format!("{} cannot stand in a list for ffmpeg", path.display())));
            };
            list.push_str(&format!("file 'file:{}'\n", name.replace('\'', r"'\''")));
        }
        self.stdin = list.into_bytes();
        let guarded = self.option("-protocol_whitelist", PROTOCOLS).option("-format_whitelist", CONCAT_AND_CONTAINERS);
        Ok(guarded.option("-f", "concat").option("-safe", "0").option("-i", "pipe:0"))
    }

    /// Options that make equal inputs give equal bytes with one build of ffmpeg: one thread (libx264's bytes change with their
    /// number), no version or time written into the file. One thread costs about the number of cores in speed.
    #[must_use]
    pub fn reproducible(self) -> Self {
        self.option("-threads", "1")
            .option("-fflags", "+bitexact")
            .option("-flags:v", "+bitexact")
            .option("-flags:a", "+bitexact")
            .option("-map_metadata", "-1")
            .option("-map_chapters", "-1")
    }

    /// The encoding of everything we make, alike in all so that clips we made join without being encoded again:
    /// H.264 in yuv420p and AAC-LC at 48 kHz in stereo, playable in every browser.
    #[must_use]
    pub fn delivery_encoding(self) -> Self {
        self.option("-c:v", "libx264")
            .option("-preset", "veryfast")
            .option("-crf", "20")
            .option("-pix_fmt", "yuv420p")
            .option("-video_track_timescale", "90000")
            .option("-c:a", "aac")
            .option("-b:a", "160k")
            .option("-ar", "48000")
            .option("-ac", "2")
    }

    /// Writes `path` as MP4 with its index in front, replacing what is there.
    ///
    /// # Errors
    /// Where the path cannot be made absolute.
    pub fn mp4_output(self, path: &Path) -> Result<Self> {
        self.option("-movflags", "+faststart").output("mp4", path)
    }

    /// Writes `path` as `format`, replacing what is there.
    ///
    /// # Errors
    /// Where the path cannot be made absolute.
    pub fn output(self, format: &str, path: &Path) -> Result<Self> {
        let url = file_url(path)?;
        let mut arguments = self.option("-f", format).flag("-y");
        arguments.list.push(url);
        Ok(arguments)
    }

    /// Writes `format` to standard output, for [`super::ffmpeg::Ffmpeg::capture`].
    #[must_use]
    pub fn stdout(self, format: &str) -> Self {
        self.option("-f", format).flag("pipe:1")
    }

    /// Writes `format` to a pipe that the program inherits under this number, for [`super::ffmpeg::Ffmpeg::write_to`].
    #[must_use]
    pub(super) fn pipe(self, format: &str, number: RawFd) -> Self {
        self.option("-f", format).flag(&format!("pipe:{number}"))
    }

    /// Writes nothing: for reading inputs only.
    #[must_use]
    pub fn discard(self) -> Self {
        self.option("-f", "null").flag("-")
    }

    /// The arguments in their order.
    #[must_use]
    pub fn list(&self) -> &[OsString] {
        &self.list
    }

    /// What goes to standard input.
    pub(super) fn stdin(&self) -> &[u8] {
        &self.stdin
    }
}

/// `file:/absolute/path`: whatever the name is, it is neither an option nor another protocol's URL.
fn file_url(path: &Path) -> Result<OsString> {
    let path = std::path::absolute(path).map_err(Error::io(path))?;
    let mut url = OsString::from("file:");
    url.push(path);
    Ok(url)
}
