//! What the server counts, for Prometheus. Each server has a recorder of its own: several in one process do not mix.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::{problem::Failed, serve::Open};
use crate::{
    domain::origin::SourceType,
    server::{Error, log, runs::figures, state::AppState},
};

const REQUESTS: &str = "reelgraph_http_requests_total";
const DURATIONS: &str = "reelgraph_http_request_duration_seconds";
const CONNECTIONS: &str = "reelgraph_http_connections";
const JOBS: &str = "reelgraph_jobs";
const VIDEOS: &str = "reelgraph_videos";
const LOST_LINES: &str = "reelgraph_log_lines_lost_total";
const STORED_BYTES: &str = "reelgraph_stored_bytes";

/// Upper bounds of a request's duration, in seconds; an upload may take minutes.
const BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0];

/// Where a server's figures are kept. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<PrometheusRecorder>);

impl Metrics {
    /// An empty recorder.
    ///
    /// # Errors
    /// Where the exporter does not take the bounds.
    pub fn new() -> Result<Self, Error> {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(|error| Error::Internal(format!("metrics: {error}")))?;
        let recorder = builder.build_recorder();
        with_local_recorder(&recorder, || {
            metrics::describe_counter!(REQUESTS, "Requests by method, route and status.");
            metrics::describe_histogram!(DURATIONS, metrics::Unit::Seconds, "Time until an answer began, by method and route.");
            metrics::describe_gauge!(CONNECTIONS, "Connections that are open.");
            metrics::describe_gauge!(JOBS, "Jobs by kind and status.");
            metrics::describe_counter!(LOST_LINES, "Lines of the log that could not be written, or that nobody read.");
            metrics::describe_gauge!(VIDEOS, "Videos in the library by source.");
            metrics::describe_gauge!(STORED_BYTES, metrics::Unit::Bytes, "Bytes of the videos in the library by source.");
        });
        Ok(Self(Arc::new(recorder)))
    }
}

/// Counts every request. A path that is no route counts as `unmatched`: what callers make up must not become labels.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let path = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    with_local_recorder(&*metrics.0, || {
        histogram!(DURATIONS, "method" => method.clone(), "path" => path.clone()).record(began.elapsed());
        counter!(REQUESTS, "method" => method, "path" => path, "status" => status).increment(1);
    });
    response
}

/// The server's figures in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "operation", responses(
    (status = 200, description = "The figures", content_type = "text/plain", body = String),
))]
pub async fn show(
    Extension(metrics): Extension<Metrics>,
    Extension(open): Extension<Open>,
    State(state): State<AppState>,
) -> Result<impl IntoResponse, Failed> {
    let figures = figures::figures(&state.studio.db).await?;
    with_local_recorder(&*metrics.0, || {
        gauge!(CONNECTIONS).set(open.number() as f64);
        counter!(LOST_LINES).absolute(log::lost());
        // What is no more has to go back to zero.
        for (kind, status, number) in &figures.jobs {
            gauge!(JOBS, "kind" => kind.name().to_owned(), "status" => status.name()).set(*number as f64);
        }
        for source in SourceType::ALL {
            let (number, bytes) =
                figures.videos.iter().find(|(of, ..)| *of == source).map_or((0, 0), |(_, number, bytes)| (*number, *bytes));
            gauge!(VIDEOS, "source" => source.name()).set(number as f64);
            gauge!(STORED_BYTES, "source" => source.name()).set(bytes as f64);
        }
    });
    let handle = metrics.0.handle();
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()))
}
