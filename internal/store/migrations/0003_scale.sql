-- What a load cell's counts weigh, as technicians found out. A cell is named with what its counts depend on.
-- Order is id, never time: an appliance's clock steps.
CREATE TABLE scale_calibrations (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    cell             TEXT    NOT NULL,
    counts_per_gram  REAL    NOT NULL CHECK (counts_per_gram <> 0),
    zero_counts      REAL    NOT NULL,
    points           TEXT    NOT NULL,              -- JSON
    worst_residual_g REAL    NOT NULL,
    taken_at_ms      INTEGER NOT NULL,
    who              TEXT    NOT NULL
) STRICT;

-- The calibration in force. A cell that is not here goes by the configuration.
CREATE TABLE scale_calibration_in_use (
    cell        TEXT    PRIMARY KEY,
    calibration INTEGER NOT NULL REFERENCES scale_calibrations (id)
) STRICT, WITHOUT ROWID;

-- What food comes in.
CREATE TABLE scale_containers (
    name   TEXT    PRIMARY KEY,
    mass_g REAL    NOT NULL CHECK (mass_g > 0),
    sd_g   REAL    NOT NULL CHECK (sd_g >= 0),
    in_use INTEGER NOT NULL DEFAULT 0 CHECK (in_use IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX scale_container_in_use ON scale_containers (in_use) WHERE in_use = 1;
