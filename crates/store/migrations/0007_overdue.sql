-- After so many milliseconds without a good run an item is overdue, where its reporter says so and not the settings.
ALTER TABLE items ADD COLUMN overdue INTEGER;
