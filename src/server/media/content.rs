//! Content-addressed files: `ab/<sha256>.<ext>` below the videos folder, each written once and never changed.
//!
//! A file is staged in `.staging/`, synced, linked to its final name, and only then named by a row. Whatever a kill leaves behind is in
//! `.staging/`, or linked from there: the sweep can tell it from every other file. Uploads that come in several requests are in `.uploads/`. Posters, which can be made again, are in `.posters/`.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::FileExt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use tempfile::TempPath;
use tokio::sync::{Mutex, MutexGuard};

use super::{
    cached,
    staging::{Arriving, Staging},
    stat::{Stat, there},
};
use crate::{
    domain::Sha256,
    server::{Error, Result},
};

/// Where files are while they are written.
const STAGING: &str = ".staging";
/// Where uploads lie that come in several requests.
const UPLOADS: &str = ".uploads";
/// Where posters are.
const POSTERS: &str = ".posters";
/// Where files that no row names wait before they are deleted.
const ORPHANS: &str = ".orphans";

/// The videos store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Content {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    /// Its files are on a disk of this machine.
    is_local: bool,
    changes: Mutex<()>,
    posters: Turns,
    readings: Turns,
    arriving: Arriving,
}

/// One turn for each asset that somebody is at.
#[derive(Debug, Default)]
struct Turns(std::sync::Mutex<HashMap<Sha256, Arc<Mutex<()>>>>);

impl Turns {
    fn turn(&self, hash: &Sha256) -> Arc<Mutex<()>> {
        // A panic elsewhere leaves the map whole: entries are only added and dropped.
        let mut turns = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(*hash).or_default().clone()
    }
}

/// Whether a path leads nowhere but further down.
fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// A stored file that is open: it stays readable, whatever becomes of its name.
#[derive(Debug)]
pub struct OpenedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The file.
    pub file: fs::File,
    /// What it is, as it was opened.
    pub stat: Stat,
    /// The part that was asked for.
    pub part: Bytes,
}

impl Content {
    /// Opens the store in `dir`, which is created if it is not there.
    ///
    /// # Errors
    /// Where a folder cannot be created.
    pub async fn open(dir: &Path) -> Result<Self> {
        let dir = dir.to_path_buf();
        blocking(move || {
            for folder in [dir.clone(), dir.join(STAGING), dir.join(UPLOADS), dir.join(POSTERS)] {
                fs::create_dir_all(&folder).map_err(Error::io(folder))?;
            }
            dir.canonicalize().map(Self::in_root).map_err(Error::io(dir))
        })
        .await
    }

    /// The store in `dir` as it is, to be looked at: nothing is created.
    ///
    /// # Errors
    /// Where the folder cannot be reached.
    pub async fn as_it_is(dir: &Path) -> Result<Self> {
        let dir = dir.to_path_buf();
        blocking(move || {
            let root = match dir.canonicalize() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(&dir),
                found => found,
            };
            root.map(Self::in_root).map_err(Error::io(dir))
        })
        .await
    }

    fn in_root(root: PathBuf) -> Self {
        Self {
            inner: Arc::new(Inner {
                is_local: cached::is_local(&root),
                root,
                changes: Mutex::default(),
                posters: Turns::default(),
                readings: Turns::default(),
                arriving: Arriving::default(),
            }),
        }
    }

    /// Whether files can be written to the store.
    ///
    /// # Errors
    /// Where they cannot.
    pub async fn check(&self) -> Result<()> {
        let content = self.clone();
        blocking(move || content.stage("check").map(drop)).await
    }

    /// The store's folder, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Where files are while they are written.
    #[must_use]
    pub fn staging_dir(&self) -> PathBuf {
        self.root().join(STAGING)
    }

    /// Where uploads lie that come in several requests, each under its id.
    #[must_use]
    pub fn uploads_dir(&self) -> PathBuf {
        self.root().join(UPLOADS)
    }

    /// Where files that no row names wait before they are deleted.
    #[must_use]
    pub fn orphans_dir(&self) -> PathBuf {
        self.root().join(ORPHANS)
    }

    /// An empty file of the store's own file system whose name ends in `.extension`; deleted when the value is dropped. What a tool has
    /// written there becomes a video through [`super::staging::StagedFile::read`].
    ///
    /// # Errors
    /// Where the file cannot be created.
    pub fn staging_path(&self, extension: &str) -> Result<TempPath> {
        Ok(self.stage(extension)?.into_temp_path())
    }

    /// Begins a file whose bytes come piece by piece and are hashed on the way.
    ///
    /// # Errors
    /// Where the file cannot be created.
    pub async fn staging(&self) -> Result<Staging> {
        let content = self.clone();
        let arriving = self.inner.arriving.clone();
        Ok(Staging::start(blocking(move || content.stage("part")).await?, arriving))
    }

    /// Whether somebody sends a file just now, and waits for what becomes of it.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        self.inner.arriving.others() > 0
    }

    /// Counts among those who send a file, as long as it is held.
    pub(super) fn arriving(&self) -> Arriving {
        self.inner.arriving.clone()
    }

    pub(super) fn stage(&self, extension: &str) -> Result<tempfile::NamedTempFile> {
        let folder = self.staging_dir();
        let suffix = format!(".{extension}");
        tempfile::Builder::new().prefix("s-").suffix(&suffix).tempfile_in(&folder).map_err(Error::io(folder))
    }

    /// The path in the store of a file with that hash, relative to the root: what a row's `file_path` holds.
    #[must_use]
    pub fn file_path(hash: &Sha256, extension: &str) -> String {
        let hash = hash.to_string();
        format!("{}/{hash}.{extension}", &hash[..2])
    }

    /// Where the file that a row's `file_path` names lies. Rows of older programs hold absolute paths, or paths from another folder:
    /// such a file is also looked for in the store by its name. A relative path never leads out of the store.
    ///
    /// `file_path` is a row's; nothing from a request may come here.
    #[must_use]
    pub fn path_of(&self, file_path: &str) -> PathBuf {
        let given = Path::new(file_path);
        let root = self.root();
        let name = given.file_name().map(|name| root.join(name));
        let inside = is_inside(given);
        let as_given = (given.is_absolute() || inside).then(|| root.join(given));
        // `videos/x.mp4`, written by a program that stood beside the folder.
        let beside = inside.then(|| given.components().skip(1).collect::<PathBuf>()).map(|rest| root.join(rest));
        let candidates = [as_given, beside, name].into_iter().flatten();
        candidates.clone().find(|path| path.is_file()).or_else(|| candidates.clone().next()).unwrap_or_else(|| root.join("no-such-file"))
    }

    /// What the file system says of the file that `file_path` names; `None` where there is none.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn stat(&self, file_path: &str) -> Result<Option<Stat>> {
        let (content, file_path) = (self.clone(), file_path.to_owned());
        blocking(move || Stat::of(&content.path_of(&file_path))).await
    }

    /// Those of `named` whose file is not there, or has another size: each a path in the store and its size in bytes. Gives their places.
    ///
    /// # Errors
    /// Where the file system does not answer.
    pub async fn lacking(&self, named: Vec<(String, i64)>) -> Result<Vec<usize>> {
        let content = self.clone();
        blocking(move || {
            let mut lacking = Vec::new();
            for (place, (file_path, size_bytes)) in named.iter().enumerate() {
                if Stat::of(&content.path_of(file_path))?.is_none_or(|stat| stat.size_bytes != *size_bytes) {
                    lacking.push(place);
                }
            }
            Ok(lacking)
        })
        .await
    }

    /// Opens the file that `file_path` names, and reads the bytes of `part` (the first and how many): at once where all that lies in memory, else in
    /// one turn of a thread that may block.
    /// `None` where there is no file. A part behind its end is empty.
    ///
    /// # Errors
    /// Where it cannot be opened or read.
    pub async fn open_file(&self, file_path: &str, part: Option<(u64, usize)>) -> Result<Option<OpenedFile>> {
        if self.inner.is_local
            && is_inside(Path::new(file_path))
            && let path = self.root().join(file_path)
            && let Some((file, found, part)) = cached::open(&path, part)
        {
            return Ok(Some(OpenedFile { path, file, stat: found.into(), part: part.into() }));
        }
        let (content, file_path) = (self.clone(), file_path.to_owned());
        blocking(move || {
            let path = content.path_of(&file_path);
            let Some(file) = there(&path, fs::File::open(&path))? else { return Ok(None) };
            let found = file.metadata().map_err(Error::io(&path))?;
            if !found.is_file() {
                return Ok(None);
            }
            let (first, length) = part.unwrap_or_default();
            let mut bytes = vec![0; if found.len() >= first.saturating_add(length as u64) { length } else { 0 }];
            file.read_exact_at(&mut bytes, first).map_err(Error::io(&path))?;
            Ok(Some(OpenedFile { path, file, stat: found.into(), part: bytes.into() }))
        })
        .await
    }

    /// Where the poster of the asset with that hash lies, once it is made.
    #[must_use]
    pub fn poster_path(&self, hash: &Sha256) -> PathBuf {
        self.root().join(POSTERS).join(format!("{hash}.jpg"))
    }

    /// The turn to make the poster of one asset: whoever asks meanwhile waits for it and finds the poster made.
    #[must_use]
    pub fn poster_turn(&self, hash: &Sha256) -> Arc<Mutex<()>> {
        self.inner.posters.turn(hash)
    }

    /// The turn to read one asset's file through: whoever asks meanwhile waits for it and finds the file judged.
    #[must_use]
    pub fn reading_turn(&self, hash: &Sha256) -> Arc<Mutex<()>> {
        self.inner.readings.turn(hash)
    }

    /// Held by who changes which files there are.
    pub(super) async fn changes(&self) -> MutexGuard<'_, ()> {
        self.inner.changes.lock().await
    }
}

/// Runs file work where it may block.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("file work ended: {error}")))?
}

/// Removes a file, if it is there. Blocks.
///
/// # Errors
/// Where it is there and cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io(folder))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// An empty store.
    pub(in crate::server::media) async fn store() -> (tempfile::TempDir, Content) {
        let dir = tempfile::tempdir().unwrap();
        let content = Content::open(&dir.path().join("videos")).await.unwrap();
        (dir, content)
    }

    #[tokio::test]
    async fn looking_at_a_store_creates_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let content = Content::as_it_is(&dir.path().join("videos")).await.unwrap();
        assert!(content.root().is_absolute() && fs::read_dir(dir.path()).unwrap().next().is_none());
    }

    #[tokio::test]
    async fn an_abandoned_file_leaves_nothing() {
        let (_dir, content) = store().await;
        let mut staging = content.staging().await.unwrap();
        staging.write("half".into()).await.unwrap();
        staging.abandon().await;
        assert_eq!(fs::read_dir(content.staging_dir()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn rows_of_older_programs_find_their_files_and_none_leads_out_of_the_store() {
        let (dir, content) = store().await;
        let old = content.root().join("old.mp4");
        fs::write(&old, "x").unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        for file_path in ["old.mp4", "./old.mp4", "videos/old.mp4", "backend/videos/old.mp4", "/gone/backend/videos/old.mp4", "../old.mp4"]
        {
            assert_eq!(content.path_of(file_path), old, "{file_path}");
        }
        for file_path in ["../secret", "a/../../secret", "..", "", "/"] {
            let path = content.path_of(file_path);
            assert!(!path.is_file(), "{file_path}: {}", path.display());
        }
    }
}
