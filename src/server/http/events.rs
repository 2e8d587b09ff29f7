//! Server-sent events: what happens, replayed from a number and then as it comes.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::IntoResponse,
};
use futures_util::{Stream, stream};
use serde::Deserialize;
use utoipa::{IntoParams, openapi::Object};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{extract::Query, problem::Failed};
use crate::{
    domain::{ApiError, error::Problem, limits},
    server::{
        Result,
        events::{self, Follower},
        state::AppState,
    },
};

/// The answer's header that says from which event on a page has to follow.
const EVENT_ID: HeaderName = HeaderName::from_static("x-event-id");
/// Read by nginx and those who follow it.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const LAST_EVENT_ID: &str = "last-event-id";

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(follow))
}

/// `X-Event-Id`, for the answer to a GET. Take it before the thing is read: then no change of the thing is missed.
///
/// # Errors
/// The database's.
pub async fn event_id(state: &AppState) -> Result<[(HeaderName, String); 1]> {
    Ok([(EVENT_ID, events::newest(&state.studio.db).await?.to_string())])
}

fn number() -> Object {
    limits::integer(0, limits::LARGEST_INTEGER).description(Some("The number of an event.")).build()
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// After the event with this number. `Last-Event-ID` goes before it; with neither, from now.
    #[param(schema_with = number)]
    after: Option<i64>,
}

/// What happens: `node`, `execution` and `job` events whose data is what their GET shows. State changes are numbered and kept for 7
/// days; progress has no number, nor has `ping`, which comes every 10 seconds. `reset`: older than kept was asked for, read everything anew.
#[utoipa::path(get, path = "/api/events", operation_id = "follow_events", tag = "events",
    params(From, ("Last-Event-ID" = Option<String>, Header,
    description = "What a browser sends when it comes back: the number of the last event it has. It goes before `after`.")), responses(
    (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
    (status = 422, description = "The number is none", body = Problem),
))]
pub async fn follow(State(state): State<AppState>, Query(from): Query<From>, headers: HeaderMap) -> Result<impl IntoResponse, Failed> {
    let after = last_event_id(&headers)?.or(from.after);
    let follower = state.studio.events.follow(&state.studio.db, after, state.stop.clone()).await?;
    // A proxy that buffers would keep the events to itself.
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache"), (BUFFERING, "no")];
    Ok((headers, Body::from_stream(frames(follower))))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| ApiError::invalid("/Last-Event-ID", "Last-Event-ID is the number of an event."))
}

fn frames(follower: Follower) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(follower, |mut follower| async {
        match follower.next().await {
            Ok(message) => message.map(|message| (Ok(message.frame), follower)),
            Err(error) => {
                // The page comes back by itself, with the number it has.
                tracing::warn!(cause = %error, "an event stream ended early");
                None
            }
        }
    })
}
