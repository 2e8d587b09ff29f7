//! The one door through which a file becomes an asset, be it uploaded or made: examine, link to its final name, commit.
//!
//! The unique index on the hash decides who is first. Equal bytes are one asset and one file, whatever their names.

use std::{path::Path, sync::Arc};

use super::{
    integrity,
    kinds::{self, Examined},
};
use crate::{
    domain::{ApiError, Asset, AssetId, AssetKind, ErrorKind, Timestamp, limits, origin::Origin},
    server::{
        Error, Result,
        media::{
            change::{Change, Published},
            content::Content,
            ffmpeg::Ffmpeg,
            probed::Probed,
            staging::StagedFile,
        },
        operations::enqueue,
        store::{
            Db,
            assets::{self, Verified},
            deleted, footage,
            kinds::StoredAsset,
            uses,
        },
        studio::Studio,
    },
};

/// Characters in an asset's name at most.
pub const MAX_NAME: usize = limits::NAME;

/// What to do with a file whose metadata cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataFailure {
    /// Refuse it: an upload can be repeated.
    Refuse,
    /// Keep it with a warning: it was paid for.
    KeepWithWarning,
}

/// A file on its way into the library.
#[derive(Debug)]
pub struct Incoming {
    /// Its bytes.
    pub file: StagedFile,
    /// What it is to be.
    pub kind: AssetKind,
    /// Its name; made presentable by [`presentable_name`].
    pub name: String,
    /// How it came to be.
    pub origin: Origin,
    /// What was found of it by whoever made it: it is not probed again.
    pub probed: Option<Probed>,
    /// What to do if its metadata cannot be read.
    pub metadata_failure: MetadataFailure,
}

/// An asset that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The asset, as it was stored now or before.
    pub stored: StoredAsset,
    /// Whether these bytes were there already.
    pub duplicate: bool,
    /// Whether they were in the trash, and are back.
    pub restored: bool,
}

/// Stores a file as an asset, or finds the one of its kind that has these bytes already; one in the trash comes back. Once the file is being
/// given its name, the caller going away no longer stops it: file and row come together. Notify afterwards: the poster of a new video
/// waits in the queue. The file stays with the caller, who may try again.
///
/// # Errors
/// As for [`Kind::examine`](kinds::Kind::examine) where the file is to be refused; the store's.
pub async fn ingest(studio: &Studio, incoming: Arc<Incoming>) -> Result<Kept> {
    let attempt = async |examined: Option<Examined>| {
        let (db, content, incoming) = (studio.db.clone(), studio.content.clone(), incoming.clone());
        let keeping = tokio::spawn(async move { keep(&db, &content, &incoming, examined).await });
        keeping.await.map_err(|error| Error::Internal(format!("storing a file ended: {error}")))?
    };
    // What is known already need not be examined.
    if let Some(known) = attempt(None).await? {
        return Ok(known);
    }
    let examined = examine(&studio.ffmpeg, &incoming).await?;
    attempt(Some(examined)).await?.ok_or_else(|| Error::Internal("an examined file was not stored".into()))
}

async fn examine(ffmpeg: &Ffmpeg, incoming: &Incoming) -> Result<Examined> {
    let path = incoming.file.path();
    let examined = match &incoming.probed {
        Some(probed) => Ok(kinds::of_probed(probed.clone())),
        None => kinds::of(incoming.kind).examine(ffmpeg, path).await,
    };
    match (examined, incoming.metadata_failure) {
        (Err(error), MetadataFailure::KeepWithWarning) => {
            let reason = ApiError::from(error).message;
            let warning = format!("The metadata of this {} could not be read: {reason}", incoming.kind.name());
            Ok(Examined { warning: Some(warning), ..Examined::default() })
        }
        (examined, _) => examined,
    }
}

/// Stores the file under the turn to change the store; `None` where it is new and not examined yet.
async fn keep(db: &Db, content: &Content, incoming: &Incoming, examined: Option<Examined>) -> Result<Option<Kept>> {
    let hash = incoming.file.hash();
    // Before the turn: it may read the file through.
    let is_whole = match assets::by_hash(db.reader(), incoming.kind, &hash).await? {
        Some(known) => is_whole(db, content, &known).await?,
        None => false,
    };
    let change = content.change().await;
    if let Some(known) = assets::by_hash(db.reader(), incoming.kind, &hash).await? {
        return keep_known(db, &change, incoming, known, is_whole).await.map(Some);
    }
    let Some(mut examined) = examined else { return Ok(None) };
    let report = examined.probed.take().map(|probed| probed.to_stored()).transpose()?;
    let named = extension(incoming.kind, examined.media_type.as_deref(), incoming.file.path());
    let Published { file_path, is_new, mtime_ns } = change.publish(&incoming.file, named).await?;
    let new = new_asset(incoming, examined, file_path, mtime_ns);
    match insert(db, new, report.as_deref()).await {
        Ok(stored) => Ok(Some(Kept { stored, duplicate: false, restored: false })),
        // Another process may have been first. Where not even that can be asked, the sweep decides about the file.
        Err((error, new)) => match assets::by_hash(db.reader(), incoming.kind, &hash).await? {
            Some(known) => {
                let stored = whole(db, known).await?;
                Ok(Some(Kept { stored, duplicate: error.is_unique_violation(), restored: false }))
            }
            None => {
                if is_new {
                    change.remove(&new.file_path).await?;
                }
                Err(error)
            }
        },
    }
}

/// Whether the bytes of what is stored already are there and right.
async fn is_whole(db: &Db, content: &Content, known: &StoredAsset) -> Result<bool> {
    let opened = if integrity::is_fresh(known) {
        integrity::opened(db, content, known).await
    } else {
        integrity::read_through(db, content, known).await
    };
    match opened {
        Ok(_) => Ok(true),
        Err(Error::Api(error)) if matches!(error.kind, ErrorKind::Damaged | ErrorKind::Gone) => Ok(false),
        Err(error) => Err(error),
    }
}

/// These bytes are there: nothing is stored twice, but a lost file comes back, a trashed one too, and a first making is recorded.
async fn keep_known(db: &Db, change: &Change<'_>, incoming: &Incoming, known: StoredAsset, is_whole: bool) -> Result<Kept> {
    let asset = known.asset.reference();
    if !is_whole {
        let (kind, id) = (asset.kind.name(), asset.id);
        tracing::warn!(kind, %id, known.file_path, "the file of this was gone or damaged; the same bytes came again and replace it");
        let named = extension(asset.kind, known.asset.media_type.as_deref(), Path::new(&known.file_path));
        let Published { file_path, mtime_ns, .. } = change.publish(&incoming.file, named).await?;
        let mut tx = db.begin().await?;
        let verified = Verified { mtime_ns, verified_at: Some(Timestamp::now()), damaged_at: None };
        assets::set_file(&mut tx, asset, &file_path, verified).await?;
        tx.commit().await?;
    }
    let restored = known.asset.deleted_at.is_some();
    if restored || matches!(incoming.origin, Origin::Generated(_)) {
        let mut tx = db.begin().await?;
        if restored {
            assets::set_deleted_at(&mut *tx, asset, None).await?;
        }
        if let Origin::Generated(generation) = &incoming.origin {
            assets::insert_generation(&mut tx, asset, generation).await?;
        }
        tx.commit().await?;
    }
    Ok(Kept { stored: whole(db, known).await?, duplicate: true, restored })
}

/// The asset as it stands now, with its generation and its uses.
async fn whole(db: &Db, known: StoredAsset) -> Result<StoredAsset> {
    let mut read = db.reader().acquire().await?;
    let found = assets::find(&mut read, known.asset.reference()).await?;
    found.ok_or_else(|| Error::Internal("a stored asset is not there".into()))
}

/// Stores the row with what its probe told, and gives it as it was stored.
async fn insert(db: &Db, mut new: StoredAsset, report: Option<&str>) -> Result<StoredAsset, (Error, StoredAsset)> {
    let inserting = async {
        let mut tx = db.begin().await?;
        // Bytes that were deleted come back under their id, so that workflows that miss them have them again.
        if let Some(id) = deleted::take_id(&mut tx, new.asset.kind, &new.asset.file_hash).await? {
            new.asset.id = id;
        }
        assets::insert(&mut tx, &new).await?;
        if let Some(report) = report {
            footage::set_report(&mut *tx, new.asset.id.into(), report).await?;
        }
        if new.asset.kind.spec().poster_at_once {
            enqueue::enqueue_poster(&mut tx, new.asset.reference()).await?;
        }
        let uses = uses::of_assets(&mut tx, &[new.asset.id]).await?;
        tx.commit().await?;
        Ok(uses)
    };
    match inserting.await {
        Ok(mut uses) => {
            new.asset.uses = uses.remove(&new.asset.id).unwrap_or_default();
            Ok(new)
        }
        Err(error) => Err((error, new)),
    }
}

fn new_asset(incoming: &Incoming, examined: Examined, file_path: String, mtime_ns: Option<i64>) -> StoredAsset {
    let Examined { facts, media_type, container, warning, .. } = examined;
    let (mut generation, mut stitch, mut made_by) = (None, None, None);
    match incoming.origin.clone() {
        Origin::Generated(of) => generation = Some(of),
        Origin::Stitched(of) => stitch = Some(of),
        Origin::Derived(of) => made_by = Some(of),
        Origin::Uploaded | Origin::Grabbed => {}
    }
    let other = container.into_iter().map(|container| ("container".to_owned(), container.into())).collect();
    let asset = Asset {
        id: AssetId::generate(),
        kind: incoming.kind,
        name: presentable_name(&incoming.name),
        file_hash: incoming.file.hash(),
        stream_hash: None,
        size_bytes: i64::try_from(incoming.file.size_bytes()).unwrap_or(i64::MAX),
        media_type,
        source_type: incoming.origin.source_type(),
        created_at: Timestamp::now(),
        deleted_at: None,
        damaged_at: None,
        facts,
        generation,
        stitch,
        made_by,
        warning,
        uses: Vec::new(),
    };
    StoredAsset { asset, file_path, mtime_ns, verified_at: Some(Timestamp::now()), other }
}

/// The extension of a file whose container is not known.
const UNKNOWN: &str = "bin";

/// What the stored file's name ends in: by its media type, else as `named`, if that is one of its kind.
fn extension(kind: AssetKind, media_type: Option<&str>, named: &Path) -> &'static str {
    let named = named.extension().and_then(|extension| extension.to_str());
    let by_type = media_type.and_then(|media_type| kind.format(media_type));
    let by_name = || kind.spec().formats.iter().find(|format| Some(format.extension) == named);
    by_type.or_else(by_name).map_or(UNKNOWN, |format| format.extension)
}

/// A name that can be shown and sent in a header: the last part of a path, one line, at most [`MAX_NAME`] characters.
#[must_use]
pub fn presentable_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible = name.chars().filter(|letter| !letter.is_control() && !is_direction_mark(*letter));
    let name: String = visible.take(MAX_NAME).collect();
    match name.trim() {
        "" => "Untitled".into(),
        name => name.into(),
    }
}

/// Marks that make a text read in another order than it has: a name must not pose as another.
fn is_direction_mark(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_presentable() {
        for (given, shown) in [
            ("clip.mp4", "clip.mp4"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\me\剧集 1.mov", "剧集 1.mov"),
            ("a\r\nSet-Cookie: b", "aSet-Cookie: b"),
            ("invoice\u{202e}4pm.exe", "invoice4pm.exe"),
            (" \t ", "Untitled"),
            ("", "Untitled"),
        ] {
            assert_eq!(presentable_name(given), shown);
        }
        assert_eq!(presentable_name(&"é".repeat(500)).chars().count(), MAX_NAME);
    }
}
