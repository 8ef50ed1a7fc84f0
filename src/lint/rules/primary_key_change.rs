//! Another primary key writes the table anew.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "primary-key-change",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "Rows are stored in the primary key's order, so the table and all its indexes are written anew. Dropped without another \
             one, nobody can write meanwhile, and replication by rows reads the whole table for every row.",
    safer: "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (c), ALGORITHM=INPLACE, LOCK=NONE in one statement, at a quiet time",
    bad: "ALTER TABLE house DROP PRIMARY KEY;",
    good: "ALTER TABLE house ADD UNIQUE INDEX house_number (number);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| at.read.what == What::AlterTable)?;
    let changes = |one: &Clause<'_>| {
        matches!(one.act, Act::DropKey | Act::AddKey) && contains(&one.tokens, &["primary", "key"])
    };
    at.read
        .clauses
        .iter()
        .any(changes)
        .then(|| format!("{table} and all its indexes are written anew"))
}
