-- Browsers that signed in. Of a session there is only a hash, made with the access token's: a copy of the database opens nothing, and another
-- token ends them all.

CREATE TABLE sessions (
    id_hash TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);

INSERT INTO oldest_program (migration, version) VALUES (10, '0.2.0');
