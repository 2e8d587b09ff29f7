//! What cannot be sent or brought now is tried again by itself; while anything waits, one message says so.

use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::Toasts;
use crate::{
    domain::ApiError,
    ui::browser::{network::Pauses, request},
};

/// Who waits for the server. Cheap to copy; found by context below the app.
#[derive(Debug, Clone, Copy)]
pub struct Reconnect {
    toasts: Toasts,
    waiting: StoredValue<usize>,
    told: StoredValue<Option<u64>>,
}

/// One thing that is tried until it is answered. Dropped, it waits no more; the message goes with the last that waits.
#[derive(Debug)]
pub struct Retry {
    reconnect: Reconnect,
    pauses: Pauses,
    has_told: bool,
}

impl Reconnect {
    /// Makes it and puts it into context.
    pub fn provide(toasts: Toasts) -> Self {
        let reconnect = Self { toasts, waiting: StoredValue::new(0), told: StoredValue::new(None) };
        provide_context(reconnect);
        reconnect
    }

    /// Begins something that may need several tries.
    #[must_use]
    pub fn retry(self) -> Retry {
        Retry { reconnect: self, pauses: Pauses::new(), has_told: false }
    }

    /// Asks until there is an answer, for as long as the page is open.
    ///
    /// # Errors
    /// What is refused for good.
    pub async fn until_answered<T, F: Future<Output = Result<T, ApiError>>>(self, ask: impl Fn() -> F) -> Result<T, ApiError> {
        let mut retry = self.retry();
        loop {
            match ask().await {
                Err(error) if error.kind.is_passing() => retry.later(&error.message).await,
                answer => return answer,
            }
        }
    }

    /// Loads a part of the page until it has come.
    pub async fn until_loaded<T, F: Future<Output = Result<T, SplitLoaderError>>>(self, load: impl Fn() -> F) -> T {
        let mut retry = self.retry();
        loop {
            match load().await {
                Ok(loaded) => return loaded,
                Err(_) => retry.later("A part of this page could not be loaded.").await,
            }
        }
    }

    /// Waits for the server where it cannot be reached. False where it could be at once: what failed then did not fail for that.
    pub async fn was_gap(self) -> bool {
        let mut retry = self.retry();
        while let Err(error) = request::reach().await {
            retry.later(&error.message).await;
        }
        retry.has_told
    }

    /// Whether something waits for the server.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        self.waiting.try_get_value().unwrap_or_default() > 0
    }
}

impl Retry {
    /// Waits until the next try; the user is told why while it waits.
    pub async fn later(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.has_told, true) {
            let _ = self.reconnect.waiting.try_update_value(|waiting| *waiting += 1);
            if self.reconnect.told.try_get_value() == Some(None) {
                let words = format!(
                    "{reason} What you change is kept in this browser; it is sent, and what is missing is brought, as soon as that works again."
                );
                self.reconnect.told.set_value(Some(self.reconnect.toasts.fail_for_now(words)));
            }
        }
        self.pauses.over().await;
    }
}

impl Drop for Retry {
    fn drop(&mut self) {
        if !self.has_told {
            return;
        }
        let left = self.reconnect.waiting.try_update_value(|waiting| {
            *waiting -= 1;
            *waiting
        });
        if left == Some(0)
            && let Some(number) = self.reconnect.told.try_update_value(Option::take).flatten()
        {
            self.reconnect.toasts.close(number);
        }
    }
}
