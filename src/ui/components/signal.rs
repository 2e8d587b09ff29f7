//! Signals that say only what is new.

use leptos::prelude::*;

/// Sets a signal where the value is another: what has not changed is not drawn again.
pub fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_with_untracked(|old| *old != value) == Some(true) {
        signal.set(value);
    }
}
