-- Still pictures, and the steps that give one.

CREATE TABLE images (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    file_path TEXT NOT NULL UNIQUE,
    file_hash TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    source_type TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX images_file_hash ON images (file_hash);

-- Beside step_results: the cache of steps whose result is a picture.
CREATE TABLE step_images (
    content_key TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX step_images_image ON step_images (image_id);

ALTER TABLE execution_nodes ADD COLUMN image_id TEXT;
ALTER TABLE jobs ADD COLUMN image_id TEXT;
