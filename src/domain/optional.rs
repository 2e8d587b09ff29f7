//! Fields of a request that may be left out, and what `null` means there.

use serde::{Deserialize, Deserializer};

/// Reads a field that may be absent but, where it stands, is not `null`.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a text that may be absent (left as it is) or `null` (made empty).
pub(super) fn given_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(deserializer)?.unwrap_or_default()))
}
