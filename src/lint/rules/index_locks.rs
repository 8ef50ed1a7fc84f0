//! An ordinary CREATE INDEX lets nobody write.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "index-locks",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Nobody can write to the table until the index is built. CONCURRENTLY lets them, at the price of two passes; it cannot \
             run in a transaction.",
    safer: "in a file of its own that begins with -- sgmp-db: no-transaction: CREATE INDEX CONCURRENTLY i ON t (c)",
    bad: "CREATE INDEX house_by_name ON house (name);",
    good: "-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY house_by_name ON house (name);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| at.read.what == What::CreateIndex)?;
    let locks = !at.read.statement.facts.concurrently && !at.is_hypertable();
    locks.then(|| format!("nobody can write to {table} until the index is built"))
}
