-- The ledger: one row for each paid request, written before it leaves, and what became of it.

CREATE TABLE spends (
    job_id TEXT PRIMARY KEY,
    execution_id TEXT,
    node_id TEXT,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    state TEXT NOT NULL,
    provider_job_id TEXT,
    -- Millionths of a US dollar, by the price table; NULL: the table has no price.
    estimated_usd_micros INTEGER,
    -- Millionths of a US dollar, as the provider told.
    usd_micros INTEGER,
    -- How often the provider took nothing and the request waits to be sent.
    refusals INTEGER NOT NULL DEFAULT 0,
    -- 1: the provider was told that its job is no longer wanted, or cannot be told.
    told INTEGER NOT NULL DEFAULT 0,
    -- The provider's last answer that mattered, secrets removed, for support.
    raw_answer TEXT,
    created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP,
    accepted_at TIMESTAMP,
    ended_at TIMESTAMP
);
CREATE INDEX spends_created_at ON spends (created_at, job_id);
CREATE INDEX spends_sent_at ON spends (sent_at);
CREATE INDEX spends_execution ON spends (execution_id);
CREATE INDEX spends_state ON spends (state);
CREATE INDEX spends_provider_job ON spends (provider_job_id);

-- Who works on a job: `local`, or the provider that is asked. Waiting for a provider takes no worker from ffmpeg.
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'local';
CREATE INDEX jobs_lane ON jobs (lane, status, priority, created_at);
