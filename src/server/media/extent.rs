//! What a file's own first bytes say about its length: a cut download is told from a whole one without reading it through.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
};

use mp4_atom::{DecodeMaybe, Header};

/// How much of the start is looked at, in bytes.
const HEAD: u64 = 4096;

/// More top-level boxes than any sane MP4 has.
const MOST_BOXES: usize = 100_000;

/// The boxes that an MP4 or MOV may begin with.
const FIRST_BOXES: [&[u8]; 9] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof"];

/// What the start of a file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Extent {
    /// The file's length in bytes.
    pub(super) size: u64,
    /// Its container says it is longer than it is.
    pub(super) cut: bool,
    /// It is a text that names other files: HLS, DASH or ffconcat.
    pub(super) playlist: bool,
    /// It consists of boxes, as MP4 and MOV do.
    pub(super) boxes: bool,
    /// Where the one header of an MP4 or MOV begins and ends (its `moov` without name and length), where all packets are told there.
    pub(super) header: Option<(u64, u64)>,
    /// A Matroska file of the kind that browsers know.
    pub(super) webm: bool,
}

impl Extent {
    /// Looks at the file. Blocks on the disk for a few small reads.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut head = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut head)?;
        let boxes = head.get(4..8).is_some_and(|name| FIRST_BOXES.contains(&name));
        let top = if boxes { top_level(&file, size)? } else { Boxes::default() };
        let promised = if head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
            matroska_end(&head)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ") {
            Some(8 + u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])))
        } else {
            top.end
        };
        let text = String::from_utf8_lossy(&head);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        Ok(Self {
            size,
            cut: promised.is_some_and(|promised| promised > size),
            playlist: text.starts_with("#EXTM3U") || text.starts_with("ffconcat") || text.contains("<MPD"),
            boxes,
            header: top.header,
            webm: head.windows(7).any(|window| window == [0x42, 0x82, 0x84, b'w', b'e', b'b', b'm']),
        })
    }
}

/// What the top-level boxes of an MP4 or MOV tell.
#[derive(Debug, Default)]
struct Boxes {
    /// Where the last one ends. A box without a length runs to the end of the file, whatever that is.
    end: Option<u64>,
    header: Option<(u64, u64)>,
}

fn top_level(file: &File, size: u64) -> io::Result<Boxes> {
    let (mut found, mut at) = (Boxes::default(), 0_u64);
    let mut in_fragments = false;
    for _ in 0..MOST_BOXES {
        if size < at.saturating_add(8) {
            found.end = (at > size).then_some(at);
            break;
        }
        let mut start = [0; 16];
        let read = file.read_at(&mut start, at)?;
        let mut rest = &start[..read];
        let Ok(Some(Header { kind, size: Some(length) })) = Header::decode_maybe(&mut rest) else { break };
        let name: [u8; 4] = kind.into();
        if !name.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == 0xA9) {
            break;
        }
        let begins = at + (read - rest.len()) as u64;
        at = begins.saturating_add(length as u64);
        match &name {
            b"moov" => found.header = found.header.or(Some((begins, at))),
            b"moof" => in_fragments = true,
            _ => {}
        }
    }
    found.header = found.header.filter(|(_, end)| !in_fragments && *end <= size);
    Ok(found)
}

/// Where the segment of a Matroska file ends; a live recording leaves that open.
fn matroska_end(head: &[u8]) -> Option<u64> {
    let (length, digits) = matroska_size(head.get(4..)?)?;
    let segment = usize::try_from(length?).ok()?.checked_add(4 + digits)?;
    let body = head.get(segment..)?.strip_prefix(&[0x18, 0x53, 0x80, 0x67])?;
    let (length, digits) = matroska_size(body)?;
    length?.checked_add((segment + 4 + digits) as u64)
}

/// A size as EBML writes it (RFC 8794 §4) with its own length in bytes; all ones means unknown.
fn matroska_size(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let first = *bytes.first()?;
    let digits = first.leading_zeros() as usize + 1;
    let rest = bytes.get(1..digits)?;
    let mask = (0xFF_u16 >> digits) as u8;
    let known = (first & mask) != mask || rest.iter().any(|byte| *byte != 0xFF);
    let value = rest.iter().fold(u64::from(first & mask), |value, byte| value << 8 | u64::from(*byte));
    Some((known.then_some(value), digits))
}
