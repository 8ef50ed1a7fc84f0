//! REINDEX lets nobody write, and nobody read by the index.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "reindex-locks",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Nobody can write to the table, and no query can use the index, until it is built again.",
    safer: "in a file of its own that begins with -- sgmp-db: no-transaction: REINDEX INDEX CONCURRENTLY i",
    bad: "REINDEX INDEX house_by_name;",
    good: "-- sgmp-db: no-transaction\nREINDEX INDEX CONCURRENTLY house_by_name;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let locks = at.read.begins(&["reindex"]) && !at.read.has(&["concurrently"]);
    locks.then(|| "nobody can write until the index is built again".to_owned())
}
