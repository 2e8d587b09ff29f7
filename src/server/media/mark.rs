//! The store's side of the mark that it shares with its database: a small file in its root.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::content::{Content, blocking, sync_folder};
use crate::{
    domain::{ErrorKind, StoreMark},
    server::{Error, Result},
};

/// The file's name.
const NAME: &str = ".reelgraph.json";
/// A mark has far fewer bytes.
const MAX_BYTES: u64 = 4096;

/// Where the mark of the store in `root` lies.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join(NAME)
}

/// The mark of the store in `root`; `None` where it has none.
///
/// # Errors
/// [`ErrorKind::Conflict`] where it cannot be read as one; the sentence says what to do.
pub async fn read(root: &Path) -> Result<Option<StoreMark>> {
    let path = path(root);
    blocking(move || {
        let read = fs::File::open(&path).and_then(|file| {
            let mut bytes = Vec::new();
            file.take(MAX_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let reason = match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => error.to_string(),
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(mark) => return Ok(Some(mark)),
                Err(error) => error.to_string(),
            },
        };
        let message = format!(
            "{} tells whose videos folder this is, and cannot be read ({reason}); put it back from a backup, or remove it and start with the \
             database whose files these are, which claims the folder anew",
            path.display()
        );
        Err(Error::api(ErrorKind::Conflict, message))
    })
    .await
}

/// Marks a store that has no mark, durably. `false`: it has one by now.
///
/// # Errors
/// Where it cannot be written.
pub async fn create(content: &Content, mark: StoreMark) -> Result<bool> {
    write(content, mark, |file, path| match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        done => done.map(|_| true).map_err(|error| error.error),
    })
    .await
}

/// Puts this mark in the place of the store's, durably: a power cut leaves the one or the other.
///
/// # Errors
/// Where it cannot be written.
pub async fn replace(content: &Content, mark: StoreMark) -> Result<()> {
    write(content, mark, |file, path| file.persist(path).map(|_| true).map_err(|error| error.error)).await.map(drop)
}

async fn write(
    content: &Content,
    mark: StoreMark,
    persist: impl FnOnce(NamedTempFile, &Path) -> io::Result<bool> + Send + 'static,
) -> Result<bool> {
    let (content, text) = (content.clone(), serde_json::to_string(&mark)?);
    blocking(move || {
        let (path, mut file) = (path(content.root()), content.stage("mark")?);
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(Error::io(file.path()))?;
        let done = persist(file, &path).map_err(Error::io(&path))?;
        sync_folder(content.root())?;
        Ok(done)
    })
    .await
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::StoreId;

    #[tokio::test]
    async fn a_mark_is_written_once_replaced_whole_and_leaves_nothing_staged() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).await.unwrap(), None);
        let content = Content::open(dir.path()).await.unwrap();
        let mark = StoreMark { store_id: StoreId::generate(), counter: 0 };
        assert!(create(&content, mark).await.unwrap());
        assert!(!create(&content, StoreMark { store_id: StoreId::generate(), counter: 0 }).await.unwrap());
        assert_eq!(read(dir.path()).await.unwrap(), Some(mark));
        let raised = StoreMark { counter: 7, ..mark };
        replace(&content, raised).await.unwrap();
        assert_eq!(read(dir.path()).await.unwrap(), Some(raised));
        assert_eq!(fs::read_dir(content.staging_dir()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_is_no_mark_is_told_by_name_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let id = StoreId::generate();
        for text in
            ["", "{", "{}", &format!(r#"{{"store_id":"{id}","counter":-1}}"#), &format!(r#"{{"store_id":"{id}"}}"#), &"x".repeat(9000)]
        {
            fs::write(path(dir.path()), text).unwrap();
            let told = read(dir.path()).await.unwrap_err().to_string();
            assert!(told.contains(NAME) && told.contains("put it back") && told.lines().count() == 1, "{told}");
        }
    }
}
