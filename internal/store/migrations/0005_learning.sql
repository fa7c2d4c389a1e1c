-- What a kitchen has taught. seq orders weighings and examples together; what one photo taught has one seq.
CREATE TABLE weighings (
    seq              INTEGER PRIMARY KEY,
    food             TEXT    NOT NULL,
    top_view         INTEGER NOT NULL CHECK (top_view IN (0, 1)),
    estimated_g      REAL    NOT NULL CHECK (estimated_g > 0),  -- without any factor
    estimated_log_sd REAL    NOT NULL CHECK (estimated_log_sd >= 0),
    true_g           REAL    NOT NULL CHECK (true_g > 0),
    true_sd_g        REAL    NOT NULL CHECK (true_sd_g >= 0),
    probability      REAL    NOT NULL CHECK (probability BETWEEN 0 AND 1),
    task_id          TEXT    UNIQUE,                            -- NULL when no task did
    source           TEXT    NOT NULL CHECK (source IN ('plate', 'technician')),
    at_ms            INTEGER NOT NULL
) STRICT;

CREATE INDEX weighings_food ON weighings (food, top_view, seq);

CREATE TABLE taught_foods (
    key         TEXT PRIMARY KEY,
    name_ko     TEXT    NOT NULL,
    name_en     TEXT    NOT NULL,
    shape       TEXT    NOT NULL,
    added_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE food_examples (
    seq        INTEGER PRIMARY KEY,
    food       TEXT NOT NULL REFERENCES taught_foods (key) ON DELETE CASCADE,
    embedding  BLOB NOT NULL CHECK (length(embedding) > 0 AND length(embedding) % 4 = 0), -- float32, little endian
    top_view   REAL NOT NULL CHECK (top_view BETWEEN 0 AND 1),
    volume_cm3 REAL NOT NULL CHECK (volume_cm3 >= 0),           -- 0 without a metric scale
    grams      REAL CHECK (grams > 0),                          -- NULL when it was not weighed
    recogniser TEXT NOT NULL,                                   -- the network that made the embedding
    at_ms      INTEGER NOT NULL
) STRICT;

CREATE INDEX food_examples_food ON food_examples (food, seq);

CREATE TABLE menu (
    day  TEXT    NOT NULL,                                      -- local date, 2006-01-02
    rank INTEGER NOT NULL,
    food TEXT    NOT NULL,
    PRIMARY KEY (day, rank)
) STRICT, WITHOUT ROWID;
