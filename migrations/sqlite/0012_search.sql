-- One index for everything that is searched (FTS5, contentless): what a row says in finished tokens, by the row's number. Numbers are in order of
-- `created_at`. NULL: not indexed yet, which the running server does.
ALTER TABLE videos ADD COLUMN search_row INTEGER;
ALTER TABLE images ADD COLUMN search_row INTEGER;
ALTER TABLE workflows ADD COLUMN search_row INTEGER;
CREATE UNIQUE INDEX videos_search_row ON videos (search_row) WHERE search_row IS NOT NULL;
CREATE UNIQUE INDEX images_search_row ON images (search_row) WHERE search_row IS NOT NULL;
CREATE UNIQUE INDEX workflows_search_row ON workflows (search_row) WHERE search_row IS NOT NULL;
-- What a search finds is ordered and filtered by what stands here: the rows, some of them large, are read for the page alone.
CREATE INDEX videos_searched ON videos (
    search_row, COALESCE(created_at, ''), LOWER(name), COALESCE(duration_seconds, -1.0), size_bytes, id, source_type, width, height, duration_seconds
) WHERE deleted_at IS NULL;
CREATE INDEX workflows_searched ON workflows (search_row, updated_at, created_at, name, id, status);
CREATE INDEX videos_to_index ON videos (id) WHERE search_row IS NULL;
CREATE INDEX images_to_index ON images (id) WHERE search_row IS NULL;
CREATE INDEX workflows_to_index ON workflows (id) WHERE search_row IS NULL;
-- The ascii tokenizer splits at blanks, of which alone our tokens have none: it takes every letter beyond ASCII for one.
CREATE VIRTUAL TABLE search USING fts5 (kind, name, text, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '1 2 3');

-- Lists, each by the index of its order; what it may be filtered by stands behind, so that rows that do not pass are not read.
DROP INDEX videos_created_at;
DROP INDEX images_created_at;
DROP INDEX workflows_updated_at;
CREATE INDEX videos_by_time ON videos (COALESCE(created_at, ''), id, source_type, width, height, duration_seconds) WHERE deleted_at IS NULL;
CREATE INDEX videos_by_name ON videos (LOWER(name), id, source_type, width, height, duration_seconds) WHERE deleted_at IS NULL;
CREATE INDEX videos_by_duration ON videos (COALESCE(duration_seconds, -1.0), id, source_type, width, height) WHERE deleted_at IS NULL;
CREATE INDEX videos_by_size ON videos (size_bytes, id, source_type, width, height, duration_seconds) WHERE deleted_at IS NULL;
CREATE INDEX images_by_time ON images (COALESCE(created_at, ''), id) WHERE deleted_at IS NULL;
CREATE INDEX videos_trash_by_time ON videos (COALESCE(created_at, ''), id) WHERE deleted_at IS NOT NULL;
CREATE INDEX images_trash_by_time ON images (COALESCE(created_at, ''), id) WHERE deleted_at IS NOT NULL;
CREATE INDEX workflows_by_change ON workflows (updated_at, id, status);
CREATE INDEX workflows_by_time ON workflows (created_at, id, status);
CREATE INDEX workflows_by_name ON workflows (name COLLATE NOCASE, id, status);

CREATE INDEX jobs_by_status ON jobs (status, created_at, id, kind);
CREATE INDEX jobs_by_kind ON jobs (kind, created_at, id, status);
CREATE INDEX jobs_counted ON jobs (kind, status);
CREATE INDEX videos_counted ON videos (source_type, size_bytes) WHERE deleted_at IS NULL;
CREATE INDEX jobs_of_execution ON jobs (execution_id);
CREATE INDEX jobs_ended ON jobs (created_at, id, status) WHERE kind <> 'poster' AND status IN ('succeeded', 'failed', 'cancelled');
CREATE INDEX spends_by_day ON spends (SUBSTR(sent_at, 1, 10), usd_micros, state, estimated_usd_micros) WHERE sent_at IS NOT NULL;
CREATE INDEX spends_by_provider ON spends (provider, usd_micros, state, estimated_usd_micros) WHERE sent_at IS NOT NULL;
DROP INDEX executions_workflow;
DROP INDEX executions_status;
CREATE INDEX executions_of_workflow ON executions (workflow_id, created_at, id, status);
CREATE INDEX executions_by_status ON executions (status, created_at, id);

INSERT INTO oldest_program (migration, version) VALUES (12, '0.2.0');
