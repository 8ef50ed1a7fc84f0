//! CASCADE drops what nobody named.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "drop-cascade",
    subject: Subject::Loss,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Views, foreign keys, triggers and whole aggregates that depend on it go too, on each server those that happen to be there.",
    safer: "without CASCADE, after a DROP for each thing that depends on it",
    bad: "DROP VIEW house_totals CASCADE;",
    good: "DROP VIEW house_averages;\nDROP VIEW house_totals;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let drops = at.read.statement.facts.verb == Verb::Drop && at.read.has(&["cascade"]);
    let clause = |one: &Clause<'_>| {
        matches!(one.act, Act::DropColumn | Act::DropKey) && one.has(&["cascade"])
    };
    (drops || at.read.clauses.iter().any(clause))
        .then(|| "CASCADE drops whatever depends on it, unnamed".to_owned())
}
