-- Everything stored is an asset, named by kind and id: one shape for what is kept of each kind, one table of uses, and a trash.

-- The oldest version of the program that may serve a database with this migration. An older one refuses to start on it.
CREATE TABLE oldest_program (
    migration INTEGER PRIMARY KEY,
    version TEXT NOT NULL
);
INSERT INTO oldest_program (migration, version)
VALUES (1, '0.1.0'), (2, '0.1.0'), (3, '0.1.0'), (4, '0.1.0'), (5, '0.2.0'), (6, '0.2.0'), (7, '0.2.0');

-- Since when it is in the trash.
ALTER TABLE videos ADD COLUMN deleted_at TIMESTAMP;
CREATE INDEX videos_deleted_at ON videos (deleted_at) WHERE deleted_at IS NOT NULL;
ALTER TABLE images ADD COLUMN deleted_at TIMESTAMP;
CREATE INDEX images_deleted_at ON images (deleted_at) WHERE deleted_at IS NOT NULL;
ALTER TABLE images ADD COLUMN stream_hash TEXT;
ALTER TABLE images ADD COLUMN metadata JSON;
CREATE INDEX images_created_at ON images (created_at, id);

ALTER TABLE execution_nodes ADD COLUMN asset_kind TEXT;
ALTER TABLE execution_nodes ADD COLUMN asset_id TEXT;
UPDATE execution_nodes SET asset_kind = CASE WHEN video_id IS NULL THEN 'image' ELSE 'video' END, asset_id = COALESCE(video_id, image_id)
WHERE video_id IS NOT NULL OR image_id IS NOT NULL;
ALTER TABLE execution_nodes DROP COLUMN video_id;
ALTER TABLE execution_nodes DROP COLUMN image_id;

ALTER TABLE jobs ADD COLUMN asset_kind TEXT;
ALTER TABLE jobs ADD COLUMN asset_id TEXT;
UPDATE jobs SET asset_kind = CASE WHEN video_id IS NULL THEN 'image' ELSE 'video' END, asset_id = COALESCE(video_id, image_id)
WHERE video_id IS NOT NULL OR image_id IS NOT NULL;
ALTER TABLE jobs DROP COLUMN video_id;
ALTER TABLE jobs DROP COLUMN image_id;

-- The cache: a step whose key has a row here, of something that is neither trashed nor gone, is done, free and at once.
CREATE TABLE made_steps (
    content_key TEXT PRIMARY KEY,
    asset_kind TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
INSERT INTO made_steps (content_key, asset_kind, asset_id, created_at)
SELECT content_key, 'video', video_id, created_at FROM step_results
UNION ALL SELECT content_key, 'image', image_id, created_at FROM step_images;
DROP TABLE step_results;
DROP TABLE step_images;
ALTER TABLE made_steps RENAME TO step_results;
CREATE INDEX step_results_asset ON step_results (asset_id);

-- Which node of which workflow made or uses an asset. Of videos the seed's own table tells it; no foreign key on the asset: a use outlives it, as `missing`.
CREATE TABLE asset_uses (
    workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    asset_kind TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    node_type TEXT NOT NULL,
    role TEXT NOT NULL,
    execution_id TEXT,
    created_at TIMESTAMP,
    PRIMARY KEY (workflow_id, asset_id, node_id)
);
CREATE INDEX asset_uses_asset ON asset_uses (asset_id);
CREATE VIEW uses (workflow_id, asset_kind, asset_id, node_id, node_type, role, execution_id, created_at) AS
SELECT workflow_id, 'video', video_id, node_id, node_type, role, execution_id, created_at FROM workflow_videos
UNION ALL SELECT workflow_id, asset_kind, asset_id, node_id, node_type, role, execution_id, created_at FROM asset_uses;

-- What is left of something that is gone for good, so that a restored workflow can say what is missing and why.
CREATE TABLE deleted_assets (
    asset_id TEXT PRIMARY KEY,
    asset_kind TEXT NOT NULL,
    name TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    deleted_at TIMESTAMP NOT NULL
);
INSERT INTO deleted_assets (asset_id, asset_kind, name, file_hash, reason, deleted_at)
SELECT video_id, 'video', name, file_hash, reason, deleted_at FROM deleted_videos;
DROP TABLE deleted_videos;
CREATE INDEX deleted_assets_hash ON deleted_assets (file_hash);
-- What saved workflows made of other kinds so far; the role follows the definition with the next save.
INSERT INTO asset_uses (workflow_id, asset_kind, asset_id, node_id, node_type, role, execution_id, created_at)
SELECT e.workflow_id, n.asset_kind, n.asset_id, n.node_id, n.node_type, 'intermediate', n.execution_id, MAX(COALESCE(n.finished_at, e.created_at))
FROM execution_nodes n JOIN executions e ON e.id = n.execution_id JOIN workflows w ON w.id = e.workflow_id
WHERE w.status = 'saved' AND n.status = 'succeeded' AND n.asset_kind = 'image'
GROUP BY e.workflow_id, n.asset_id, n.node_id;
