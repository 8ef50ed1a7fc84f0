//! UPDATE without WHERE.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "update-all",
    subject: Subject::Loss,
    dialect: None,
    severity: Severity::Warning,
    reason: "Every row gets the value, also those that had one, and all of them stay locked until the statement ends.",
    safer: "UPDATE t SET c = 1 WHERE c IS NULL, in batches where the table is large",
    bad: "UPDATE house SET floors = 1;",
    good: "UPDATE house SET floors = 1 WHERE floors IS NULL;",
    find: Find::Rows(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let updates = at.read.statement.facts.verb == Verb::Update;
    let table = at
        .read
        .table
        .as_deref()
        .filter(|table| updates && !at.made.contains(*table))?;
    let mut depth = 0_i32;
    let bounded = at.read.tokens.iter().any(|token| {
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        depth == 0 && token.is_any(&["where", "limit", "join"])
    });
    (!bounded).then(|| format!("every row of {table} is changed, also those that have a value"))
}
