//! What the server counts, for Prometheus. Each server has a recorder of its own: several in one process do not mix.

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

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
const LANE_JOBS: &str = "reelgraph_lane_jobs";
const LANE_WAITS: &str = "reelgraph_lane_oldest_wait_seconds";
const STEPS: &str = "reelgraph_steps";
const ROWS: &str = "reelgraph_asset_rows_total";
const DATABASE_WAITS: &str = "reelgraph_database_write_wait_seconds";
const DATABASE_CONNECTIONS: &str = "reelgraph_database_connections";
const STORED_BYTES: &str = "reelgraph_stored_bytes";

/// Upper bounds of a request's duration, in seconds; an upload may take minutes.
const BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0];

/// Upper bounds of a wait for the database's writer, in seconds.
const WAIT_BUCKETS: [f64; 8] = [0.0005, 0.002, 0.01, 0.05, 0.25, 1.0, 5.0, 20.0];

/// Where a server's figures are kept. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<PrometheusRecorder>);

impl Metrics {
    /// An empty recorder.
    ///
    /// # Errors
    /// Where the exporter does not take the bounds.
    pub fn new() -> Result<Self, Error> {
        let bounded =
            |builder: PrometheusBuilder, name: &str, bounds| builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds);
        let builder =
            bounded(PrometheusBuilder::new(), DURATIONS, &BUCKETS).and_then(|builder| bounded(builder, DATABASE_WAITS, &WAIT_BUCKETS));
        let builder = builder.map_err(|error| Error::Internal(format!("metrics: {error}")))?;
        let recorder = builder.build_recorder();
        with_local_recorder(&recorder, || {
            metrics::describe_counter!(REQUESTS, "Requests by method, route and status.");
            metrics::describe_histogram!(DURATIONS, metrics::Unit::Seconds, "Time until an answer began, by method and route.");
            metrics::describe_gauge!(CONNECTIONS, "Connections that are open.");
            metrics::describe_gauge!(JOBS, "Jobs by kind and status.");
            metrics::describe_gauge!(LANE_JOBS, "Jobs that wait or run, by lane: this machine's own, and each provider's.");
            metrics::describe_gauge!(LANE_WAITS, metrics::Unit::Seconds, "How long the oldest job that waits has waited, by lane.");
            metrics::describe_gauge!(STEPS, "Steps of runs that succeeded: made, or found in the cache.");
            metrics::describe_counter!(ROWS, "Rows of assets whose bytes were asked for: read, or read a moment before.");
            metrics::describe_histogram!(DATABASE_WAITS, metrics::Unit::Seconds, "How long a change waited for the database.");
            metrics::describe_gauge!(DATABASE_CONNECTIONS, "Connections to the database, by what they do, idle or busy.");
            metrics::describe_counter!(LOST_LINES, "Lines of the log that could not be written, or that nobody read.");
            metrics::describe_gauge!(VIDEOS, "Videos in the library by source.");
            metrics::describe_gauge!(STORED_BYTES, metrics::Unit::Bytes, "Bytes of the videos in the library by source.");
        });
        Ok(Self(Arc::new(recorder)))
    }

    /// Where waits for the database's writer are counted.
    pub fn database_waits(&self) -> Histogram {
        with_local_recorder(&*self.0, || histogram!(DATABASE_WAITS))
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
        for lane in &figures.lanes {
            for (status, number) in lane.jobs {
                gauge!(LANE_JOBS, "lane" => lane.name, "status" => status.name()).set(number as f64);
            }
            gauge!(LANE_WAITS, "lane" => lane.name).set(lane.oldest_seconds);
        }
        gauge!(STEPS, "from" => "work").set(figures.made_steps as f64);
        gauge!(STEPS, "from" => "cache").set(figures.cached_steps as f64);
        for (name, open, idle) in state.studio.db.connections() {
            gauge!(DATABASE_CONNECTIONS, "for" => name, "state" => "idle").set(idle as f64);
            gauge!(DATABASE_CONNECTIONS, "for" => name, "state" => "busy").set((f64::from(open) - idle as f64).max(0.0));
        }
        let (hits, misses) = state.studio.db.recent().hits_and_misses();
        counter!(ROWS, "from" => "memory").absolute(hits);
        counter!(ROWS, "from" => "database").absolute(misses);
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
