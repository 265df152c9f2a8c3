//! The format of the file: its migrations, and whether they are needed.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

/// Released migrations are never edited; a change of the format is a new file.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("../migrations/0001_start.sql")),
    M::up(include_str!("../migrations/0002_schedules.sql")),
    M::up(include_str!("../migrations/0003_names.sql")),
    M::up(include_str!("../migrations/0004_alerts.sql")),
    M::up(include_str!("../migrations/0005_conflicts.sql")),
    M::up(include_str!("../migrations/0006_search.sql")),
    M::up(include_str!("../migrations/0007_overdue.sql")),
    M::up(include_str!("../migrations/0008_references.sql")),
];

/// The format that this program writes.
pub(crate) const LATEST: i64 = STEPS.len() as i64;

/// The format of an open file: 0 for an empty one.
pub(crate) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings an open file to the latest format. The caller keeps other processes from doing the same.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), rusqlite_migration::Error> {
    Migrations::from_slice(STEPS).to_latest(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_runs_on_an_empty_file() {
        assert_eq!(Migrations::from_slice(STEPS).validate(), Ok(()));
    }
}
