//! A clip that stands in an answer as base64: decoded from there to the disk, piece by piece.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use base64::{
    alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    read::DecoderReader,
};

use super::{body::Body, outline};

/// Standard base64 (RFC 4648, 4), with or without the `=` at its end.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// The most that stands before the base64 in a `data:` address (RFC 2397), in bytes.
const LONGEST_HEAD: u64 = 256;

/// A clip in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    body: Body,
    pointer: String,
}

/// Bytes by which a video is known.
pub(super) const SIGNATURE: usize = 8;

/// Why a clip could not be taken out of its answer.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// What stands there is no base64, or breaks off.
    NotBase64,
    /// It is no video.
    NotVideo,
    /// It is larger than any that is taken.
    TooLarge,
    /// It could not be written.
    NotWritten(io::Error),
}

impl Inline {
    /// The clip that stands in `body` at a JSON pointer, where `text`, the beginning of what stands there, may be one's.
    pub(super) fn found(body: &Body, text: &str, pointer: String) -> Option<Self> {
        may_be_base64(text).then(|| Self { body: body.clone(), pointer })
    }

    /// Writes the clip, of at most `largest` bytes, to `output`; an existing file is overwritten. Blocks.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub(super) fn save(&self, output: &Path, largest: u64) -> Result<(), NotTaken> {
        let body = self.body.open().map_err(NotTaken::NotWritten)?;
        outline::text(body, &self.pointer, |text| decode(text, output, largest)).unwrap_or(Err(NotTaken::NotBase64))
    }
}

fn decode(text: &mut dyn Read, output: &Path, largest: u64) -> Result<(), NotTaken> {
    let letters = Letters::of(text).map_err(|_| NotTaken::NotBase64)?;
    let mut clip = DecoderReader::new(letters, &BASE64);
    let mut piece = vec![0; 64 * 1024];
    let mut begin = Vec::new();
    (&mut clip).take(SIGNATURE as u64).read_to_end(&mut begin).map_err(|_| NotTaken::NotBase64)?;
    if !is_video(&begin) {
        return Err(NotTaken::NotVideo);
    }
    let mut file = File::create(output).map_err(NotTaken::NotWritten)?;
    file.write_all(&begin).map_err(NotTaken::NotWritten)?;
    let mut written = begin.len() as u64;
    loop {
        let count = clip.read(&mut piece).map_err(|_| NotTaken::NotBase64)?;
        if count == 0 {
            return Ok(());
        }
        written += count as u64;
        if written > largest {
            return Err(NotTaken::TooLarge);
        }
        file.write_all(&piece[..count]).map_err(NotTaken::NotWritten)?;
    }
}

/// Whether a file that begins so is a video: ISO BMFF (ISO/IEC 14496-12: `ftyp` is the first box) or EBML, which Matroska and WebM
/// are (RFC 8794, 11.2.1).
pub(super) fn is_video(begin: &[u8]) -> bool {
    begin.get(4..SIGNATURE) == Some(b"ftyp") || begin.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

/// Whether a text that begins so may be base64, also in a `data:` address.
#[must_use]
pub(super) fn may_be_base64(text: &str) -> bool {
    let text = text.split_once(";base64,").map_or(text, |(_, base64)| base64);
    let is_of_it = |letter: u8| letter.is_ascii_alphanumeric() || letter.is_ascii_whitespace() || b"+/-_=".contains(&letter);
    !text.is_empty() && text.bytes().all(is_of_it)
}

/// The base64 in a text, in one alphabet and in one line: without the head of a `data:` address, without white space.
struct Letters<R>(R);

impl<'a> Letters<Box<dyn BufRead + 'a>> {
    fn of(mut text: &'a mut dyn Read) -> io::Result<Self> {
        let mut begin = Vec::new();
        (&mut text).take(5).read_to_end(&mut begin)?;
        let is_address = begin.eq_ignore_ascii_case(b"data:");
        let mut rest = BufReader::with_capacity(64 * 1024, text);
        if is_address {
            rest.by_ref().take(LONGEST_HEAD).read_until(b',', &mut begin)?;
            begin.clear();
        }
        Ok(Self(Box::new(io::Cursor::new(begin).chain(rest))))
    }
}

impl<R: Read> Read for Letters<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.0.read(buffer)?;
            let mut kept = 0;
            for place in 0..count {
                let letter = buffer[place];
                if letter.is_ascii_whitespace() {
                    continue;
                }
                // RFC 4648, 5: the alphabet for addresses.
                buffer[kept] = match letter {
                    b'-' => b'+',
                    b'_' => b'/',
                    letter => letter,
                };
                kept += 1;
            }
            if count == 0 || kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
#[path = "inline_tests.rs"]
mod tests;
