//! The one door through which a file becomes a video, be it uploaded, generated or stitched: probe, link to its final name, commit.
//!
//! The unique index on the hash decides who is first. Equal bytes are one video and one file, whatever their names.

use std::sync::Arc;

use crate::{
    domain::{
        ApiError, ErrorKind, Sha256, Timestamp, VideoId, limits,
        origin::{Generation, MadeBy, SourceType, StitchRecord},
        video::{Uploaded, Video, VideoMetadata},
    },
    server::{
        Error, Result,
        media::{
            content::{Change, Content},
            ffmpeg::Ffmpeg,
            probe::{self, Probe},
            staging::StagedFile,
        },
        operations::enqueue,
        store::{
            Db,
            videos::{self, NewVideo},
        },
    },
};

/// Characters in a video's name at most.
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
    /// Its name; made presentable by [`presentable_name`].
    pub name: String,
    /// Where it comes from.
    pub source_type: SourceType,
    /// How it was generated.
    pub generation: Option<Generation>,
    /// How it was stitched.
    pub stitch: Option<StitchRecord>,
    /// What it was derived from.
    pub made_by: Option<MadeBy>,
    /// What to do if its metadata cannot be read.
    pub metadata_failure: MetadataFailure,
}

/// What was found out about a file.
#[derive(Debug, Default)]
struct Facts {
    probe: Option<Probe>,
    stream_hash: Option<Sha256>,
    warning: Option<String>,
}

/// Stores a file as a video, or finds the video that has these bytes already. Once the file is being given its name, the caller
/// going away no longer stops it: file and row come together. Ring the bell afterwards: the poster of a new video waits in the queue.
///
/// # Errors
/// [`ErrorKind::NotAVideo`] where the metadata cannot be read and that is to be refused; [`Error::ToolMissing`]; the store's.
pub async fn ingest(db: &Db, content: &Content, ffmpeg: &Ffmpeg, incoming: Incoming) -> Result<Uploaded> {
    let incoming = Arc::new(incoming);
    let attempt = async |facts: Option<Facts>| {
        let (db, content, incoming) = (db.clone(), content.clone(), incoming.clone());
        let keeping = tokio::spawn(async move { keep(&db, &content, &incoming, facts).await });
        keeping.await.map_err(|error| Error::Internal(format!("storing a video ended: {error}")))?
    };
    // What is known already needs no probe.
    if let Some(known) = attempt(None).await? {
        return Ok(known);
    }
    let facts = facts(ffmpeg, &incoming).await?;
    attempt(Some(facts)).await?.ok_or_else(|| Error::Internal("a probed file was not stored".into()))
}

async fn facts(ffmpeg: &Ffmpeg, incoming: &Incoming) -> Result<Facts> {
    let path = incoming.file.path();
    let read = async {
        let probe = probe::probe(ffmpeg, path).await?;
        let stream_hash = probe::stream_hash(ffmpeg, path).await?;
        Ok(Facts { probe: Some(probe), stream_hash: Some(stream_hash), warning: None })
    };
    match (read.await, incoming.metadata_failure) {
        (Ok(facts), _) => Ok(facts),
        // A tool that starts and gives up on the file has judged the file.
        (Err(Error::Tool { tool, exit, stderr }), MetadataFailure::Refuse) => {
            tracing::info!(tool, exit, stderr, "an upload could not be read as a video");
            Err(Error::api(ErrorKind::NotAVideo, "This file cannot be read as a video to its end; it may be damaged or cut off."))
        }
        (Err(error), MetadataFailure::Refuse) => Err(error),
        (Err(error), MetadataFailure::KeepWithWarning) => {
            let reason = ApiError::from(error).message;
            Ok(Facts { warning: Some(format!("The metadata of this video could not be read: {reason}")), ..Facts::default() })
        }
    }
}

/// Stores the file under the turn to change the store; `None` where it is new and there are no facts yet.
async fn keep(db: &Db, content: &Content, incoming: &Incoming, facts: Option<Facts>) -> Result<Option<Uploaded>> {
    let change = content.change().await;
    if let Some(id) = videos::id_by_hash(db.reader(), &incoming.file.hash()).await? {
        return keep_known(db, content, &change, incoming, id).await.map(Some);
    }
    let Some(facts) = facts else { return Ok(None) };
    let extension = extension(facts.probe.as_ref(), &incoming.file);
    let file_path = change.publish(&incoming.file, extension).await?;
    let duplicate = match insert(db, new_video(incoming, facts, file_path.clone())).await {
        Ok(()) => false,
        Err(error) => {
            // Another process may have been first. Where not even that can be asked, the sweep decides about the file.
            if videos::id_by_hash(db.reader(), &incoming.file.hash()).await?.is_none() {
                change.remove(&file_path).await?;
                return Err(error);
            }
            error.is_unique_violation()
        }
    };
    let mut read = db.reader().acquire().await?;
    let id = videos::id_by_hash(&mut *read, &incoming.file.hash()).await?;
    let id = id.ok_or_else(|| Error::Internal("a stored video is not there".into()))?;
    uploaded(db, id, duplicate).await.map(Some)
}

/// These bytes are there: nothing is stored twice, but a lost file comes back, and a first making is recorded.
async fn keep_known(db: &Db, content: &Content, change: &Change<'_>, incoming: &Incoming, id: VideoId) -> Result<Uploaded> {
    let file = videos::file(db.reader(), id).await?.ok_or_else(|| Error::Internal("a known video has no row".into()))?;
    if !content.holds(&file.file_path, file.size_bytes).await {
        tracing::warn!(video = %id, file_path = file.file_path, "the file of this video was gone; the same bytes came again and replace it");
        let extension = file.file_path.rsplit_once('.').map_or(UNKNOWN, |(_, extension)| known_extension(extension));
        let file_path = change.publish(&incoming.file, extension).await?;
        let mut tx = db.begin().await?;
        videos::set_file_path(&mut *tx, id, &file_path).await?;
        tx.commit().await?;
    }
    if let Some(generation) = &incoming.generation {
        let mut tx = db.begin().await?;
        videos::insert_generation(&mut tx, id, generation).await?;
        tx.commit().await?;
    }
    uploaded(db, id, true).await
}

async fn insert(db: &Db, mut new: NewVideo) -> Result<()> {
    let mut tx = db.begin().await?;
    // Bytes that were deleted come back under their id, so that workflows that miss them have them again.
    if let Some(id) = videos::take_deleted_id(&mut tx, &new.video.file_hash).await? {
        new.video.id = id;
    }
    videos::insert(&mut tx, &new).await?;
    enqueue::enqueue_poster(&mut tx, new.video.id).await?;
    tx.commit().await?;
    Ok(())
}

async fn uploaded(db: &Db, id: VideoId, duplicate: bool) -> Result<Uploaded> {
    let mut read = db.reader().acquire().await?;
    let video = videos::find(&mut read, id).await?.ok_or_else(|| Error::Internal("a stored video is not there".into()))?;
    Ok(Uploaded { video_id: id, duplicate, video })
}

fn new_video(incoming: &Incoming, facts: Facts, file_path: String) -> NewVideo {
    let probe = facts.probe.as_ref();
    let mut other = serde_json::Map::new();
    if let Some(probe) = probe {
        other.insert("container".into(), probe.container.clone().into());
    }
    let metadata = VideoMetadata {
        width: probe.map(|probe| probe.width),
        height: probe.map(|probe| probe.height),
        audio: probe.and_then(|probe| probe.audio.clone()),
        stitch: incoming.stitch.clone(),
        made_by: incoming.made_by.clone(),
        warning: facts.warning,
        other,
    };
    let video = Video {
        id: VideoId::generate(),
        name: presentable_name(&incoming.name),
        file_hash: incoming.file.hash(),
        size_bytes: i64::try_from(incoming.file.size_bytes()).unwrap_or(i64::MAX),
        duration_seconds: probe.map(|probe| probe.duration_seconds),
        resolution: probe.map(Probe::resolution),
        aspect_ratio: probe.map(Probe::aspect_ratio),
        codec: probe.map(|probe| probe.codec.clone()),
        fps: probe.map(|probe| probe.fps),
        source_type: incoming.source_type,
        created_at: Timestamp::now(),
        metadata,
        generation: incoming.generation.clone(),
        workflows: Vec::new(),
    };
    NewVideo { video, file_path, stream_hash: facts.stream_hash, media_type: facts.probe.map(|probe| probe.media_type) }
}

/// The extension of a file whose container is not known.
const UNKNOWN: &str = "bin";

fn extension(probe: Option<&Probe>, file: &StagedFile) -> &'static str {
    match probe.map(|probe| probe.media_type.as_str()) {
        Some("video/mp4") => "mp4",
        Some("video/quicktime") => "mov",
        Some("video/webm") => "webm",
        Some("video/x-matroska" | "video/matroska") => "mkv",
        Some("video/x-msvideo" | "video/vnd.avi" | "video/avi") => "avi",
        Some("video/mp2t") => "ts",
        _ => file.path().extension().and_then(|extension| extension.to_str()).map_or(UNKNOWN, known_extension),
    }
}

fn known_extension(extension: &str) -> &'static str {
    ["mp4", "mov", "webm", "mkv", "avi", "ts"].into_iter().find(|known| *known == extension).unwrap_or(UNKNOWN)
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
