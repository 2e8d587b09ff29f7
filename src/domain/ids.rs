//! Identifiers as types, so that a job id can never be passed where a video id is wanted.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::limits;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a lower-case hyphenated UUID.
    #[error("an id is a lower-case hyphenated UUID")]
    Uuid,
    /// Not 1 to 128 characters.
    #[error("a node id has 1 to 128 characters")]
    NodeId,
    /// Not 64 lower-case hexadecimal digits.
    #[error("a SHA-256 is 64 lower-case hexadecimal digits")]
    Sha256,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, format = Uuid, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
        pub struct $name(Uuid);

        impl $name {
            /// A new id whose order is the order of creation (UUID version 7, RFC 9562 §5.7).
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            /// Accepts the lower-case hyphenated form only, so that one thing has one name.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let id = Uuid::try_parse(text).map_err(|_| IdError::Uuid)?;
                if id.as_hyphenated().to_string() == text { Ok(Self(id)) } else { Err(IdError::Uuid) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

uuid_id!(
    /// Something stored in the library, of whatever kind.
    AssetId
);
uuid_id!(
    /// A video in the library.
    VideoId
);
uuid_id!(
    /// A still picture.
    ImageId
);
uuid_id!(
    /// A workflow.
    WorkflowId
);
uuid_id!(
    /// A unit of work; never equal to a video's id.
    JobId
);
uuid_id!(
    /// One run of a workflow.
    ExecutionId
);
uuid_id!(
    /// A videos store, and the one database whose files it holds.
    StoreId
);

impl From<VideoId> for AssetId {
    fn from(id: VideoId) -> Self {
        Self(id.0)
    }
}

impl From<ImageId> for AssetId {
    fn from(id: ImageId) -> Self {
        Self(id.0)
    }
}

impl From<AssetId> for VideoId {
    fn from(id: AssetId) -> Self {
        Self(id.0)
    }
}

impl From<AssetId> for ImageId {
    fn from(id: AssetId) -> Self {
        Self(id.0)
    }
}

/// A node of a workflow: 1 to 128 characters, unique in its workflow, chosen by whoever made the node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, min_length = 1, max_length = 128)]
pub struct NodeId(std::sync::Arc<str>);

impl NodeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for NodeId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if (1..=limits::NODE_ID).contains(&text.chars().count()) { Ok(Self(text.into())) } else { Err(IdError::NodeId) }
    }
}

impl TryFrom<String> for NodeId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> String {
        id.0.to_string()
    }
}

/// A SHA-256 digest; its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Wraps a finished digest.
    #[must_use]
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest's 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Sha256 {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(IdError::Sha256),
        };
        let text = text.as_bytes();
        if text.len() != 64 {
            return Err(IdError::Sha256);
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(digest))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> String {
        digest.to_string()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_of_an_id_is_read() {
        let text = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab";
        assert_eq!(text.parse::<VideoId>().unwrap().to_string(), text);
        for other in
            ["", "x", "0190B5A0-7B0E-7C3E-8F1E-0123456789AB", "0190b5a07b0e7c3e8f1e0123456789ab", "{0190b5a0-7b0e-7c3e-8f1e-0123456789ab}"]
        {
            assert_eq!(other.parse::<VideoId>(), Err(IdError::Uuid), "{other}");
        }
    }

    #[test]
    fn node_ids_are_counted_in_characters() {
        assert!("场".repeat(128).parse::<NodeId>().is_ok());
        assert!("场".repeat(129).parse::<NodeId>().is_err());
        assert!("".parse::<NodeId>().is_err());
    }

    #[test]
    fn a_digest_survives_its_text() {
        let digest = Sha256::new(std::array::from_fn(|i| (i * 9) as u8));
        assert_eq!(digest.to_string().parse::<Sha256>().unwrap(), digest);
        assert!("g".repeat(64).parse::<Sha256>().is_err());
        assert!("A".repeat(64).parse::<Sha256>().is_err());
    }
}
