//! json keeps the text.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "json-column",
    subject: Subject::Design,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "json keeps the text and parses it at each use; it has no equality, so that DISTINCT and GROUP BY fail, and no index.",
    safer: "jsonb",
    bad: "CREATE TABLE house (id bigint PRIMARY KEY, detail json);",
    good: "CREATE TABLE house (id bigint PRIMARY KEY, detail jsonb);",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, _: &At<'_, '_>) -> Option<String> {
    let name = clause
        .name
        .as_deref()
        .filter(|_| clause.is_column() && clause.kind() == "json")?;
    Some(format!("{name} is parsed anew at each use"))
}
