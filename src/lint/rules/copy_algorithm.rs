//! ALGORITHM=COPY lets nobody write.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "copy-algorithm",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL copies the table row by row while nobody can write to it.",
    safer: "ALTER TABLE t …, ALGORITHM=INSTANT (or INPLACE): MySQL then refuses what it can do by copying only",
    bad: "ALTER TABLE house ADD COLUMN floors INT NULL, ALGORITHM=COPY;",
    good: "ALTER TABLE house ADD COLUMN floors INT NULL, ALGORITHM=INSTANT;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table()?;
    let copies = at
        .read
        .value_of(&["algorithm"])
        .is_some_and(|value| value == "copy");
    let changes = matches!(at.read.what, What::AlterTable | What::CreateIndex);
    (changes && copies)
        .then(|| format!("{table} is copied row by row while nobody can write to it"))
}
