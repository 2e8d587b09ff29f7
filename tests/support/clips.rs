//! Test clips, made by ffmpeg once per shape and kept for the whole run.

use std::{
    collections::HashMap,
    process::Command,
    sync::{LazyLock, Mutex},
};

/// The shape of a test clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames a second.
    pub fps: u32,
    /// Length.
    pub seconds: u32,
    /// Whether it has sound.
    pub sound: bool,
    /// Clips of one shape but other bytes.
    pub variant: u32,
    /// The container: `mp4`, `mov`, `mkv`, `webm`, `avi` or `ts`.
    pub container: &'static str,
}

/// One second, 9:16, 24 frames a second, with sound, MP4.
pub const SHORT: Shape = Shape { width: 180, height: 320, fps: 24, seconds: 1, sound: true, variant: 0, container: "mp4" };

static MADE: LazyLock<Mutex<HashMap<Shape, Vec<u8>>>> = LazyLock::new(Mutex::default);

/// The bytes of a clip of that shape; the same bytes each time.
pub fn clip(shape: Shape) -> Vec<u8> {
    let mut made = MADE.lock().unwrap();
    made.entry(shape).or_insert_with(|| make(shape)).clone()
}

/// A one-second clip; clips of different `variant` differ in bytes.
pub fn short(variant: u32) -> Vec<u8> {
    clip(Shape { variant, ..SHORT })
}

fn make(shape: Shape) -> Vec<u8> {
    let Shape { width, height, fps, seconds, sound, variant, container } = shape;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("clip.{container}"));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-f", "lavfi", "-i"]).arg(format!("testsrc2=s={width}x{height}:r={fps}:d={seconds}"));
    if sound {
        command.args(["-f", "lavfi", "-i"]).arg(format!("sine=f={}:d={seconds}:r=48000", 300 + variant));
    }
    let codec = if container == "webm" { ["-c:v", "libvpx", "-deadline", "realtime"] } else { ["-c:v", "libx264", "-preset", "ultrafast"] };
    command.args(codec).args(["-pix_fmt", "yuv420p", "-threads", "1", "-metadata"]).arg(format!("title=clip {variant}")).arg(&path);
    assert!(command.status().unwrap().success(), "ffmpeg could not make a test clip");
    std::fs::read(&path).unwrap()
}
