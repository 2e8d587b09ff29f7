-- A videos store and its database know each other: both carry an id, and a counter that each start raises, the database's first.

CREATE TABLE store_mark (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    store_id TEXT NOT NULL,
    counter INTEGER NOT NULL
);

-- Jobs and executions that a database behind its store found unfinished when it was started: another copy of it may have paid for them, so
-- what they have not sent yet waits until `reelgraph check` was run.
CREATE TABLE held (
    id TEXT PRIMARY KEY
);

INSERT INTO oldest_program (migration, version) VALUES (8, '0.2.0');
