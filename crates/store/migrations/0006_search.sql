-- What events say, by every three characters in a row, so that any part of a text is found. It holds only where they
-- are: the text itself is with the event, and is looked at before an event counts as found.
--
-- New events are put in by the writer, once for each group that it commits: the index would write itself out at every
-- savepoint.
CREATE VIRTUAL TABLE events_text USING fts5 (
    name, description,
    content = 'events', content_rowid = 'id', tokenize = 'trigram', detail = none, columnsize = 0
);
CREATE TRIGGER events_removed AFTER DELETE ON events BEGIN
    INSERT INTO events_text (events_text, rowid, name, description)
    VALUES ('delete', old.id, old.name, old.description);
END;
INSERT INTO events_text (events_text) VALUES ('rebuild');
