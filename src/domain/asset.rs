//! What is stored: the kinds of media.

/// A kind of stored media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetKind {
    /// A clip.
    Video,
    /// A still picture.
    Image,
}
