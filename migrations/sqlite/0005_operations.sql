-- What a job works on is its operation's own: the version of the operation that wrote it tells the form.

ALTER TABLE jobs ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
