//! What may flow through a socket, and which output fits which input.

use std::fmt;

use crate::domain::AssetKind;

/// What flows through a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketType {
    /// Words.
    Text,
    /// Something stored, of that kind.
    Asset(AssetKind),
    /// Not known to this version: at nodes of a newer one. Fits everything, because nothing can be said against it.
    Unknown,
}

impl SocketType {
    /// A still picture.
    pub const IMAGE: Self = Self::Asset(AssetKind::Image);
    /// A clip.
    pub const VIDEO: Self = Self::Asset(AssetKind::Video);

    /// The type's stable name, for attributes and style sheets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Asset(kind) => kind.name(),
            Self::Unknown => "unknown",
        }
    }

    /// What an output of this type gives, at the head of a sentence.
    fn given(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Asset(kind) => kind.spec().one_at_head,
            Self::Unknown => "This",
        }
    }

    /// What an input of this type takes.
    fn taken(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Asset(kind) => kind.spec().one,
            Self::Unknown => "something else",
        }
    }
}

/// Why an output does not fit an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// What the output gives.
    pub given: SocketType,
    /// What the input takes.
    pub wanted: SocketType,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not fit here: this input takes {}.", self.given.given(), self.wanted.taken())
    }
}

/// Whether what comes out of `output` may go into `input`. A list input takes the type of its elements.
pub fn can_connect(output: SocketType, input: SocketType) -> Result<(), Reason> {
    if output == input || output == SocketType::Unknown || input == SocketType::Unknown {
        Ok(())
    } else {
        Err(Reason { given: output, wanted: input })
    }
}
