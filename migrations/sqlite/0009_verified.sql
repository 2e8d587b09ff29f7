-- What is known of the stored file beside its hash: the time of its last change, when it was last read whole and right, and since when it is not.

ALTER TABLE videos ADD COLUMN mtime_ns INTEGER;
ALTER TABLE videos ADD COLUMN verified_at TIMESTAMP;
ALTER TABLE videos ADD COLUMN damaged_at TIMESTAMP;
CREATE INDEX videos_verified_at ON videos (COALESCE(verified_at, ''));
ALTER TABLE images ADD COLUMN mtime_ns INTEGER;
ALTER TABLE images ADD COLUMN verified_at TIMESTAMP;
ALTER TABLE images ADD COLUMN damaged_at TIMESTAMP;
CREATE INDEX images_verified_at ON images (COALESCE(verified_at, ''));

INSERT INTO oldest_program (migration, version) VALUES (9, '0.2.0');
