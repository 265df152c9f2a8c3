-- Conflicts are asked for by kind and by age, over all items.
CREATE INDEX conflicts_of_kind ON conflicts (item, kind, detected);
CREATE INDEX conflicts_by_age ON conflicts (detected);

-- Where a version is, if that is not the path of the conflict: another spelling, or a copy under another name.
ALTER TABLE conflict_versions ADD COLUMN path BLOB;
