//! A check reads every row under the strictest lock.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "check-validates",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "PostgreSQL reads every row while nobody can use the table. With NOT VALID it checks only new rows, and VALIDATE later \
             lets others read and write.",
    safer: "ADD CONSTRAINT x CHECK (…) NOT VALID; in the next file VALIDATE CONSTRAINT x",
    bad: "ALTER TABLE house ADD CONSTRAINT house_number CHECK (number > 0);",
    good: "ALTER TABLE house ADD CONSTRAINT house_number CHECK (number > 0) NOT VALID;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| clause.act == Act::AddKey && !clause.refers())?;
    let reads = clause.has(&["check"]) && !clause.has(&["not", "valid"]);
    reads.then(|| format!("every row of {table} is read while nobody can use the table"))
}
