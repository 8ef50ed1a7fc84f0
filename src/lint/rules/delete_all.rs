//! DELETE without WHERE.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "delete-all",
    subject: Subject::Loss,
    dialect: None,
    severity: Severity::Warning,
    reason: "All rows are gone. Where that is meant, a condition that is true of all of them says so.",
    safer: "DELETE FROM t WHERE …",
    bad: "DELETE FROM house;",
    good: "DELETE FROM house WHERE built < '1900-01-01';",
    find: Find::Rows(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let deletes = at.read.statement.facts.verb == Verb::Delete;
    let table = at
        .read
        .table
        .as_deref()
        .filter(|table| deletes && !at.made.contains(*table))?;
    let bounded = at.read.has(&["where"])
        || at.read.has(&["limit"])
        || at.read.has(&["using"])
        || at.read.has(&["join"]);
    (!bounded).then(|| format!("all rows of {table} are gone for good"))
}
