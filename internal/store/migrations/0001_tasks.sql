-- Times are milliseconds since 1970 UTC. Order is seq, never time: an appliance's clock steps.
CREATE TABLE tasks (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT    NOT NULL UNIQUE,
    filename         TEXT    NOT NULL,
    image            TEXT    NOT NULL,              -- path below images/, '' once removed
    image_bytes      INTEGER NOT NULL,
    coin_diameter_mm REAL    NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    progress         REAL    NOT NULL,
    message          TEXT    NOT NULL,
    attempts         INTEGER NOT NULL,
    result           BLOB,                          -- JSON, completed tasks only
    error_code       TEXT    NOT NULL,
    error            TEXT    NOT NULL,
    created_at_ms    INTEGER NOT NULL,
    updated_at_ms    INTEGER NOT NULL
) STRICT;

CREATE INDEX tasks_open ON tasks (seq) WHERE status IN ('pending', 'processing');
CREATE INDEX tasks_with_image ON tasks (seq, image_bytes) WHERE image <> '';
CREATE INDEX tasks_age ON tasks (seq, created_at_ms);
