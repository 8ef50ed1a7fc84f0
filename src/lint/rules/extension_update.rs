//! ALTER EXTENSION … UPDATE in a migration.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "extension-update",
    subject: Subject::Elsewhere,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Error,
    reason: "TimescaleDB wants its update to be the first statement of a session, in which `upgrade` has spoken already; and which version \
             there is depends on the server's packages, not on the schema.",
    safer: "when the server's packages are updated: psql -X -c 'ALTER EXTENSION timescaledb UPDATE'",
    bad: "ALTER EXTENSION timescaledb UPDATE;",
    good: "CREATE EXTENSION IF NOT EXISTS timescaledb;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let updates = at.read.begins(&["alter", "extension"])
        && at.read.tokens.get(3).is_some_and(|word| word.is("update"));
    updates.then(|| "the extension's version is the server's business".to_owned())
}
