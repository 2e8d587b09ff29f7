//! Files that come in several requests: each appends to what is there, and what has come of it stays, however it ends.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::PathBuf,
    pin::pin,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tempfile::TempPath;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    content::{Content, blocking, remove, sync_folder},
    staging::{Arriving, StagedFile},
};
use crate::server::{Error, Result};

/// Pieces on their way to the disk: with the pieces' size this bounds the memory of a request.
const PIECES: usize = 16;

/// A file that is arriving, by the upload's id.
#[derive(Debug, Clone)]
pub struct Partial {
    content: Content,
    path: PathBuf,
}

impl Content {
    /// The file of the upload with this id, there or not.
    #[must_use]
    pub fn partial(&self, id: Uuid) -> Partial {
        Partial { content: self.clone(), path: self.uploads_dir().join(format!("{id}.part")) }
    }
}

impl Partial {
    /// Says in which byte an append begins that counts as a whole or not at all. It is there while one is under way.
    fn mark(&self) -> PathBuf {
        self.path.with_extension("whole")
    }

    /// Begins an empty file.
    ///
    /// # Errors
    /// Where it is there, or cannot be created.
    pub async fn create(&self) -> Result<()> {
        let path = self.path.clone();
        blocking(move || File::create_new(&path).map(drop).map_err(Error::io(path))).await
    }

    /// How many of its bytes count; `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be looked at.
    pub async fn size(&self) -> Result<Option<u64>> {
        let partial = self.clone();
        blocking(move || partial.look()).await
    }

    fn look(&self) -> Result<Option<u64>> {
        let there = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(Error::io(&self.path))?.len(),
        };
        let mark = self.mark();
        match fs::read_to_string(&mark) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(there)),
            // One that a kill left empty was written before anything was appended.
            read => Ok(Some(read.map_err(Error::io(mark))?.trim().parse().map_or(there, |begins: u64| begins.min(there)))),
        }
    }

    /// Appends `pieces` at `at`, in the place of whatever is behind it. What has come of them when they end with an error stays, but where they are to
    /// count `as_a_whole`: then all or nothing does, though the server be killed. Every byte that counts is on the disk when this returns.
    ///
    /// # Errors
    /// Theirs, or where the file cannot be written.
    pub async fn append(&self, at: u64, pieces: impl Stream<Item = io::Result<Bytes>> + Send, as_a_whole: bool) -> Result<()> {
        let (sender, incoming) = mpsc::channel(PIECES);
        let (partial, arriving) = (self.clone(), self.content.arriving());
        let writing = tokio::task::spawn_blocking(move || partial.write(at, incoming, as_a_whole, arriving));
        let mut pieces = pin!(pieces);
        let mut broken = None;
        while let Some(piece) = pieces.next().await {
            let (piece, is_end) = match piece {
                Ok(piece) => (Some(piece), false),
                Err(error) => {
                    broken = Some(error);
                    (None, true)
                }
            };
            // The writer hangs up only when it has failed, and says why below.
            if is_end || sender.send(piece).await.is_err() {
                break;
            }
        }
        if broken.is_none() {
            let _ = sender.send(None).await;
        }
        drop(sender);
        writing.await.map_err(|error| Error::Internal(format!("writing an upload ended: {error}")))??;
        broken.map_or(Ok(()), |error| Err(Error::io(&self.path)(error)))
    }

    /// Writes what comes until its end, `None`; where it hangs up before, it is broken off.
    fn write(&self, at: u64, mut incoming: mpsc::Receiver<Option<Bytes>>, as_a_whole: bool, _arriving: Arriving) -> Result<()> {
        let io = || Error::io(&self.path);
        let mut file = OpenOptions::new().append(true).open(&self.path).map_err(io())?;
        file.set_len(at).map_err(io())?;
        let mark = self.mark();
        // What an earlier one left behind: its bytes are gone.
        remove(&mark)?;
        if as_a_whole {
            let marked = File::create(&mark).and_then(|mut file| write!(file, "{at}").and_then(|()| file.sync_all()));
            marked.map_err(Error::io(&mark))?;
            sync_folder(&self.content.uploads_dir())?;
        }
        let mut is_whole = false;
        while let Some(piece) = incoming.blocking_recv() {
            let Some(piece) = piece else {
                is_whole = true;
                break;
            };
            if let Err(error) = file.write_all(&piece) {
                // What a full disk took of it counts, unless it has to count as a whole.
                self.end(&file, at, as_a_whole, false)?;
                return Err(io()(error));
            }
        }
        self.end(&file, at, as_a_whole, is_whole)
    }

    /// Makes what counts last, and takes back what does not.
    fn end(&self, file: &File, at: u64, as_a_whole: bool, is_whole: bool) -> Result<()> {
        let io = || Error::io(&self.path);
        if as_a_whole && !is_whole {
            file.set_len(at).map_err(io())?;
        }
        file.sync_data().map_err(io())?;
        if as_a_whole {
            let mark = self.mark();
            remove(&mark)?;
            sync_folder(&self.content.uploads_dir())?;
        }
        Ok(())
    }

    /// The file as one that is to be stored, hashed. It stays where it lies.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn staged(&self) -> Result<StagedFile> {
        let mut path = TempPath::try_from_path(&self.path).map_err(Error::io(&self.path))?;
        path.disable_cleanup(true);
        StagedFile::read(path).await
    }

    /// Its first bytes, as many as there are of them.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn head(&self, most: usize) -> Result<Vec<u8>> {
        let path = self.path.clone();
        blocking(move || {
            let mut head = Vec::new();
            File::open(&path).and_then(|file| file.take(most as u64).read_to_end(&mut head)).map_err(Error::io(path))?;
            Ok(head)
        })
        .await
    }

    /// Removes it, if it is there.
    ///
    /// # Errors
    /// Where it is there and cannot be removed.
    pub async fn remove(&self) -> Result<()> {
        let paths = [self.path.clone(), self.mark()];
        blocking(move || paths.iter().try_for_each(|path| remove(path))).await
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn store() -> (tempfile::TempDir, Content) {
        let dir = tempfile::tempdir().unwrap();
        let content = Content::open(dir.path()).await.unwrap();
        (dir, content)
    }

    fn pieces(texts: &[&'static str], is_broken: bool) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let mut items: Vec<io::Result<Bytes>> = texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect();
        if is_broken {
            items.push(Err(io::ErrorKind::ConnectionReset.into()));
        }
        stream::iter(items)
    }

    #[tokio::test]
    async fn what_has_come_stays_and_is_gone_on_from() {
        let (_dir, content) = store().await;
        let partial = content.partial(Uuid::new_v4());
        assert_eq!(partial.size().await.unwrap(), None);
        partial.create().await.unwrap();
        assert!(partial.create().await.is_err(), "there is one");
        partial.append(0, pieces(&["ab", "cd"], false), false).await.unwrap();
        partial.append(4, pieces(&["ef", "g"], true), false).await.unwrap_err();
        assert_eq!(partial.size().await.unwrap(), Some(7));
        // What nobody was told of may be sent again.
        partial.append(6, pieces(&["G", "h"], false), false).await.unwrap();
        let staged = partial.staged().await.unwrap();
        assert_eq!((fs::read(staged.path()).unwrap(), staged.size_bytes()), (b"abcdefGh".to_vec(), 8));
        drop(staged);
        assert_eq!(partial.head(3).await.unwrap(), b"abc");
        assert_eq!(partial.size().await.unwrap(), Some(8));
        partial.remove().await.unwrap();
        partial.remove().await.unwrap();
        assert_eq!(fs::read_dir(content.uploads_dir()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_counts_as_a_whole_counts_so_or_not_at_all() {
        let (_dir, content) = store().await;
        let partial = content.partial(Uuid::new_v4());
        partial.create().await.unwrap();
        partial.append(0, pieces(&["abc"], false), true).await.unwrap();
        partial.append(3, pieces(&["de", "fg"], true), true).await.unwrap_err();
        assert_eq!(partial.size().await.unwrap(), Some(3));
        // As a kill leaves it in the middle.
        fs::write(partial.mark(), "3").unwrap();
        fs::write(&partial.path, "abcdefgh").unwrap();
        assert_eq!(partial.size().await.unwrap(), Some(3));
        partial.append(3, pieces(&["DEF"], false), true).await.unwrap();
        assert_eq!(fs::read(&partial.path).unwrap(), b"abcDEF");
        assert!(!partial.mark().exists());
        // One that is gone on from without such a promise.
        fs::write(partial.mark(), "3").unwrap();
        partial.append(3, pieces(&["x"], false), false).await.unwrap();
        assert_eq!(partial.size().await.unwrap(), Some(4));
    }
}
