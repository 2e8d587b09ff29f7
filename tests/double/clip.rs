//! The clip that a job gives: a real one, small, of the asked-for length and aspect, with sound. Clips of different jobs differ in bytes, and
//! so do their beginnings. `[[pad=N]]` in the prompt makes it N MB larger.

use std::{
    collections::HashMap,
    process::Command,
    sync::{LazyLock, Mutex},
};

use axum::body::Bytes;

use super::book::Job;

/// Bytes of a piece: whole groups of base64.
const PIECE: usize = 3 * 16 * 1024;

static ZEROS: [u8; PIECE] = [0; PIECE];

/// Width, height and length.
type Shape = (u32, u32, u32);

static MADE: LazyLock<Mutex<HashMap<Shape, Vec<u8>>>> = LazyLock::new(Mutex::default);

/// The bytes of the clip of `job`, but for its padding.
pub fn clip(job: &Job) -> Vec<u8> {
    let small = |side: u32| (side / 8).max(16) / 2 * 2;
    let (width, height, seconds) = (small(job.size.0), small(job.size.1), job.seconds);
    let mut bytes = {
        let mut made = MADE.lock().unwrap();
        made.entry((width, height, seconds)).or_insert_with(|| render(width, height, seconds)).clone()
    };
    // The minor version of the brand (ISO/IEC 14496-12 §4.3) is for information only.
    let mark = job.id.bytes().fold(0_u32, |mark, byte| mark.wrapping_mul(31).wrapping_add(byte.into()));
    bytes[12..16].copy_from_slice(&mark.to_be_bytes());
    // A `free` box (§8.1.2) behind everything else is no part of the film.
    free(&mut bytes, job.id.len());
    bytes.extend(job.id.as_bytes());
    bytes
}

/// The head of a `free` box of so many bytes.
fn free(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend(u32::try_from(8 + length).unwrap().to_be_bytes());
    bytes.extend(b"free");
}

/// The clip of `job` with its padding, made as it is sent; all pieces but the last are whole groups of base64.
pub fn pieces(job: &Job) -> impl Iterator<Item = Bytes> + Send + use<> {
    let mut bytes = clip(job);
    let padding = job.scenario().number("pad") * 1_000_000;
    if padding > 0 {
        free(&mut bytes, padding);
    }
    let mut left = bytes.len() + padding;
    let mut begin = Bytes::from(bytes);
    std::iter::from_fn(move || {
        let count = left.min(PIECE);
        left -= count;
        if begin.is_empty() {
            return (count > 0).then_some(Bytes::from_static(&ZEROS[..count]));
        }
        let mut piece = begin.split_to(count.min(begin.len())).to_vec();
        piece.resize(count, 0);
        Some(piece.into())
    })
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
