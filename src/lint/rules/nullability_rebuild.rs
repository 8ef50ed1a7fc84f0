//! NULL to NOT NULL writes the table anew.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "nullability-rebuild",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL writes the table anew. Others can read and write meanwhile, but it takes the table's size again on disk, and it \
             fails at the end where one row has NULL.",
    safer: "fill the NULLs first; put several such changes into one ALTER TABLE, ALGORITHM=INPLACE, LOCK=NONE",
    bad: "ALTER TABLE house ADD COLUMN floors INT NULL;\nALTER TABLE house MODIFY COLUMN floors INT NOT NULL;",
    good: "ALTER TABLE house ADD COLUMN floors INT NOT NULL DEFAULT 1;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::Redefine)?;
    let name = clause.name.clone()?;
    let old = at.known.column(table, &name)?;
    let is_stricter = !old.not_null && clause.has(&["not", "null"]);
    is_stricter
        .then(|| format!("{table} is written anew, and fails in the end where {name} is NULL"))
}
