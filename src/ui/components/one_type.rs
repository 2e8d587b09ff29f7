//! Parts that change, handlers, memos and effects, each of one type.
//!
//! A closure has a type of its own, and the code that draws, hydrates and updates a value is compiled for each type that stands in a
//! view: some kilobytes a closure. In a box they share it. Attributes that change are signals for the same reason.

use leptos::{ev::KeyboardEvent, prelude::*};

/// A part of a view that is made anew when a signal it reads changes.
pub fn part<V: IntoView + 'static>(mut make: impl FnMut() -> V + Send + 'static) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || make().into_any())
}

/// A part of a view that is not always there.
pub fn part_if<V: RenderHtml + Send + 'static>(
    mut make: impl FnMut() -> Option<View<V>> + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || match make() {
        Some(view) => view.into_inner().into_any(),
        None => ().into_any(),
    })
}

/// Views that stand one after the other.
pub fn each<V: RenderHtml + Send + 'static>(views: impl Iterator<Item = View<V>>) -> Vec<AnyView> {
    views.map(|view| view.into_inner().into_any()).collect()
}

/// What happens on an event.
pub fn handler<E>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}

/// What happens on a key: nothing while it belongs to an input method.
pub fn on_key(mut handle: impl FnMut(KeyboardEvent) + 'static) -> Box<dyn FnMut(KeyboardEvent)> {
    handler(move |event| {
        if !is_composing(&event) {
            handle(event);
        }
    })
}

/// Whether a key belongs to an input method that is composing: its Enter takes a candidate, its Escape drops one. Safari says it of the key
/// that ends the composition by its code alone (UI Events §9.3: 229 is a key that an input method takes).
pub fn is_composing(event: &KeyboardEvent) -> bool {
    const TAKEN: u32 = 229;
    event.is_composing() || event.key_code() == TAKEN
}

/// A value that is computed anew when a signal it reads changes, and tells only of changes.
pub fn memo<T: PartialEq + Send + Sync + 'static>(compute: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    memo_of(Box::new(compute))
}

fn memo_of<T: PartialEq + Send + Sync + 'static>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| compute())
}

/// Something that is done in the browser, and again when a signal it reads changes.
pub fn effect(run: impl FnMut() + 'static) {
    effect_of(Box::new(run));
}

fn effect_of(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_| run());
}
