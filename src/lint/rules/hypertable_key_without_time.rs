//! A unique key of a hypertable that lacks its time.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "hypertable-key-without-time",
    subject: Subject::Design,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Error,
    reason: "Each chunk has an index of its own, so that a key can be unique in a hypertable only if the time column is part of it. \
             TimescaleDB refuses any other.",
    safer: "PRIMARY KEY (house_id, timestamp)",
    bad: "CREATE TABLE reading (id bigint PRIMARY KEY, taken timestamptz NOT NULL);\nSELECT create_hypertable('reading', 'taken');",
    good: "CREATE TABLE reading (id bigint, taken timestamptz NOT NULL, PRIMARY KEY (id, taken));\nSELECT create_hypertable('reading', 'taken');",
    find: Find::File(find),
};

fn find(file: &File<'_>, known: &Known) -> Vec<(usize, String)> {
    let mut told = Vec::new();
    for (index, read) in file.statements.iter().enumerate() {
        let Some((table, Some(Some(time)))) = read
            .table
            .as_ref()
            .map(|table| (table, known.hypertables.get(table)))
        else {
            continue;
        };
        let is_unique = |one: &&Clause<'_>| {
            (one.is_column() || one.is_key())
                && (one.has(&["unique"]) || one.has(&["primary", "key"]))
                && !one.has(&["using", "index"])
        };
        let keys = read
            .clauses
            .iter()
            .filter(is_unique)
            .map(Clause::key_columns);
        let unique = read.what == What::CreateIndex
            && read.tokens.get(1).is_some_and(|word| word.is("unique"));
        let index_key = unique.then(|| read.index_columns());
        if let Some(key) = keys.chain(index_key).find(|key| !key.contains(time)) {
            told.push((
                index,
                format!(
                    "the key ({}) of {table}, a hypertable, lacks {time}",
                    key.join(", ")
                ),
            ));
        }
    }
    told
}
