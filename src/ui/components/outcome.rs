//! What the user decides about a paid request whose outcome is not known.

use leptos::{ev, prelude::*, task::spawn_local};

use super::{Toasts, handler};
use crate::{
    api::spend::{check_job, give_up_job},
    domain::{ApiError, JobId, job::Job},
};

/// "Check again" and "Give up". Neither sends the request again.
#[component]
pub fn OutcomeButtons(
    /// The job that waits for the user.
    job: JobId,
    /// Called when the server has taken the decision.
    on_decided: impl Fn(Job) + Copy + Send + 'static,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let busy = RwSignal::new(false);
    let settle = move |answer: Result<Job, ApiError>| {
        let _ = busy.try_set(false);
        match answer {
            Ok(job) => on_decided(job),
            Err(error) => toasts.fail(error.message),
        }
    };
    let check = move |_: ev::MouseEvent| {
        busy.set(true);
        spawn_local(async move { settle(check_job(job).await) });
    };
    let give_up = move |_: ev::MouseEvent| {
        busy.set(true);
        spawn_local(async move { settle(give_up_job(job).await) });
    };
    view! {
        <div class="outcome-buttons">
            <button type="button" class="button" title="Asks the provider about the shot; nothing is sent again" disabled=busy on:click=handler(check)>
                "Check again"
            </button>
            <button
                type="button"
                class="button"
                title="Stops waiting. What it may have cost stays in the ledger; running again makes and pays a new one"
                disabled=busy
                on:click=handler(give_up)
            >
                "Give up"
            </button>
        </div>
    }
}
