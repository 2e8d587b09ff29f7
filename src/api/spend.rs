//! Spending as the page asks for it: the ledger, and what the user decides about a paid request whose outcome is not known.

use leptos::prelude::*;

use super::wire::Call;
use crate::domain::{ApiError, JobId, job::Job, spend::Spending};

/// What was spent, with a page of the paid requests, newest first; the first page without a cursor.
///
/// # Errors
/// [`Invalid`](crate::domain::ErrorKind::Invalid) for a cursor that no page gave.
#[server(name = ReadSpending, protocol = Call, endpoint = "spending")]
pub async fn spending(cursor: Option<String>) -> Result<Spending, ApiError> {
    use crate::server::{money::ledger, respond};
    let state = respond::state()?;
    respond::respond(ledger::spending_from(&state.studio.db, &state.config.caps, cursor.as_deref()).await)
}

/// Looks once more for the outcome of a paid request. It is asked after, never sent again.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(protocol = Call, endpoint = "check_job")]
pub async fn check_job(id: JobId) -> Result<Job, ApiError> {
    use crate::server::{respond, runs::jobs};
    let state = respond::state()?;
    respond::respond(jobs::check_again(&state.studio.db, &state.studio.events, id).await)
}

/// Gives a paid request up. What it may have cost stays in the ledger; the provider is told where it can be.
///
/// # Errors
/// [`NotFound`](crate::domain::ErrorKind::NotFound).
#[server(protocol = Call, endpoint = "give_up_job")]
pub async fn give_up_job(id: JobId) -> Result<Job, ApiError> {
    use crate::server::{respond, runs::jobs};
    let state = respond::state()?;
    respond::respond(jobs::cancel(&state.studio.db, &state.studio.events, id).await)
}
