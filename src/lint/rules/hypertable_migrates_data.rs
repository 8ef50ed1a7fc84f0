//! A table with data becomes a hypertable.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "hypertable-migrates-data",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Every row is copied into chunks in one transaction while nobody can use the table, and it needs the table's size again on disk.",
    safer: "an empty hypertable beside it, filled in batches, and a rename in the end",
    bad: "SELECT create_hypertable('reading', 'taken', migrate_data => true);",
    good: "CREATE TABLE reading (taken timestamptz NOT NULL, value float8);\nSELECT create_hypertable('reading', 'taken');",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let arguments = at.read.call("create_hypertable")?;
    let moves = (0..arguments.len()).any(|at| {
        let rest = &arguments[at..];
        let value = rest
            .iter()
            .skip(1)
            .find(|token| !(token.is_symbol("=") || token.is_symbol(">") || token.is_symbol(":")));
        rest[0].is("migrate_data") && value.is_some_and(|value| value.is_any(&["true", "on"]))
    });
    moves.then(|| "every row is copied into chunks while nobody can use the table".to_owned())
}
