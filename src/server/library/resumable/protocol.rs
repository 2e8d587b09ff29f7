//! What the protocol's crate asks of a server: where bytes go, where the state of an upload is kept, and whose turn it is.

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tus_protocol::{
    AppendRequest, ChunkStream, ConcatRequest, LockGuard, Locker, StateStore, Storage, StorageHandle, UploadState, WriteMode, async_trait,
    chrono::{DateTime, Utc},
};
use uuid::Uuid;

use super::turns::Turns;
use crate::{
    domain::Timestamp,
    server::{
        Error,
        clock::Clock,
        media::{content::Content, partial::Partial},
        store::{
            Db,
            uploads::{self, UploadRow},
        },
    },
};

/// An upload is kept for so long after its last byte, in seconds: seven days.
pub(super) const KEPT_SECONDS: u32 = 7 * 86_400;

type Answer<T> = tus_protocol::Result<T>;

/// Bytes, in files of the store.
pub(super) struct Files {
    pub(super) content: Content,
    /// Whether what this request brings counts as a whole or not at all.
    pub(super) as_a_whole: bool,
}

impl Files {
    fn partial(&self, id: &str) -> Answer<Partial> {
        let id = id.parse().map_err(|_| tus_protocol::Error::NotFound(id.to_owned()))?;
        Ok(self.content.partial(id))
    }
}

#[async_trait::async_trait]
impl Storage for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    async fn create(&self, id: &str) -> Answer<StorageHandle> {
        self.partial(id)?.create().await.map_err(tus_protocol::Error::storage)?;
        Ok(StorageHandle::new(id))
    }

    async fn append(&self, request: AppendRequest) -> Answer<StorageHandle> {
        let AppendRequest { handle, expected_offset, data, .. } = request;
        let partial = self.partial(handle.key())?;
        let appended = match data {
            ChunkStream::Buffered(bytes) => partial.append(expected_offset, futures_util::stream::iter([Ok(bytes)]), self.as_a_whole).await,
            ChunkStream::Stream(pieces) => partial.append(expected_offset, pieces, self.as_a_whole).await,
        };
        appended.map_err(tus_protocol::Error::storage)?;
        Ok(handle)
    }

    async fn concat(&self, _: ConcatRequest) -> Answer<StorageHandle> {
        Err(tus_protocol::Error::ExtensionNotSupported("concatenation".into()))
    }

    async fn delete(&self, handle: &StorageHandle) -> Answer<()> {
        self.partial(handle.key())?.remove().await.map_err(tus_protocol::Error::storage)
    }

    async fn size(&self, handle: &StorageHandle) -> Answer<Option<u64>> {
        self.partial(handle.key())?.size().await.map_err(tus_protocol::Error::storage)
    }
}

/// States, in rows.
pub(super) struct Rows {
    pub(super) db: Db,
    pub(super) clock: Clock,
}

impl Rows {
    async fn write(&self, state: &UploadState, mode: WriteMode) -> Result<bool, Error> {
        let row = UploadRow {
            id: state.id().to_owned(),
            state: serde_json::to_string(state)?,
            outcome: None,
            expires_at: self.clock.now().plus_seconds(KEPT_SECONDS.into()),
        };
        let mut tx = self.db.begin().await?;
        let is_written = match mode {
            WriteMode::CreateNew => uploads::insert(&mut tx, &row).await?,
            _ => uploads::update(&mut tx, &row).await?,
        };
        tx.commit().await?;
        Ok(is_written)
    }

    async fn forget(&self, id: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        uploads::delete(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    async fn read(&self, id: &str) -> Result<Option<UploadState>, Error> {
        uploads::get(self.db.reader(), id).await?.map(|row| state(&row)).transpose()
    }
}

/// The state that a row holds.
///
/// # Errors
/// Where it is none.
pub(super) fn state(row: &UploadRow) -> Result<UploadState, Error> {
    let mut state: Value = serde_json::from_str(&row.state)?;
    // The crate counts from the beginning of an upload; the row from its last byte.
    state["expires_at"] = row.expires_at.to_string().into();
    Ok(serde_json::from_value(state)?)
}

#[async_trait::async_trait]
impl StateStore for Rows {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn set(&self, state: &UploadState, mode: WriteMode) -> Answer<()> {
        if self.write(state, mode).await.map_err(tus_protocol::Error::state_store)? {
            return Ok(());
        }
        let id = state.id().to_owned();
        Err(if mode == WriteMode::CreateNew { tus_protocol::Error::AlreadyExists(id) } else { tus_protocol::Error::NotFound(id) })
    }

    async fn get(&self, id: &str) -> Answer<Option<UploadState>> {
        self.read(id).await.map_err(tus_protocol::Error::state_store)
    }

    async fn delete(&self, id: &str) -> Answer<()> {
        self.forget(id).await.map_err(tus_protocol::Error::state_store)
    }

    async fn list_expired(&self, before: DateTime<Utc>) -> Answer<Vec<String>> {
        let listing = async {
            let before: Timestamp = before
                .to_rfc3339_opts(tus_protocol::chrono::SecondsFormat::Micros, true)
                .parse()
                .map_err(|_| Error::Internal("a time of the protocol cannot be read".into()))?;
            uploads::expired(self.db.reader(), before, u32::MAX).await
        };
        listing.await.map_err(tus_protocol::Error::state_store)
    }
}

/// The turn at an upload, for one request.
pub(super) struct Turned {
    pub(super) turns: Turns,
    /// Cancelled when another request wants it.
    pub(super) stop: CancellationToken,
}

#[async_trait::async_trait]
impl Locker for Turned {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn lock(&self, id: &str, timeout: Duration) -> Answer<LockGuard> {
        let known: Uuid = id.parse().map_err(|_| tus_protocol::Error::NotFound(id.to_owned()))?;
        let turn = self.turns.take(known, self.stop.clone(), timeout).await.map_err(tus_protocol::Error::state_store)?;
        Ok(LockGuard::with_release(id, move || drop(turn)))
    }

    async fn try_lock(&self, id: &str) -> Answer<Option<LockGuard>> {
        let known: Uuid = id.parse().map_err(|_| tus_protocol::Error::NotFound(id.to_owned()))?;
        let turn = self.turns.try_take(known, self.stop.clone()).await.map_err(tus_protocol::Error::state_store)?;
        Ok(turn.map(|turn| LockGuard::with_release(id, move || drop(turn))))
    }
}
