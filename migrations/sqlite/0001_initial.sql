-- The seed's four tables with the seed's columns, and what executions, jobs and events need.
-- Ids and times are TEXT: lower-case hyphenated UUIDs, RFC 3339 UTC with six fractional digits.

CREATE TABLE videos (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    file_path TEXT NOT NULL UNIQUE,
    file_hash TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    duration_seconds REAL,
    resolution TEXT,
    aspect_ratio TEXT,
    codec TEXT,
    fps REAL,
    source_type TEXT NOT NULL,
    created_at TIMESTAMP,
    metadata JSON,
    stream_hash TEXT,
    media_type TEXT,
    width INTEGER,
    height INTEGER
);
CREATE UNIQUE INDEX videos_file_hash ON videos (file_hash);
CREATE INDEX videos_created_at ON videos (created_at, id);
CREATE INDEX videos_stream_hash ON videos (stream_hash);

CREATE TABLE workflows (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    status TEXT DEFAULT 'draft',
    definition JSON NOT NULL,
    created_at TIMESTAMP,
    updated_at TIMESTAMP,
    last_executed_at TIMESTAMP,
    revision INTEGER NOT NULL DEFAULT 1,
    node_count INTEGER NOT NULL DEFAULT 0,
    draft_definition JSON,
    draft_base_etag TEXT,
    draft_updated_at TIMESTAMP
);
CREATE INDEX workflows_updated_at ON workflows (updated_at, id);

-- No foreign key on video_id: an association outlives its video, as `missing`.
CREATE TABLE workflow_videos (
    workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    video_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    node_type TEXT NOT NULL,
    role TEXT NOT NULL,
    execution_id TEXT,
    created_at TIMESTAMP,
    PRIMARY KEY (workflow_id, video_id, node_id)
);
CREATE INDEX workflow_videos_video ON workflow_videos (video_id);

CREATE TABLE video_generation (
    video_id TEXT PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    provider TEXT,
    model TEXT,
    prompt TEXT,
    generation_params JSON,
    job_id TEXT,
    status TEXT,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    provider_job_id TEXT
);

-- What is left of a deleted video, so that a restored workflow can say what is missing and why.
CREATE TABLE deleted_videos (
    video_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    deleted_at TIMESTAMP NOT NULL
);

CREATE TABLE executions (
    id TEXT PRIMARY KEY,
    workflow_id TEXT REFERENCES workflows (id) ON DELETE SET NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    definition JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    finished_at TIMESTAMP
);
CREATE INDEX executions_workflow ON executions (workflow_id, created_at);
CREATE INDEX executions_status ON executions (status, created_at);
CREATE INDEX executions_created_at ON executions (created_at, id);

CREATE TABLE execution_nodes (
    execution_id TEXT NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    node_id TEXT NOT NULL,
    node_type TEXT NOT NULL,
    position INTEGER NOT NULL,
    status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    cached INTEGER NOT NULL DEFAULT 0,
    content_key TEXT,
    job_id TEXT,
    video_id TEXT,
    error_kind TEXT,
    error_message TEXT,
    cost_usd_micros INTEGER,
    cost_estimated INTEGER,
    finished_at TIMESTAMP,
    PRIMARY KEY (execution_id, node_id)
);
CREATE INDEX execution_nodes_job ON execution_nodes (job_id);

-- The queue. A worker holds a job by its lease token and renews it by heartbeat; every write-back names the token.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    execution_id TEXT,
    node_id TEXT,
    video_id TEXT,
    content_key TEXT,
    -- 1: asked for on its own as well, so that no execution's cancellation ends it.
    stand_alone INTEGER NOT NULL DEFAULT 0,
    input JSON NOT NULL,
    error_kind TEXT,
    error_message TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    paused INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease_token TEXT,
    heartbeat_at TIMESTAMP,
    run_after TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    finished_at TIMESTAMP
);
CREATE INDEX jobs_queue ON jobs (status, priority, created_at);
CREATE INDEX jobs_created_at ON jobs (created_at, id);
CREATE INDEX jobs_turn ON jobs (execution_id, started_at);
CREATE UNIQUE INDEX jobs_in_flight ON jobs (content_key) WHERE content_key IS NOT NULL AND status IN ('queued', 'running', 'unknown');

-- The cache: a step whose key has a row here is done, free and at once.
CREATE TABLE step_results (
    content_key TEXT PRIMARY KEY,
    video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX step_results_video ON step_results (video_id);

-- State changes in their order, kept for 7 days and replayed to pages that were away.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    data JSON NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX events_created_at ON events (created_at);
