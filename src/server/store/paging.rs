//! Lists: the words that are searched for, and pages by keyset.

use crate::domain::{
    ApiError,
    limits::SEARCH,
    page::{Cursor, Page, PageRequest},
};

/// A pattern of LIKE, with `\` as its escape, for each of the words that are searched for.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for more than [`SEARCH`] characters: they could be more words than a query can hold.
pub(super) fn patterns(q: Option<&str>) -> Result<Vec<String>, ApiError> {
    let q = q.unwrap_or_default();
    if q.chars().count() > SEARCH {
        return Err(ApiError::invalid("/q", format!("Search for at most {SEARCH} characters.")));
    }
    let pattern = |word: &str| format!("%{}%", word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_"));
    Ok(q.split_whitespace().map(pattern).collect())
}

/// Makes a page of one row more than was asked for, which only tells that there is a next page. `place` is a row's key and id. A row that cannot
/// be read is `None`; the next page begins behind the last that can.
pub(super) fn cut<T>(mut rows: Vec<Option<T>>, page: &PageRequest, place: impl Fn(&T) -> (String, String)) -> Page<T> {
    let limit = page.limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let unreadable = rows.iter().filter(|row| row.is_none()).count();
    let items: Vec<T> = rows.into_iter().flatten().collect();
    let next = items.last().filter(|_| more).map(|last| {
        let (key, id) = place(last);
        Cursor { sort: page.sort.to_string(), key: Some(key), id }
    });
    Page { items, next, unreadable }
}
