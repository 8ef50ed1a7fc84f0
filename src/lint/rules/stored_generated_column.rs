//! A stored generated column is worked out for every row that is there.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "stored-generated-column",
    subject: Subject::Locks,
    dialect: None,
    severity: Severity::Warning,
    reason: "Both servers work the column out for every row that is there: the table is written anew, on PostgreSQL while nobody \
             can read it, on MySQL while nobody can write to it.",
    safer: "ALTER TABLE t ADD COLUMN c INT GENERATED ALWAYS AS (a * b) VIRTUAL (MySQL, PostgreSQL 18); else an ordinary column that is filled in batches",
    bad: "ALTER TABLE house ADD COLUMN area INT GENERATED ALWAYS AS (width * depth) STORED;",
    good: "ALTER TABLE house ADD COLUMN area INT GENERATED ALWAYS AS (width * depth) VIRTUAL;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table()?;
    let made = matches!(clause.act, Act::AddColumn | Act::Redefine)
        && clause.has(&["as"])
        && clause.has(&["stored"]);
    let name = clause.name.as_deref().filter(|_| made)?;
    Some(format!(
        "{name} is stored, so every row of {table} is written anew"
    ))
}
