//! DROP COLUMN.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "drop-column",
    subject: Subject::Loss,
    dialect: None,
    severity: Severity::Warning,
    reason: "The values are gone; the way back makes an empty column. The application that still runs and names the column fails at once.",
    safer: "first a release that no longer names the column; then drop it, with an allow that says why it may go",
    bad: "ALTER TABLE house DROP COLUMN floors;",
    good: "-- sgmp-db: allow=drop-column because \"copied into house_detail by V12\"\nALTER TABLE house DROP COLUMN floors;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::DropColumn)?;
    Some(format!(
        "the values of {table}.{} are gone for good",
        clause.name.as_deref().unwrap_or("a column")
    ))
}
