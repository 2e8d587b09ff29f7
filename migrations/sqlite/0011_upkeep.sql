-- What upkeep believes of the clock: the newest time of day that it has seen, and for how long the server must still run, in seconds, before
-- anything is deleted for its age. A clock that stands far past what was seen may be wrong.

CREATE TABLE upkeep (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seen TEXT NOT NULL,
    wait_seconds REAL NOT NULL
);

INSERT INTO oldest_program (migration, version) VALUES (11, '0.2.0');
