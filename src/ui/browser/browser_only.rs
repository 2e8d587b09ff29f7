//! Values that only a browser has: sockets, requests, whatever may not cross threads. The server renders the same component without them.

use leptos::prelude::*;

/// A place for such a value. Empty on the server and until an effect fills it; emptied with the effect's owner.
pub struct BrowserOnly<T: 'static>(StoredValue<Option<StoredValue<T, LocalStorage>>>);

impl<T> Clone for BrowserOnly<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for BrowserOnly<T> {}

impl<T: 'static> BrowserOnly<T> {
    /// An empty place.
    #[must_use]
    pub fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// Fills it. Call from an effect: its owner also drops the value.
    pub fn fill(self, value: T) {
        self.0.set_value(Some(StoredValue::new_local(value)));
    }

    /// Runs `read` on the value, if it is there.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.try_get_value().flatten()?.try_with_value(read)
    }

    /// Runs `change` on the value, if it is there.
    pub fn update<R>(self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.try_get_value().flatten()?.try_update_value(change)
    }
}

impl<T: 'static> Default for BrowserOnly<T> {
    fn default() -> Self {
        Self::new()
    }
}
