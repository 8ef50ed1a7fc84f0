//! VACUUM FULL and CLUSTER write a table anew under the strictest lock.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "table-rewrite",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "The table is written anew while nobody can read it, and needs its size again on disk.",
    safer: "VACUUM t; where space must go back to the system, pg_repack or pg_squeeze outside of migrations",
    bad: "-- sgmp-db: no-transaction\nVACUUM FULL house;",
    good: "-- sgmp-db: no-transaction\nVACUUM (ANALYZE) house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let first_full = read.tokens.get(1).is_some_and(|word| word.is("full"));
    let option = read.tokens.get(1).is_some_and(|open| open.is_symbol("(")) && read.has(&["full"]);
    let vacuum = read.begins(&["vacuum"]) && (first_full || option);
    let options = [
        &["set", "logged"][..],
        &["set", "unlogged"],
        &["set", "tablespace"],
        &["set", "access", "method"],
    ];
    let altered = at.used_table().is_some()
        && read.what == What::AlterTable
        && options.iter().any(|words| sequence(read.rest(), words));
    let rewrites = vacuum || altered || read.begins(&["cluster"]);
    rewrites.then(|| "the table is written anew while nobody can read it".to_owned())
}
