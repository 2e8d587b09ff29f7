//! Parts that change and handlers, each of one type.
//!
//! A closure has a type of its own, and the code that draws, hydrates and updates a value is compiled for each type that stands in a
//! view: some kilobytes a closure. In a box they share it. Attributes that change are signals for the same reason.

use leptos::prelude::*;

/// A part of a view that is made anew when a signal it reads changes.
pub fn part<V: IntoView + 'static>(mut make: impl FnMut() -> V + Send + 'static) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || make().into_any())
}

/// What happens on an event.
pub fn handler<E>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}
