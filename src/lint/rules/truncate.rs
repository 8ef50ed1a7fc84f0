//! TRUNCATE.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "truncate",
    subject: Subject::Loss,
    dialect: None,
    severity: Severity::Warning,
    reason: "All rows are gone, on MySQL at once and without a way back; on PostgreSQL nobody can read the table meanwhile.",
    safer: "DELETE FROM t WHERE … in batches, with a condition that says which rows are meant",
    bad: "TRUNCATE TABLE house;",
    good: "DELETE FROM house WHERE built < '1900-01-01';",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let truncates = at.read.statement.facts.verb == Verb::Truncate;
    let table = at
        .read
        .table
        .as_deref()
        .filter(|table| truncates && !at.made.contains(*table))?;
    Some(format!("all rows of {table} are gone for good"))
}
