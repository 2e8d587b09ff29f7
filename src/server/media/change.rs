//! What changes which files the store holds: a staged file gets its name, one that was moved aside comes back, one that nothing names goes.

use std::{fs, io, path::Path};

use tokio::sync::MutexGuard;

use super::{
    content::{Content, blocking, remove, sync_folder},
    staging::{self, StagedFile},
    stat::Stat,
};
use crate::{
    domain::Sha256,
    server::{Error, Result},
};

/// Held while files and rows are brought into step: between the link and the commit, and between the commit and the removal.
#[derive(Debug)]
pub struct Change<'a> {
    content: &'a Content,
    _guard: MutexGuard<'a, ()>,
}

/// A file that has got its name in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its path in the store: what a row's `file_path` holds.
    pub file_path: String,
    /// Whether there was no file of that name. One that was there may be named by another database's row.
    pub is_new: bool,
    /// When it was last changed, as [`Stat::mtime_ns`].
    pub mtime_ns: Option<i64>,
}

impl Content {
    /// The turn to change which files the store holds. It orders the changes of this process; several processes on one folder are kept
    /// apart by the sweep's grace time.
    pub async fn change(&self) -> Change<'_> {
        Change { content: self, _guard: self.changes().await }
    }
}

impl Change<'_> {
    /// Gives the staged file its final name, durably. The staged name stays until `staged` is dropped: after a kill it tells that this
    /// file may have no row.
    ///
    /// # Errors
    /// Where the file cannot be linked or the folder cannot be synced; nothing that was not there before is left then.
    pub async fn publish(&self, staged: &StagedFile, extension: &str) -> Result<Published> {
        let file_path = Content::file_path(&staged.hash(), extension);
        let target = self.content.root().join(&file_path);
        let (root, source) = (self.content.root().to_path_buf(), staged.path().to_path_buf());
        let (is_new, mtime_ns) = blocking(move || {
            let folder = target.parent().unwrap_or(&root).to_path_buf();
            if !folder.is_dir() {
                fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
                sync_folder(&root)?;
            }
            let is_new = link(&source, &target)?;
            if let Err(error) = sync_folder(&folder) {
                if is_new {
                    drop(fs::remove_file(&target));
                }
                return Err(error);
            }
            Ok((is_new, Stat::of(&target)?.map(|stat| stat.mtime_ns)))
        })
        .await?;
        Ok(Published { file_path, is_new, mtime_ns })
    }

    /// Brings back the file that `file_path` names from those that were moved aside, if it is there with these bytes.
    ///
    /// # Errors
    /// Where it cannot be read or moved.
    pub async fn take_back(&self, file_path: &str, hash: &Sha256) -> Result<bool> {
        let target = self.content.root().join(file_path);
        let aside = target.file_name().map(|name| self.content.orphans_dir().join(name));
        let Some(aside) = aside.filter(|aside| aside.is_file()) else { return Ok(false) };
        let hash = *hash;
        blocking(move || {
            if staging::digest(&aside).map_err(Error::io(&aside))?.0 != hash {
                return Ok(false);
            }
            fs::File::open(&aside).and_then(|file| file.sync_data()).map_err(Error::io(&aside))?;
            let folder = target.parent().unwrap_or(Path::new(".")).to_path_buf();
            fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
            fs::rename(&aside, &target).map_err(Error::io(&aside))?;
            sync_folder(&folder)?;
            Ok(true)
        })
        .await
    }

    /// Removes the file that `file_path` names, if it is there. A file outside the store is another program's and stays.
    ///
    /// # Errors
    /// Where the file is there and cannot be removed.
    pub async fn remove(&self, file_path: &str) -> Result<()> {
        let path = self.content.path_of(file_path);
        if !path.starts_with(self.content.root()) {
            tracing::warn!(path = %path.display(), "a deleted video's file lies outside the store and was left there");
            return Ok(());
        }
        blocking(move || remove(&path)).await
    }

    /// Removes the poster of the asset with that hash, if it was made.
    ///
    /// # Errors
    /// Where it is there and cannot be removed.
    pub async fn remove_poster(&self, hash: &Sha256) -> Result<()> {
        let poster = self.content.poster_path(hash);
        blocking(move || remove(&poster)).await
    }
}

/// Links `source` to `target`, in the place of a file of that name, which another database's row may name: there is one at every moment. Where
/// the file system has no hard links the file is moved. Gives whether there was none before.
fn link(source: &Path, target: &Path) -> Result<bool> {
    match fs::hard_link(source, target) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let second = source.with_added_extension("again");
            fs::hard_link(source, &second).map_err(Error::io(&second))?;
            let replaced = fs::rename(&second, target).map_err(Error::io(target));
            // A rename leaves two names of one file as they are.
            drop(fs::remove_file(&second));
            replaced.map(|()| false)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            let is_new = !target.exists();
            fs::rename(source, target).map_err(Error::io(target)).map(|()| is_new)
        }
        Err(error) => Err(Error::Io { path: target.to_path_buf(), source: error }),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::server::media::content::tests::store;

    async fn staged(content: &Content, bytes: &'static [u8]) -> StagedFile {
        let mut staging = content.staging().await.unwrap();
        staging.write(bytes.into()).await.unwrap();
        staging.finish().await.unwrap()
    }

    #[tokio::test]
    async fn a_file_is_stored_under_its_hash_and_nothing_stays_staged() {
        let (_dir, content) = store().await;
        let file = staged(&content, b"abc").await;
        let Published { file_path, is_new, .. } = content.change().await.publish(&file, "mp4").await.unwrap();
        assert!(content.is_receiving(), "until it is known what became of it");
        drop(file);
        assert!(!content.is_receiving());
        assert!(is_new);
        assert_eq!(file_path, "ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.mp4");
        assert_eq!(fs::read(content.path_of(&file_path)).unwrap(), b"abc");
        assert_eq!(fs::read_dir(content.staging_dir()).unwrap().count(), 0);
        assert_eq!(content.stat(&file_path).await.unwrap().unwrap().size_bytes, 3);
        assert_eq!(content.stat("ab/none.mp4").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_file_of_that_name_is_replaced_in_one_step_and_is_told_as_not_new() {
        let (_dir, content) = store().await;
        let path = content.root().join("ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.mp4");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for before in ["damaged", "abc"] {
            fs::write(&path, before).unwrap();
            let file = staged(&content, b"abc").await;
            assert!(!content.change().await.publish(&file, "mp4").await.unwrap().is_new);
            // Once more: the two are one file now.
            assert!(!content.change().await.publish(&file, "mp4").await.unwrap().is_new);
            drop(file);
            assert_eq!(fs::read(&path).unwrap(), b"abc");
            assert_eq!(fs::read_dir(content.staging_dir()).unwrap().count(), 0);
        }
    }
}
