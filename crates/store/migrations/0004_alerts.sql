-- What persons were told, or are about to be told: one row for each cause. Handlers and items by name: an alert
-- outlives what it is about.
CREATE TABLE alerts (
    id      INTEGER PRIMARY KEY,
    cause   TEXT NOT NULL UNIQUE,
    rule    TEXT NOT NULL,
    handler TEXT,
    item    TEXT,
    name    TEXT NOT NULL,
    state   TEXT,
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,
    fix     TEXT,
    -- Times in milliseconds since 1970: since when it is so, when it was raised, told last, and cleared.
    since   INTEGER,
    raised  INTEGER,
    told    INTEGER,
    cleared INTEGER,
    -- How often the same happened again without being told.
    more    INTEGER NOT NULL DEFAULT 0
);
