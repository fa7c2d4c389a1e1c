-- Photos of the fixed camera are measured by its calibration.
ALTER TABLE tasks ADD COLUMN fixed_camera INTEGER NOT NULL DEFAULT 0 CHECK (fixed_camera IN (0, 1));
