//! SET NOT NULL reads the whole table under the strictest lock.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "set-not-null",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "PostgreSQL reads every row while nobody can use the table. It does without where a check that is validated already \
             proves it, and VALIDATE lets others read and write.",
    safer: "ADD CONSTRAINT x CHECK (c IS NOT NULL) NOT VALID; in the next file VALIDATE CONSTRAINT x; in the one after it SET NOT NULL and DROP CONSTRAINT x",
    bad: "ALTER TABLE house ALTER COLUMN name SET NOT NULL;",
    good: "-- sgmp-db: no-transaction\nALTER TABLE house ADD CONSTRAINT house_named CHECK (name IS NOT NULL) NOT VALID;\n\
           ALTER TABLE house VALIDATE CONSTRAINT house_named;\nALTER TABLE house ALTER COLUMN name SET NOT NULL;\n\
           ALTER TABLE house DROP CONSTRAINT house_named;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::AlterColumn)?;
    let name = clause
        .name
        .clone()
        .filter(|_| sequence(clause.rest(), &["set", "not", "null"]))?;
    let proof = (table.to_owned(), name);
    let message = format!(
        "every row of {table} is read for {} while nobody can use the table",
        proof.1
    );
    (!at.known.proven.contains(&proof)).then_some(message)
}
