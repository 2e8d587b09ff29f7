//! Holds every stored file to its row and to its SHA-256, tells what it found and keeps it in the rows. Runs beside the server and changes no file.

use std::fmt;

use time::macros::format_description;

use super::{
    integrity::{self, Finding},
    ownership, sweep,
};
use crate::{
    domain::{Asset, AssetKind, Sha256, Timestamp},
    server::{
        Error, Result,
        media::{
            content::Content,
            listing::{self, FoundFile},
            staging,
        },
        store::{Db, assets as rows, deleted, kinds::StoredAsset},
    },
};

/// Rows read at a time.
const ROWS: u32 = 200;

/// What is told while the check runs.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// A line of the report.
    Line(&'a str),
    /// How far it is.
    Progress(&'a Checked),
}

/// Where it is told.
pub type Say<'a> = dyn FnMut(Said<'_>) -> Result<()> + Send + 'a;

/// What a check has read and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Files that were read.
    pub files: u64,
    /// Bytes of theirs that are as they were stored.
    pub bytes: u64,
    /// Assets whose file is not there.
    pub missing: u64,
    /// Assets whose file has other bytes than it was stored with.
    pub altered: u64,
    /// Stored files without a row.
    pub orphaned: u64,
    /// Files that wait to be deleted, or for their rows.
    pub set_aside: u64,
    /// Files on their way in, or left by a kill on that way.
    pub staged: u64,
}

impl Checked {
    /// Whether every row has its file, and every file its row.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (self.missing, self.altered, self.orphaned) == (0, 0, 0)
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, bytes, missing, altered, orphaned, set_aside, staged } = self;
        write!(
            f,
            "checked {files} files, {bytes} bytes verified: {missing} missing, {altered} altered, {orphaned} orphaned, {set_aside} set aside, {staged} staged"
        )
    }
}

/// Checks everything, and says line by line what it finds. A server may go on beside it: what looks wrong is looked at once more before it is
/// told.
///
/// # Errors
/// The database's, where a folder cannot be read, or what `say` gives. A file that cannot be read counts as altered.
pub async fn check(db: &Db, content: &Content, say: &mut Say<'_>) -> Result<Checked> {
    let mut checked = Checked::default();
    // Looked for first, told at the end: the row of a file that is being uploaded is there by then.
    let unnamed = unnamed(db, content).await?;
    for kind in AssetKind::ALL {
        let mut after = None;
        loop {
            let page = rows::rows_after(db.reader(), kind, after, ROWS).await?;
            after = page.last().map(|row| row.asset.id);
            if after.is_none() {
                break;
            }
            for row in page {
                check_row(db, content, row, &mut checked, say).await?;
            }
        }
    }
    for (found, hash) in unnamed {
        if found.path.is_file() && !sweep::is_named(db, content, &found, &hash).await? {
            tell_orphan(db, content, &found, &hash, &mut checked, say).await?;
        }
    }
    tell_set_aside(db, content, &mut checked, say).await?;
    let (staged, uploads) = (listing::files(content.staging_dir()).await?, listing::files(content.uploads_dir()).await?);
    checked.staged = (staged.len() + uploads.len()) as u64;
    if !staged.is_empty() {
        let told = files(staged.len() as u64);
        say(Said::Line(&format!("staged {told}: on their way in, or left by a kill and removed by the next start")))?;
    }
    if !uploads.is_empty() {
        let (told, bytes) = (files(uploads.len() as u64), uploads.iter().map(|found| found.size_bytes).sum::<u64>());
        say(Said::Line(&format!("staged {told} of uploads, {bytes} bytes: they may go on for seven days after their last byte")))?;
    }
    Ok(checked)
}

/// The stored files that no row names now.
async fn unnamed(db: &Db, content: &Content) -> Result<Vec<(FoundFile, Sha256)>> {
    let mut unnamed = Vec::new();
    for digits in 0..=u8::MAX {
        for (found, hash) in listing::stored(content.root(), digits).await? {
            if !sweep::is_named(db, content, &found, &hash).await? {
                unnamed.push((found, hash));
            }
        }
    }
    Ok(unnamed)
}

async fn check_row(db: &Db, content: &Content, mut row: StoredAsset, checked: &mut Checked, say: &mut Say<'_>) -> Result<()> {
    let mut finding = integrity::settle(db, content, &row).await?;
    if !matches!(finding, Finding::Whole(_)) {
        // Deleted, or replaced by the same bytes meanwhile?
        let found = rows::find(&mut *db.reader().acquire().await?, row.asset.reference()).await?;
        let Some(now) = found else { return Ok(()) };
        finding = integrity::settle(db, content, &now).await?;
        row = now;
    }
    let (word, what) = match finding {
        Finding::Whole(bytes) => {
            checked.files += 1;
            checked.bytes += bytes;
            return say(Said::Progress(checked));
        }
        Finding::Missing => {
            checked.missing += 1;
            ("missing", "is not there".to_owned())
        }
        Finding::Altered(how) => {
            checked.files += 1;
            checked.altered += 1;
            ("altered", how)
        }
    };
    let StoredAsset { asset, file_path, .. } = &row;
    say(Said::Line(&format!("{word} {}: {} {what}{}", named(asset), file_path.escape_debug(), used(asset))))
}

async fn tell_orphan(db: &Db, content: &Content, found: &FoundFile, hash: &Sha256, checked: &mut Checked, say: &mut Say<'_>) -> Result<()> {
    let path = found.path.clone();
    let reading = tokio::task::spawn_blocking(move || staging::digest(&path));
    let read = reading.await.map_err(|error| Error::Internal(format!("reading a file ended: {error}")))?;
    let bytes = match read {
        Ok((found, bytes)) if found == *hash => {
            checked.bytes += bytes;
            String::new()
        }
        Ok(_) => ", and its bytes are not those of its name".to_owned(),
        Err(error) => format!(", and it cannot be read: {error}"),
    };
    checked.files += 1;
    checked.orphaned += 1;
    let was_deleted = deleted::was_hash(db.reader(), hash).await?;
    let why = if was_deleted { "left by a deletion, removed by the next upkeep" } else { "no row names it" };
    let below = found.below(content.root());
    say(Said::Line(&format!("orphaned {} ({} bytes): {why}{bytes}", below.escape_debug(), found.size_bytes)))
}

async fn tell_set_aside(db: &Db, content: &Content, checked: &mut Checked, say: &mut Say<'_>) -> Result<()> {
    for found in listing::files(content.orphans_dir()).await? {
        checked.set_aside += 1;
        let has_row = match found.hash() {
            Some(hash) => ownership::has_row(db, &hash).await?,
            None => false,
        };
        let then = match has_row {
            true => "its row is there, and the next upkeep puts it back".to_owned(),
            false => format!("deleted after {}", day(found.modified + sweep::KEPT_ASIDE)),
        };
        let below = found.below(content.root());
        say(Said::Line(&format!("set aside {} ({} bytes): {then}", below.escape_debug(), found.size_bytes)))?;
    }
    Ok(())
}

/// An asset in a line of the report. What people wrote is escaped.
fn named(asset: &Asset) -> String {
    let Asset { kind, name, id, file_hash, deleted_at, .. } = asset;
    let trashed = if deleted_at.is_some() { ", in the trash" } else { "" };
    format!("{} {name:?} {id} {file_hash}{trashed}", kind.name())
}

fn used(asset: &Asset) -> String {
    let uses: Vec<_> = asset.uses.iter().map(|used| format!("{:?} at {:?}", used.name, used.node_id.as_str())).collect();
    if uses.is_empty() { String::new() } else { format!("; used by {}", uses.join(", ")) }
}

fn files(number: u64) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{number} files") }
}

fn day(moment: std::time::SystemTime) -> String {
    let moment = Timestamp::from(time::OffsetDateTime::from(moment)).date_time();
    moment.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}
