//! A time without its zone.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "timestamp-without-zone",
    subject: Subject::Design,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "It is a different moment for each client's time zone, an hour of each autumn is there twice, and TimescaleDB's buckets and \
             retention take it for UTC.",
    safer: "timestamptz",
    bad: "CREATE TABLE reading (id bigint PRIMARY KEY, taken timestamp NOT NULL);",
    good: "CREATE TABLE reading (id bigint PRIMARY KEY, taken timestamptz NOT NULL);",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, _: &At<'_, '_>) -> Option<String> {
    let name = clause.name.as_deref().filter(|_| clause.is_column())?;
    let kind = clause.kind();
    let bare = clause.base() == "timestamp" && !kind.contains("with time zone");
    bare.then(|| format!("{name} is a time without its zone"))
}
