-- Times are milliseconds since 1970 (UTC). Words ("done", "safety") are those of the contract's `word()`.
-- A `key` is the identifier folded for comparison (R5); the identifier as it was given stands beside it.

CREATE TABLE handlers (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    handler TEXT NOT NULL,
    active  INTEGER,
    enabled INTEGER,
    hidden  INTEGER
);

-- One row per item that was ever met: its switches, and what its last runs came to.
CREATE TABLE items (
    id            INTEGER PRIMARY KEY,
    handler       INTEGER NOT NULL REFERENCES handlers (id),
    key           TEXT NOT NULL,
    item          TEXT NOT NULL,
    enabled       INTEGER,
    hidden        INTEGER,
    paused_until  INTEGER,
    first_seen    INTEGER NOT NULL,
    last_run      INTEGER,
    -- The outcome of the last run that says something about the item: not one that was stopped or could not begin.
    verdict       TEXT,
    last_good_run INTEGER,
    last_good_end INTEGER,
    UNIQUE (handler, key)
);

-- AUTOINCREMENT: a run id also names directories in the sides' trash, so it must never be used twice.
CREATE TABLE runs (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    handler   INTEGER NOT NULL REFERENCES handlers (id),
    owner     TEXT NOT NULL,
    started   INTEGER NOT NULL,
    ended     INTEGER,
    manual    INTEGER NOT NULL DEFAULT 0,
    status    INTEGER,
    outcome   TEXT,
    errors    INTEGER NOT NULL DEFAULT 0,
    conflicts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_of_handler ON runs (handler, id);
CREATE INDEX runs_open ON runs (owner) WHERE ended IS NULL;

CREATE TABLE run_items (
    run           INTEGER NOT NULL,
    item          INTEGER NOT NULL REFERENCES items (id),
    status        INTEGER,
    outcome       TEXT,
    errors        INTEGER NOT NULL DEFAULT 0,
    a_created     INTEGER NOT NULL DEFAULT 0,
    a_updated     INTEGER NOT NULL DEFAULT 0,
    a_deleted     INTEGER NOT NULL DEFAULT 0,
    a_moved       INTEGER NOT NULL DEFAULT 0,
    b_created     INTEGER NOT NULL DEFAULT 0,
    b_updated     INTEGER NOT NULL DEFAULT 0,
    b_deleted     INTEGER NOT NULL DEFAULT 0,
    b_moved       INTEGER NOT NULL DEFAULT 0,
    conflicts     INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    bytes         INTEGER NOT NULL DEFAULT 0,
    problem_class TEXT,
    problem_text  TEXT,
    problem_fix   TEXT,
    PRIMARY KEY (run, item)
) WITHOUT ROWID;
CREATE INDEX run_items_of_item ON run_items (item, run);

-- The id is the run's id in the high bits and the number within the run in the low ones: given out without asking
-- the disk, and the events of one run lie side by side.
CREATE TABLE events (
    id             INTEGER PRIMARY KEY,
    item           INTEGER REFERENCES items (id),
    time           INTEGER NOT NULL,
    level          INTEGER NOT NULL,
    name           TEXT NOT NULL,
    description    TEXT NOT NULL,
    link_text      TEXT,
    link_reference TEXT,
    context        TEXT
);
CREATE INDEX events_of_item ON events (item, id);
CREATE INDEX events_errors ON events (id) WHERE level = 3;

CREATE TABLE conflicts (
    item     INTEGER NOT NULL REFERENCES items (id),
    identity BLOB NOT NULL,
    kind     TEXT NOT NULL,
    path     BLOB NOT NULL,
    detected INTEGER NOT NULL,
    PRIMARY KEY (item, identity)
) WITHOUT ROWID;

CREATE TABLE conflict_versions (
    item      INTEGER NOT NULL,
    identity  BLOB NOT NULL,
    position  INTEGER NOT NULL,
    location  TEXT NOT NULL,
    item_type INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    size      INTEGER NOT NULL,
    modified  INTEGER NOT NULL,
    stamp     BLOB NOT NULL,
    PRIMARY KEY (item, identity, position)
) WITHOUT ROWID;
