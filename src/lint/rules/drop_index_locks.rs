//! DROP INDEX waits for the table, and everybody behind it.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "drop-index-locks",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "DROP INDEX takes the strictest lock of the index's table: it waits for every query that runs, and every later query \
             waits behind it.",
    safer: "in a file of its own that begins with -- sgmp-db: no-transaction: DROP INDEX CONCURRENTLY i",
    bad: "DROP INDEX house_by_name;",
    good: "-- sgmp-db: no-transaction\nDROP INDEX CONCURRENTLY house_by_name;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let names = at.read.dropped("index");
    let name = names
        .first()
        .filter(|_| !at.read.statement.facts.concurrently)?;
    Some(format!(
        "dropping {name} waits for every query of its table, and later ones wait behind it"
    ))
}
