//! Short messages that come and go, read out by screen readers as they come.

use std::time::Duration;

use leptos::prelude::*;

use super::{Glyph, Icon, IconButton};

/// How long good news stays.
const STAYS: Duration = Duration::from_secs(7);

/// One message.
#[derive(Debug, Clone, PartialEq)]
struct Toast {
    number: u64,
    text: String,
    is_bad: bool,
}

/// Where messages are said. Cheap to copy; found by context below the app.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    said: RwSignal<Vec<Toast>>,
    count: StoredValue<u64>,
}

impl Toasts {
    /// Makes the place and puts it into context.
    pub fn provide() -> Self {
        let toasts = Self { said: RwSignal::new(Vec::new()), count: StoredValue::new(0) };
        provide_context(toasts);
        toasts
    }

    /// Says that something was done; it goes by itself.
    pub fn say(self, text: impl Into<String>) {
        let number = self.add(text.into(), false);
        set_timeout(move || self.close(number), STAYS);
    }

    /// Says that something went wrong; it stays until it is closed.
    pub fn fail(self, text: impl Into<String>) {
        self.fail_for_now(text);
    }

    /// Says that something went wrong; it stays until it is closed, by the user or by its number.
    pub fn fail_for_now(self, text: impl Into<String>) -> u64 {
        self.add(text.into(), true)
    }

    fn add(self, text: String, is_bad: bool) -> u64 {
        let number = self.count.try_update_value(|count| {
            *count += 1;
            *count
        });
        let number = number.unwrap_or_default();
        // The page that speaks may be gone by the time an answer comes.
        let _ = self.said.try_update(|said| {
            said.retain(|toast| toast.text != text);
            said.push(Toast { number, text, is_bad });
        });
        number
    }

    /// Takes a message away, if it is still there.
    pub fn close(self, number: u64) {
        let _ = self.said.try_update(|said| said.retain(|toast| toast.number != number));
    }
}

/// Where messages appear.
#[component]
pub fn ToastRegion(
    /// The messages.
    toasts: Toasts,
) -> impl IntoView {
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.said.get() key=|toast| toast.number let:toast>
                <div class="toast" class:toast-bad=toast.is_bad>
                    <Icon glyph=if toast.is_bad { Glyph::Alert } else { Glyph::Check }/>
                    <span>{toast.text.clone()}</span>
                    <IconButton glyph=Glyph::Close label="Close this message" on_press=move || toasts.close(toast.number)/>
                </div>
            </For>
        </div>
    }
}
