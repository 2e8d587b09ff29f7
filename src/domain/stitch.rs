//! What a stitch would do, told before it is done.

use serde::{Deserialize, Serialize};

/// What joining clips would give, and what happens to each of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StitchPreview {
    /// Whether the clips are alike, so that their packets are taken over and nothing is lost.
    pub copied: bool,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames a second.
    pub fps: f64,
    /// How long it will be, in seconds.
    pub duration_seconds: f64,
    /// What changes in each clip, in their order, in words; nothing in one that fits as it is.
    pub clips: Vec<Vec<String>>,
}
