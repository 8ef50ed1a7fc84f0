//! A policy in a migration.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "policy-in-migration",
    subject: Subject::Elsewhere,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Error,
    reason: "policies.yaml states policies, and `upgrade` makes the server match it. A migration runs once: what it says is soon not what \
             policies.yaml says, and on an Apache licence it fails.",
    safer: "policies.yaml: hypertables: { house_data: { retention: { drop_after: 1 month } } }",
    bad: "SELECT add_retention_policy('house_data', interval '1 month');",
    good: "SELECT set_chunk_time_interval('house_data', interval '1 day');",
    find: Find::Statement(find),
};

const POLICIES: [&str; 8] = [
    "add_retention_policy",
    "remove_retention_policy",
    "add_compression_policy",
    "remove_compression_policy",
    "add_columnstore_policy",
    "remove_columnstore_policy",
    "add_continuous_aggregate_policy",
    "remove_continuous_aggregate_policy",
];

fn find(at: &At<'_, '_>) -> Option<String> {
    if at.read.is_ddl() {
        return None;
    }
    let function = POLICIES
        .iter()
        .find(|function| at.read.call(function).is_some())?;
    Some(format!("{function}() belongs in policies.yaml"))
}
