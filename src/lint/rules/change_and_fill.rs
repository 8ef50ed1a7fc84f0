//! A table is changed and filled in one transaction.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "change-and-fill",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "The lock of ALTER TABLE lasts until the transaction ends, so nobody can use the table while its rows are changed.",
    safer: "ALTER TABLE in one file, UPDATE in the next",
    bad: "ALTER TABLE house ADD COLUMN floors int;\nUPDATE house SET floors = 1 WHERE floors IS NULL;",
    good: "UPDATE house SET floors = 1 WHERE floors IS NULL;",
    find: Find::Rows(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| at.file.atomic)?;
    let fills = matches!(at.read.statement.facts.verb, Verb::Update | Verb::Delete);
    let changed =
        |read: &Read<'_>| read.what == What::AlterTable && read.table.as_deref() == Some(table);
    let both = fills && at.file.statements[..at.index].iter().any(changed);
    both.then(|| format!("rows of {table} are changed under the lock of the ALTER TABLE above"))
}
