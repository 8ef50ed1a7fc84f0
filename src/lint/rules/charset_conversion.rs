//! Another character set writes every row anew.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "charset-conversion",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL copies the table while nobody can write to it. It also makes TEXT columns larger types, and an index of a long \
             column may become too long.",
    safer: "ALTER TABLE t DEFAULT CHARACTER SET utf8mb4 for new columns; then column by column, at a quiet time, with a tool that copies in the background (gh-ost, pt-online-schema-change)",
    bad: "ALTER TABLE house CONVERT TO CHARACTER SET utf8mb4;",
    good: "ALTER TABLE house DEFAULT CHARACTER SET utf8mb4;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| at.read.what == What::AlterTable)?;
    let converts =
        at.read.has(&["convert", "to", "character"]) || at.read.has(&["convert", "to", "charset"]);
    converts.then(|| format!("every text of {table} is written anew while nobody can write to it"))
}
