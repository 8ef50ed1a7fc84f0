//! DROP TABLE.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "drop-table",
    subject: Subject::Loss,
    dialect: None,
    severity: Severity::Warning,
    reason: "The rows are gone; the way back makes an empty table. The application that still runs fails at once.",
    safer: "first a release that no longer uses the table; then RENAME it for a while; then drop it, with an allow that says why it may go",
    bad: "DROP TABLE house;",
    good: "-- sgmp-db: allow=drop-table because \"unused since release 4, exported on 3 May\"\nDROP TABLE house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let gone = at.read.dropped("table");
    let name = gone
        .iter()
        .find(|name| !at.made.contains(**name))
        .filter(|_| !at.is_temporary())?;
    Some(format!("the rows of {name} are gone for good"))
}
