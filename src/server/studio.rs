//! What the rooms that care for runs and the library share. Composed once in `run`; cheap to clone.

use super::{
    clock::Clock,
    config::Caps,
    events::Events,
    media::{content::Content, ffmpeg::Ffmpeg},
    providers::Providers,
    store::Db,
};

/// Where things are kept, who makes them, and who is told.
#[derive(Debug, Clone)]
pub struct Studio {
    /// Rows.
    pub db: Db,
    /// Files.
    pub content: Content,
    /// ffmpeg and ffprobe.
    pub ffmpeg: Ffmpeg,
    /// Who makes clips.
    pub providers: Providers,
    /// What happens, for pages; and what wakes workers.
    pub events: Events,
    /// What time it is.
    pub clock: Clock,
    /// What may be spent.
    pub caps: Caps,
}
