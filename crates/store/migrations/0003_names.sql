-- What a person calls an item, where no handler says so: one that came into being by a report.
ALTER TABLE items ADD COLUMN name TEXT;
