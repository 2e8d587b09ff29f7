//! Lists page by page: how many, in which order, from where. Keyset cursors, never offsets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::openapi::{Object, ObjectBuilder, Type};

use super::{ApiError, limits};

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    /// When it was made.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// Its name, as text.
    Name,
    /// Its length in seconds.
    Duration,
    /// Its size in bytes.
    Size,
}

impl SortKey {
    /// Every key.
    pub const ALL: &'static [Self] = &[Self::CreatedAt, Self::UpdatedAt, Self::Name, Self::Duration, Self::Size];

    /// Its name in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Name => "name",
            Self::Duration => "duration",
            Self::Size => "size",
        }
    }
}

/// An order: a key and a direction. Its text is the key, with `-` first for descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// What to order by.
    pub key: SortKey,
    /// Largest or newest first.
    pub descending: bool,
}

impl Sort {
    /// Newest first.
    pub const NEWEST_FIRST: Self = Self { key: SortKey::CreatedAt, descending: true };

    /// The texts that order a list by one of these keys, `default` where none is given.
    #[must_use]
    pub fn schema(keys: &[SortKey], default: Self) -> Object {
        let both = |key: &SortKey| [false, true].map(|descending| Self { key: *key, descending }.to_string());
        let description = "The order; `-` first for descending.";
        let texts = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(keys.iter().flat_map(both)));
        texts.default(Some(default.to_string().into())).description(Some(description)).build()
    }
}

/// A text that names no order, or not one of a list's: of which it has these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sort is one of {}, with - first for descending", .0.iter().map(|key| key.name()).collect::<Vec<_>>().join(", "))]
pub struct SortError(pub &'static [SortKey]);

impl FromStr for Sort {
    type Err = SortError;
    fn from_str(text: &str) -> Result<Self, SortError> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let key = SortKey::ALL.iter().find(|key| key.name() == name).ok_or(SortError(SortKey::ALL))?;
        Ok(Self { key: *key, descending })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.name())
    }
}

/// Where a page begins: after the row with this key and this id. Opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The order the cursor belongs to.
    pub sort: String,
    /// The last row's key, as text; `None` for a null.
    pub key: Option<String>,
    /// The last row's id.
    pub id: String,
}

/// A cursor that this server did not make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cursor is what an earlier page's Link header gave, unchanged and with the same sort")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let digit = |byte: u8| (byte as char).to_digit(16).ok_or(CursorError);
        if !text.len().is_multiple_of(2) {
            return Err(CursorError);
        }
        let bytes = text.as_bytes().chunks_exact(2).map(|pair| Ok((digit(pair[0])? << 4 | digit(pair[1])?) as u8));
        let bytes = bytes.collect::<Result<Vec<u8>, CursorError>>()?;
        serde_json::from_slice(&bytes).map_err(|_| CursorError)
    }
}

impl fmt::Display for Cursor {
    /// Hexadecimal JSON: needs no escaping in a URL, and nobody is tempted to build one by hand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        json.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a list is filtered by, and how it can be ordered.
pub trait Filter {
    /// What it can be ordered by; nothing where its one order is the default.
    const SORT_KEYS: &'static [SortKey] = &[SortKey::CreatedAt];
    /// The order where none is asked for.
    const DEFAULT_SORT: Sort = Sort::NEWEST_FIRST;
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many rows: 1 to 200.
    pub limit: u32,
    /// After this row; from the start without.
    pub cursor: Option<Cursor>,
    /// The order.
    pub sort: Sort,
}

impl PageRequest {
    /// Rows on a page where the caller does not say.
    pub const DEFAULT_LIMIT: u32 = 50;
    /// Rows on a page at most.
    pub const MAX_LIMIT: u32 = 200;

    /// The page of the default length that begins at `cursor`.
    ///
    /// # Errors
    /// [`Invalid`](super::ErrorKind::Invalid) for a cursor that no page in this order gave.
    pub fn from_cursor(cursor: Option<&str>, sort: Sort) -> Result<Self, ApiError> {
        let wrong = || ApiError::invalid("/cursor", CursorError.to_string());
        let cursor = cursor.map(str::parse::<Cursor>).transpose().map_err(|_| wrong())?;
        if cursor.as_ref().is_some_and(|cursor| cursor.sort != sort.to_string()) {
            return Err(wrong());
        }
        Ok(Self { limit: Self::DEFAULT_LIMIT, cursor, sort })
    }

    /// How many rows a page has.
    #[must_use]
    pub fn limit_schema() -> Object {
        let rows = limits::integer(1, Self::MAX_LIMIT.into()).default(Some(Self::DEFAULT_LIMIT.into()));
        rows.description(Some("Rows on a page at most.")).build()
    }
}

impl Cursor {
    /// A cursor as text.
    #[must_use]
    pub fn schema() -> Object {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(?:[0-9a-f]{2})+$"));
        text.description(Some("Where the page begins: from the `Link` header of the page before, with the same `sort`.")).build()
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
    /// How many rows of the page cannot be read and are left out; the server's log says which.
    #[serde(default)]
    pub unreadable: usize,
}

impl<T> Page<T> {
    /// A page of a list that has no rows.
    #[must_use]
    pub fn empty() -> Self {
        Self { items: Vec::new(), next: None, unreadable: 0 }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sorts_and_cursors_survive_their_texts() {
        for text in ["created_at", "-updated_at", "name", "-duration", "size"] {
            assert_eq!(text.parse::<Sort>().unwrap().to_string(), text);
        }
        assert!("rowid; drop table".parse::<Sort>().is_err());
        let cursor = Cursor { sort: "-created_at".into(), key: Some("场 & ?".into()), id: "x".into() };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for bad in ["zz", "7", "7b7d", "éé"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
