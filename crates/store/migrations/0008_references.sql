-- What a program outside calls a run, by which it finds it again when the center was started anew.
ALTER TABLE runs ADD COLUMN reference TEXT;
