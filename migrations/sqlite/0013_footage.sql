-- What ffprobe told of a clip when it was stored, in a form that says its own number: whoever reads the clip later need not ask again. NULL: it is
-- probed when it is next read.
ALTER TABLE videos ADD COLUMN report JSON;

INSERT INTO oldest_program (migration, version) VALUES (13, '0.2.0');
