//! Pages of a list, by keyset.

use crate::domain::{
    Timestamp,
    page::{Cursor, Page, PageRequest},
};

/// Makes a page of one row more than was asked for, which only tells that there is a next page.
pub(super) fn cut<T>(mut items: Vec<T>, page: &PageRequest, place: impl Fn(&T) -> (Timestamp, String)) -> Page<T> {
    let limit = page.limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| {
        let (key, id) = place(last);
        Cursor { sort: page.sort.to_string(), key: Some(key.to_string()), id }
    });
    Page { items, next }
}
