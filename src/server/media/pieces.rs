//! The bytes of a stored file, piece by piece: each is read, and hashed where that is wanted, while the one before it is on its way to who asked.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use sha2::Digest;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::domain::Sha256;

/// So many bytes are hashed at a time, while what was read is still in the processor's own memory.
const STEP: usize = 128 * 1024;

/// What is being read of a file.
#[derive(Debug)]
pub struct Pieces {
    /// The next piece; `None` once the last was given.
    next: Option<JoinHandle<io::Result<(Bytes, Rest)>>>,
    hasher: Option<sha2::Sha256>,
}

/// What is still to be read.
#[derive(Debug)]
struct Rest {
    file: File,
    bytes: u64,
    piece_bytes: usize,
    hasher: Option<sha2::Sha256>,
}

impl Rest {
    fn read(mut self) -> io::Result<(Bytes, Self)> {
        let length = self.bytes.min(self.piece_bytes as u64) as usize;
        let mut piece = Vec::with_capacity(length);
        while piece.len() < length {
            let begin = piece.len();
            (&self.file).take((length - begin).min(STEP) as u64).read_to_end(&mut piece)?;
            if piece.len() == begin {
                break;
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&piece[begin..]);
            }
        }
        // A file that ends too soon ends here.
        self.bytes = if piece.len() == length { self.bytes - length as u64 } else { 0 };
        Ok((piece.into(), self))
    }
}

impl Pieces {
    /// Begins to read `length` bytes, or as many as there are, from `first` on. Needs a runtime.
    #[must_use]
    pub fn read(mut file: File, first: u64, length: u64, piece_bytes: usize) -> Self {
        Self::begin(length, move || {
            file.seek(SeekFrom::Start(first))?;
            Ok(Rest { file, bytes: length, piece_bytes, hasher: None })
        })
    }

    /// Begins to read the `length` bytes of a whole file, and to hash them on the way.
    #[must_use]
    pub fn hash(file: File, length: u64, piece_bytes: usize) -> Self {
        Self::begin(length, move || Ok(Rest { file, bytes: length, piece_bytes, hasher: Some(sha2::Sha256::new()) }))
    }

    fn begin(length: u64, start: impl FnOnce() -> io::Result<Rest> + Send + 'static) -> Self {
        let next = (length > 0).then(|| spawn_blocking(move || start()?.read()));
        Self { next, hasher: None }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let Some(next) = self.next.take() else { return Ok(None) };
        let (piece, rest) = next.await.map_err(io::Error::other)??;
        if rest.bytes > 0 {
            self.next = Some(spawn_blocking(|| rest.read()));
        } else {
            self.hasher = rest.hasher;
        }
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    /// What the bytes hash to, once the last piece was given; `None` before, and where nothing was to be hashed.
    pub fn digest(&mut self) -> Option<Sha256> {
        self.hasher.take().map(|hasher| Sha256::new(hasher.finalize().into()))
    }

    /// The pieces as a stream.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::try_unfold(self, async |mut pieces| Ok(pieces.next().await?.map(|piece| (piece, pieces))))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[tokio::test]
    async fn every_byte_comes_once_and_in_order() {
        let bytes: Vec<u8> = (0..1000_u32).map(|number| (number % 251) as u8).collect();
        for (first, length, piece) in [(0, 1000, 7), (0, 1000, 1000), (0, 1000, 5000), (3, 500, 100), (999, 1, 4), (10, 0, 4)] {
            let pieces: Vec<Bytes> = Pieces::read(file(&bytes), first, length, piece).into_stream().try_collect().await.unwrap();
            assert_eq!(pieces.concat(), bytes[first as usize..(first + length) as usize], "{first} {length} {piece}");
            assert!(pieces.iter().all(|one| !one.is_empty() && one.len() <= piece));
        }
    }

    #[tokio::test]
    async fn a_file_is_hashed_once_its_last_piece_is_there() {
        let bytes = vec![7; 1000];
        let mut pieces = Pieces::hash(file(&bytes), 1000, 300);
        for _ in 0..3 {
            assert_eq!(pieces.next().await.unwrap().unwrap().len(), 300);
            assert_eq!(pieces.digest(), None);
        }
        assert_eq!(pieces.next().await.unwrap().unwrap().len(), 100);
        assert_eq!(pieces.digest(), Some(Sha256::new(sha2::Sha256::digest(&bytes).into())));
        assert_eq!(pieces.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_file_that_is_shorter_than_it_should_be_ends_where_it_ends() {
        let mut pieces = Pieces::hash(file(b"abc"), 10, 3);
        assert_eq!(pieces.next().await.unwrap().unwrap(), "abc");
        assert_eq!(pieces.next().await.unwrap(), None);
        assert_eq!(pieces.digest(), Some(Sha256::new(sha2::Sha256::digest("abc").into())));
    }
}
