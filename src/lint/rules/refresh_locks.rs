//! REFRESH MATERIALIZED VIEW lets nobody read the view.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "refresh-locks",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Nobody can read the view until it is filled. CONCURRENTLY lets them, and needs a unique index on it.",
    safer: "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
    bad: "REFRESH MATERIALIZED VIEW house_totals;",
    good: "REFRESH MATERIALIZED VIEW CONCURRENTLY house_totals;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let refreshes = at.read.begins(&["refresh", "materialized"])
        && !at.read.has(&["concurrently"])
        && !at.read.has(&["with", "no", "data"]);
    refreshes.then(|| "nobody can read the view until it is filled".to_owned())
}
