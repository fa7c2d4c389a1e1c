-- What the load cell said when the photo was taken; NULL: nothing that counts.
ALTER TABLE tasks ADD COLUMN scale_g REAL;
ALTER TABLE tasks ADD COLUMN scale_sd_g REAL;
-- It was to count, and had no grams at rest.
ALTER TABLE tasks ADD COLUMN scale_missing INTEGER NOT NULL DEFAULT 0 CHECK (scale_missing IN (0, 1));
