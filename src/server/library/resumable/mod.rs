//! Uploads that go on where they broke off, by tus 1.0 (<https://tus.io/protocols/resumable-upload>): `tus-protocol` decides what a request may do, over
//! our own files, rows and turns. What became of one is kept with it, so that whoever lost the last answer can ask again.

mod protocol;
mod turns;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tus_protocol::{
    BodyStream, ChecksumAlgorithm, Config, Extension, Headers, NoopHookExecutor, Protocol, RequestBody, Response, UploadId, UploadState,
};
use uuid::Uuid;

use self::protocol::{Files, KEPT_SECONDS, Rows, Turned};
pub use self::turns::Turns;
use super::{
    ingest::{Incoming, Kept, MetadataFailure, ingest},
    kinds, ownership, upkeep,
    upload::{most_bytes, too_large},
};
use crate::{
    domain::{ApiError, AssetKind, AssetRef, origin::Origin},
    server::{Error, Result, media::listing, store::uploads, studio::Studio},
};

/// Where uploads are made.
pub const ADDRESS: &str = "/api/uploads";
/// How long the outcome of an upload is told, in seconds.
const TOLD_SECONDS: f64 = 86_400.0;
/// How long a request waits for the one before it to end.
const TURN: Duration = Duration::from_secs(20);
/// How long it takes until a file has a row that says whose it is.
const GRACE: Duration = Duration::from_secs(3600);
/// How often what was left behind is looked for.
const INTERVAL: Duration = Duration::from_secs(3600);
/// So many are forgotten at a time.
const FORGOTTEN: u32 = 1000;

/// What became of an upload that arrived whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is an asset.
    Stored {
        /// Which.
        asset: AssetRef,
        /// Whether its bytes were there already.
        duplicate: bool,
    },
    /// It was refused, and nothing of it was kept.
    Refused(ApiError),
}

/// A request that the protocol took, and what became of its upload if that has arrived whole.
#[derive(Debug)]
pub struct Taken {
    /// The protocol's answer.
    pub response: Response,
    /// What became of it.
    pub outcome: Option<Outcome>,
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The protocol does not allow it.
    #[error(transparent)]
    Protocol(tus_protocol::Error),
    /// For a reason of ours.
    #[error(transparent)]
    Ours(#[from] Error),
}

impl From<tus_protocol::Error> for Refused {
    fn from(error: tus_protocol::Error) -> Self {
        use tus_protocol::Error::{StateStore, Storage};
        match error {
            // Ours, on their way through the crate.
            Storage(source) | StateStore(source) => match source.downcast::<Error>() {
                Ok(ours) => Self::Ours(*ours),
                Err(other) => Self::Ours(Error::Internal(other.to_string())),
            },
            other => Self::Protocol(other),
        }
    }
}

/// The uploads of this server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Uploads {
    studio: Studio,
    turns: Turns,
    config: Arc<Config>,
    /// How many bytes one may have, of whatever kind.
    configured: u64,
}

impl Uploads {
    /// The uploads of a server that takes files of up to `configured` bytes.
    #[must_use]
    pub fn new(studio: Studio, configured: u64) -> Self {
        let extensions = [Extension::CreationWithUpload, Extension::Termination, Extension::Expiration];
        let config = extensions.into_iter().fold(Config::new(), Config::with_extension);
        let config = config
            .with_checksum(ChecksumAlgorithm::Sha1)
            .with_checksum(ChecksumAlgorithm::Sha256)
            .with_base_path(ADDRESS)
            .with_max_size(configured)
            .with_expiration(Duration::from_secs(KEPT_SECONDS.into()))
            .with_lock_timeout(TURN)
            .without_download();
        let turns = Turns::new(studio.db.clone());
        Self { studio, turns, config: Arc::new(config), configured }
    }

    /// What this server offers.
    #[must_use]
    pub fn offers(&self) -> Response {
        let (files, rows, turned) = self.backs(false, CancellationToken::new());
        Protocol::new(&self.config, &files, &rows, &turned, &NoopHookExecutor).options()
    }

    /// Begins an upload, with its first bytes where there are some.
    ///
    /// # Errors
    /// The protocol's; [`ErrorKind::TooLarge`], and [`ErrorKind::Invalid`] for a kind that there is not; a full disk.
    pub async fn create(&self, headers: Headers, body: Option<BodyStream>) -> Result<Taken, Refused> {
        if let (Some(kind), Some(length)) = (told_kind(&headers)?, headers.upload_length) {
            self.acceptable(kind, length)?;
        }
        if headers.upload_length == Some(0) {
            return Err(Error::from(ApiError::invalid("/file", "The file is empty.")).into());
        }
        let this = self.clone();
        self.going_on(async move {
            let (files, rows, turned) = this.backs(headers.upload_checksum.is_some(), CancellationToken::new());
            let body = body.map_or(RequestBody::Absent, RequestBody::Stream);
            let response = Protocol::new(&this.config, &files, &rows, &turned, &NoopHookExecutor).post(headers, body).await?;
            let place = response.headers.get("location").and_then(|place| place.to_str().ok()?.rsplit('/').next()?.parse().ok());
            let outcome = match place {
                Some(id) => this.settled_if_whole(id).await?,
                None => None,
            };
            Ok(Taken { response, outcome })
        })
        .await
    }

    /// Appends to an upload. What has come when the request breaks off stays, unless it has a checksum.
    ///
    /// # Errors
    /// The protocol's; a full disk; the refusal of what has arrived whole.
    pub async fn append(&self, id: Uuid, headers: Headers, body: BodyStream) -> Result<Taken, Refused> {
        if let Some(taken) = self.told(id).await? {
            // Whoever lost the answer to the last bytes.
            return Ok(taken);
        }
        let this = self.clone();
        self.going_on(async move {
            let stop = CancellationToken::new();
            let (files, rows, turned) = this.backs(headers.upload_checksum.is_some(), stop.clone());
            let body = Box::pin(body.take_until(stop.cancelled_owned()));
            let known = known(id)?;
            let protocol = Protocol::new(&this.config, &files, &rows, &turned, &NoopHookExecutor);
            let response = protocol.patch(headers, &known, RequestBody::Stream(body)).await?;
            Ok(Taken { response, outcome: this.settled_if_whole(id).await? })
        })
        .await
    }

    /// How far an upload is, or what became of it.
    ///
    /// # Errors
    /// The protocol's; the refusal of what has arrived whole.
    pub async fn look(&self, id: Uuid) -> Result<Taken, Refused> {
        if let Some(taken) = self.told(id).await? {
            return Ok(taken);
        }
        let this = self.clone();
        self.going_on(async move {
            let (files, rows, turned) = this.backs(false, CancellationToken::new());
            let response = Protocol::new(&this.config, &files, &rows, &turned, &NoopHookExecutor).head(&known(id)?).await?;
            Ok(Taken { response, outcome: this.settled_if_whole(id).await? })
        })
        .await
    }

    /// Gives an upload up. An asset that it became stays.
    ///
    /// # Errors
    /// The protocol's.
    pub async fn end(&self, id: Uuid, headers: Headers) -> Result<Response, Refused> {
        let this = self.clone();
        self.going_on(async move {
            let (files, rows, turned) = this.backs(false, CancellationToken::new());
            Ok(Protocol::new(&this.config, &files, &rows, &turned, &NoopHookExecutor).delete(headers, &known(id)?).await?)
        })
        .await
    }

    /// Makes assets of those that arrived whole before a kill, and forgets those whose time is over, at once and every hour until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.keep_up().await
                && !stop.is_cancelled()
            {
                tracing::error!(cause = %error, "what uploads have left behind could not be looked at");
            }
            if stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_none() {
                return;
            }
        }
    }

    /// Once. Nothing is removed while the clock is doubted, nor where the database is behind its folder: the row of a file may be in a newer one.
    ///
    /// # Errors
    /// The database's, or where the folder cannot be read.
    pub async fn keep_up(&self) -> Result<()> {
        let Studio { db, content, clock, .. } = &self.studio;
        let may_remove = upkeep::may_delete(db, clock).await? && ownership::may_remove(db, content).await?;
        if may_remove {
            for id in uploads::expired(db.reader(), clock.now(), FORGOTTEN).await? {
                self.forget(&id).await?;
            }
        }
        let now = SystemTime::from(clock.now().date_time());
        for found in listing::files(content.uploads_dir()).await? {
            let Some(id) = found.path.file_stem().and_then(|name| name.to_str()?.parse::<Uuid>().ok()) else { continue };
            let row = uploads::get(db.reader(), &id.to_string()).await?;
            let is_old = now.duration_since(found.modified).is_ok_and(|age| age > GRACE);
            match row {
                Some(row) if row.outcome.is_none() => {
                    // The row may say less than there is: what is on the disk comes before what is said of it.
                    if protocol::state(&row)?.length() == Some(found.size_bytes)
                        && let Err(error) = self.look(id).await
                    {
                        tracing::warn!(%id, cause = %error, "an upload that has arrived whole could not be stored just now");
                    }
                }
                _ if is_old && may_remove => content.partial(id).remove().await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Forgets an upload whose time is over, unless somebody is at it.
    async fn forget(&self, id: &str) -> Result<()> {
        let Ok(known) = id.parse::<Uuid>() else { return Ok(()) };
        let Some(_turn) = self.turns.try_take(known, CancellationToken::new()).await? else { return Ok(()) };
        let Studio { db, content, .. } = &self.studio;
        let mut tx = db.begin().await?;
        uploads::delete(&mut tx, id).await?;
        tx.commit().await?;
        content.partial(known).remove().await
    }

    /// What one request needs: bytes that count as a whole or piece by piece, states, and the turn, which `stop` ends.
    fn backs(&self, as_a_whole: bool, stop: CancellationToken) -> (Files, Rows, Turned) {
        let Studio { db, content, clock, .. } = &self.studio;
        (
            Files { content: content.clone(), as_a_whole },
            Rows { db: db.clone(), clock: clock.clone() },
            Turned { turns: self.turns.clone(), stop },
        )
    }

    /// Does it though the client goes away: what has come is kept, and what is whole is stored.
    async fn going_on<T: Send + 'static>(&self, work: impl Future<Output = Result<T, Refused>> + Send + 'static) -> Result<T, Refused> {
        tokio::spawn(work).await.map_err(|error| Error::Internal(format!("an upload ended: {error}")))?
    }

    /// What can be refused before the first byte is sent.
    fn acceptable(&self, kind: AssetKind, length: u64) -> Result<()> {
        let most = most_bytes(kind, self.configured);
        if length > most {
            return Err(too_large(kind, most));
        }
        if kinds::of(kind).needs_ffmpeg() { self.studio.ffmpeg.available() } else { Ok(()) }
    }

    /// What became of an upload, where that is known; refused where its time is over.
    async fn told(&self, id: Uuid) -> Result<Option<Taken>, Refused> {
        let Some(row) = uploads::get(self.studio.db.reader(), &id.to_string()).await? else { return Ok(None) };
        let is_over = row.expires_at <= self.studio.clock.now();
        let Some(outcome) = &row.outcome else {
            return if is_over { Err(tus_protocol::Error::Expired(row.id).into()) } else { Ok(None) };
        };
        if is_over {
            return Err(tus_protocol::Error::NotFound(row.id).into());
        }
        let state = protocol::state(&row)?;
        let response = Response::new(http::StatusCode::OK)
            .with_header("cache-control", "no-store")
            .with_header("upload-offset", state.offset().to_string())
            .with_header("upload-length", state.offset().to_string());
        let outcome = serde_json::from_str(outcome).map_err(Error::from)?;
        Ok(Some(Taken { response, outcome: Some(outcome) }))
    }

    /// Stores an upload that has arrived whole, unless that was done, and says what became of it; `None` where it has not.
    async fn settled_if_whole(&self, id: Uuid) -> Result<Option<Outcome>, Refused> {
        let db = &self.studio.db;
        let whole = async || {
            let row = uploads::get(db.reader(), &id.to_string()).await?;
            let known = row.map(|row| protocol::state(&row).map(|state| (row, state))).transpose()?;
            Ok::<_, Error>(known.filter(|(_, state)| state.is_complete()))
        };
        if whole().await?.is_none() {
            return Ok(None);
        }
        let _turn = self.turns.take(id, CancellationToken::new(), TURN).await?;
        // Whoever was before may have done it.
        let Some((row, state)) = whole().await? else { return Ok(None) };
        if let Some(outcome) = row.outcome {
            return Ok(Some(serde_json::from_str(&outcome).map_err(Error::from)?));
        }
        let partial = self.studio.content.partial(id);
        let outcome = match self.store(id, &state).await {
            Ok(Kept { stored, duplicate, .. }) => Outcome::Stored { asset: stored.asset.reference(), duplicate },
            Err(error) => {
                let error = ApiError::from(error);
                // What is not the file's fault may go well the next time.
                if error.kind.status() >= 500 || error.kind.is_passing() {
                    return Err(Error::from(error).into());
                }
                Outcome::Refused(error)
            }
        };
        let mut tx = db.begin().await?;
        let told = serde_json::to_string(&outcome).map_err(Error::from)?;
        uploads::set_outcome(&mut tx, &row.id, &told, self.studio.clock.now().plus_seconds(TOLD_SECONDS)).await?;
        tx.commit().await.map_err(Error::from)?;
        partial.remove().await?;
        Ok(Some(outcome))
    }

    /// Makes an asset of the file of an upload.
    async fn store(&self, id: Uuid, state: &UploadState) -> Result<Kept> {
        let partial = self.studio.content.partial(id);
        let told = |name: &str| state.metadata().get(name).map(|value| value.to_string_lossy().into_owned());
        let kind = match told("kind").and_then(|name| AssetKind::from_name(&name)) {
            Some(kind) => kind,
            None => kinds::by_head(&partial.head(kinds::HEAD).await?),
        };
        self.acceptable(kind, state.offset())?;
        let incoming = Incoming {
            file: partial.staged().await?,
            kind,
            name: told("filename").unwrap_or_default(),
            origin: Origin::Uploaded,
            probed: None,
            metadata_failure: MetadataFailure::Refuse,
        };
        let kept = ingest(&self.studio, Arc::new(incoming)).await?;
        self.studio.events.notify();
        Ok(kept)
    }
}

/// The kind that the metadata names.
fn told_kind(headers: &Headers) -> Result<Option<AssetKind>> {
    let Some(told) = headers.upload_metadata.as_ref().and_then(|metadata| metadata.get("kind")) else { return Ok(None) };
    let known = told.as_str().and_then(AssetKind::from_name);
    let names: Vec<&str> = AssetKind::ALL.iter().map(|kind| kind.name()).collect();
    known.map(Some).ok_or_else(|| ApiError::invalid("/kind", format!("The kind of an upload is one of {}.", names.join(", "))).into())
}

fn known(id: Uuid) -> Result<UploadId, Refused> {
    id.to_string().parse().map_err(Refused::from)
}
