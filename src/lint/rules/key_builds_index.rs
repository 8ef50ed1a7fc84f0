//! A unique or primary key builds its index under the strictest lock.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "key-builds-index",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "The index of the key is built while nobody can use the table. One that was built CONCURRENTLY before can be taken.",
    safer: "CREATE UNIQUE INDEX CONCURRENTLY i ON t (c); in the next file ALTER TABLE t ADD CONSTRAINT x UNIQUE USING INDEX i",
    bad: "ALTER TABLE house ADD CONSTRAINT house_name UNIQUE (name);",
    good: "ALTER TABLE house ADD CONSTRAINT house_name UNIQUE USING INDEX house_name;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| matches!(clause.act, Act::AddKey | Act::AddColumn))?;
    let is_key =
        clause.has(&["unique"]) || clause.has(&["primary", "key"]) || clause.has(&["exclude"]);
    let builds = is_key && !clause.has(&["using", "index"]) && !at.is_hypertable();
    builds.then(|| format!("nobody can use {table} until the key's index is built"))
}
