//! Trying again what the network did not let through: as soon as the browser says that it is back, and before in growing pauses.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;

/// Before the second try.
const FIRST: Duration = Duration::from_secs(1);
/// Between two tries at most: a server that is back is found within this.
const LONGEST: Duration = Duration::from_secs(15);

/// The pauses between the tries of one thing.
#[derive(Debug)]
pub struct Pauses(ExponentialBackoff);

impl Pauses {
    /// From the first on.
    #[must_use]
    pub fn new() -> Self {
        Self(ExponentialBuilder::default().with_min_delay(FIRST).with_max_delay(LONGEST).with_factor(2.0).without_max_times().build())
    }

    /// Waits until the next try: for the network to be back, or for the pause to be over.
    pub async fn over(&mut self) {
        let pause = self.0.next().unwrap_or(LONGEST);
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            let once = web_sys::AddEventListenerOptions::new();
            once.set_once(true);
            // Without listener or timer the wait is over by the other.
            let _ = window().add_event_listener_with_callback_and_add_event_listener_options("online", &resolve, &once);
            let milliseconds = i32::try_from(pause.as_millis()).unwrap_or(i32::MAX);
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
        });
        // It is only ever resolved.
        let _ = JsFuture::from(promise).await;
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self::new()
    }
}
