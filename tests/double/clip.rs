//! The clip that a job gives: a real one, small, of the asked-for length and aspect, with sound. Clips of different jobs differ in bytes.

use std::{
    collections::HashMap,
    process::Command,
    sync::{LazyLock, Mutex},
};

/// Width, height and length.
type Shape = (u32, u32, u32);

static MADE: LazyLock<Mutex<HashMap<Shape, Vec<u8>>>> = LazyLock::new(Mutex::default);

/// The bytes of the clip of `job`.
pub fn clip(job: &str, size: (u32, u32), seconds: u32) -> Vec<u8> {
    let small = |side: u32| (side / 8).max(16) / 2 * 2;
    let (width, height) = (small(size.0), small(size.1));
    let mut bytes = {
        let mut made = MADE.lock().unwrap();
        made.entry((width, height, seconds)).or_insert_with(|| render(width, height, seconds)).clone()
    };
    // A `free` box (ISO/IEC 14496-12 §8.1.2) behind everything else is no part of the film.
    bytes.extend(u32::try_from(8 + job.len()).unwrap().to_be_bytes());
    bytes.extend(b"free");
    bytes.extend(job.as_bytes());
    bytes
}

fn render(width: u32, height: u32, seconds: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &format!("testsrc2=s={width}x{height}:r=24:d={seconds}")])
        .args(["-f", "lavfi", "-i", &format!("sine=f=330:d={seconds}"), "-c:v", "libx264", "-preset", "ultrafast"])
        .args(["-pix_fmt", "yuv420p"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success(), "ffmpeg could not make the double's clip");
    std::fs::read(path).unwrap()
}
