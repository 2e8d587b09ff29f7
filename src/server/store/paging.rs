//! Pages by keyset: where one begins, in which order it goes, and where the next begins.

use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use super::rows::readable;
use crate::{
    domain::{
        ApiError,
        page::{Cursor, CursorError, Page, PageRequest},
    },
    server::Result,
};

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyType {
    Text,
    Integer,
    Real,
}

/// What a list is ordered by: a key, then the id. Both are SQL, and an index has them in this order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyset {
    /// The key; never null.
    pub key: &'static str,
    /// What it is made of.
    pub key_type: KeyType,
    /// The id.
    pub id: &'static str,
}

impl Keyset {
    /// A key that is text.
    pub const fn text(key: &'static str, id: &'static str) -> Self {
        Self { key, key_type: KeyType::Text, id }
    }

    /// The columns by which [`Keyset::cut`] knows a row's place.
    pub fn columns(&self) -> String {
        format!("{} AS page_key, {} AS page_id", self.key, self.id)
    }

    /// Adds the condition that a row comes after the cursor, if the page has one.
    ///
    /// # Errors
    /// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor whose key is none of these.
    pub fn push_after(&self, query: &mut QueryBuilder<Sqlite>, page: &PageRequest) -> Result<(), ApiError> {
        let Some(Cursor { key, id, .. }) = &page.cursor else { return Ok(()) };
        let wrong = || ApiError::invalid("/cursor", CursorError.to_string());
        let key = key.clone().ok_or_else(wrong)?;
        query.push(format_args!(" AND ({}, {}) {} (", self.key, self.id, if page.sort.descending { "<" } else { ">" }));
        match self.key_type {
            KeyType::Text => query.push_bind(key),
            KeyType::Integer => query.push_bind(key.parse::<i64>().map_err(|_| wrong())?),
            KeyType::Real => query.push_bind(key.parse::<f64>().map_err(|_| wrong())?),
        };
        query.push(", ").push_bind(id.clone()).push(")");
        Ok(())
    }

    /// Adds the order, and the limit: a row more than the page has, which only tells that there is a next one.
    pub fn push_order(&self, query: &mut QueryBuilder<Sqlite>, page: &PageRequest) {
        let direction = if page.sort.descending { "DESC" } else { "ASC" };
        query.push(format_args!(" ORDER BY {} {direction}, {} {direction} LIMIT ", self.key, self.id));
        query.push_bind(i64::from(page.limit) + 1);
    }

    /// Makes a page of what was found. A row that cannot be read is left out, and counted.
    ///
    /// # Errors
    /// Whatever else goes wrong.
    pub fn cut<T>(&self, rows: &[SqliteRow], page: &PageRequest, read: impl Fn(&SqliteRow) -> Result<T>) -> Result<Page<T>> {
        let shown = &rows[..rows.len().min(page.limit as usize)];
        let items = shown.iter().map(|row| readable(row, &read)).collect::<Result<Vec<_>>>()?;
        self.page(rows, page, items)
    }

    /// The same with what the rows of the page say, `None` where one cannot be read.
    ///
    /// # Errors
    /// The database's.
    pub fn page<T>(&self, rows: &[SqliteRow], page: &PageRequest, items: Vec<Option<T>>) -> Result<Page<T>> {
        let limit = page.limit as usize;
        let next = match rows.get(limit.saturating_sub(1)).filter(|_| rows.len() > limit) {
            Some(last) => Some(self.cursor(last, page)?),
            None => None,
        };
        let unreadable = items.iter().filter(|item| item.is_none()).count();
        Ok(Page { items: items.into_iter().flatten().collect(), next, unreadable })
    }

    fn cursor(&self, last: &SqliteRow, page: &PageRequest) -> Result<Cursor> {
        let key = match self.key_type {
            KeyType::Text => last.try_get::<Option<String>, _>("page_key")?.unwrap_or_default(),
            KeyType::Integer => last.try_get::<i64, _>("page_key")?.to_string(),
            KeyType::Real => last.try_get::<f64, _>("page_key")?.to_string(),
        };
        Ok(Cursor { sort: page.sort.to_string(), key: Some(key), id: last.try_get("page_id")? })
    }
}
