//! What a compressed hypertable refuses.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "compressed-hypertable",
    subject: Subject::Running,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Once chunks are compressed, TimescaleDB refuses another type, NOT NULL without a default, defaults that differ from row to row, \
             and new keys and checks; which of them depends on its version. The empty database of CI takes them all.",
    safer: "a new column beside the old one; or decompress_chunk() for every chunk first, in a no-transaction file, at a quiet time",
    bad: "ALTER TABLE house_data SET (timescaledb.compress);\nALTER TABLE house_data ALTER COLUMN house_id TYPE bigint;",
    good: "ALTER TABLE house_data SET (timescaledb.compress);\nALTER TABLE house_data ADD COLUMN quality int;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at
        .read
        .table
        .as_ref()
        .filter(|table| at.known.compressed.contains(*table))?;
    let refused = match clause.act {
        Act::AlterColumn => {
            new_kind(clause).is_some() || sequence(clause.rest(), &["set", "not", "null"])
        }
        Act::AddKey => true,
        Act::AddColumn => {
            let required = clause.has(&["not", "null"]) && clause.default().is_none();
            let computed = clause
                .default()
                .is_some_and(|default| default.iter().any(|token| token.is_symbol("(")));
            required || computed || clause.has(&["unique"]) || clause.has(&["generated"])
        }
        _ => false,
    };
    refused
        .then(|| format!("{table} is compressed, and TimescaleDB may refuse this where chunks are"))
}
