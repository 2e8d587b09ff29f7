-- What ffprobe told of a clip when it was stored, in a form that says its own number: whoever reads the clip later need not ask again. NULL: it is
-- probed when it is next read.
ALTER TABLE videos ADD COLUMN report JSON;

-- When the clip's streams were read for their digest, which is made after the clip was stored. NULL: not yet. Until now the digest was another.
ALTER TABLE videos ADD COLUMN streams_read_at TIMESTAMP;
UPDATE videos SET stream_hash = NULL WHERE stream_hash IS NOT NULL;
CREATE INDEX videos_to_read ON videos (id) WHERE streams_read_at IS NULL AND damaged_at IS NULL;

INSERT INTO oldest_program (migration, version) VALUES (13, '0.2.0');
