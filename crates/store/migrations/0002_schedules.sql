-- What the schedule of an item has come to: nothing here says when it is due, for that is worked out anew from the
-- settings; it says what was due and what became of it.
CREATE TABLE schedules (
    item       INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    -- Which times these are about, as text: other times begin anew.
    times      TEXT NOT NULL,
    -- Due times of the calendar up to then are accounted for.
    handled    INTEGER NOT NULL,
    -- When the schedule last started a run.
    tried      INTEGER,
    -- Good runs of the items before it, up to then, are accounted for.
    followed   INTEGER NOT NULL,
    -- What is due and waits: why (a word), since when, and how many due times it stands for.
    due_cause  TEXT,
    due_since  INTEGER,
    due_count  INTEGER NOT NULL DEFAULT 0,
    -- What that waits for, in words of the center.
    waits      TEXT,
    -- When a run was started whose end is not accounted for.
    begun      INTEGER,
    -- Repetitions of a failed run so far, and when the next one is.
    retries    INTEGER NOT NULL DEFAULT 0,
    retry_at   INTEGER,
    -- Due times that came while a run was still at it, since the last start.
    skipped    INTEGER NOT NULL DEFAULT 0,
    skipped_at INTEGER,
    -- Due times without a run of their own since the last good run.
    missed     INTEGER NOT NULL DEFAULT 0
);

-- One row, when everything is paused.
CREATE TABLE pause (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    until INTEGER NOT NULL
);
