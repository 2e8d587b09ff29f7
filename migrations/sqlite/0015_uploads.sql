-- Uploads that go on where they broke off: how far each is, who is at it, and what became of it. Their bytes lie in the videos folder, in .uploads.

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    -- As the protocol keeps it, JSON.
    state TEXT NOT NULL,
    -- What became of it, JSON; NULL until it has arrived whole and was looked at.
    outcome TEXT,
    -- It is forgotten then: seven days after its last byte, or a day after its outcome.
    expires_at TEXT NOT NULL,
    -- Who is at it, and until when that counts.
    locked_by TEXT,
    locked_until TEXT
);

CREATE INDEX uploads_by_expiry ON uploads (expires_at);

INSERT INTO oldest_program (migration, version) VALUES (15, '0.2.0');
