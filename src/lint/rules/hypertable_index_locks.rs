//! An index of a hypertable is built on all its chunks under one lock.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "hypertable-index-locks",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Nobody can write to the hypertable until the index is built on every chunk, which may be years of data. CONCURRENTLY \
             is refused there; a transaction per chunk is TimescaleDB's way.",
    safer: "in a file of its own that begins with -- sgmp-db: no-transaction: CREATE INDEX i ON t (c) WITH (timescaledb.transaction_per_chunk)",
    bad: "SELECT create_hypertable('house_data', 'timestamp');\n\
          CREATE INDEX house_data_by_field ON house_data (field, timestamp);",
    good: "-- sgmp-db: no-transaction\nSELECT create_hypertable('house_data', 'timestamp');\n\
           CREATE INDEX house_data_by_field ON house_data (field, timestamp) WITH (timescaledb.transaction_per_chunk);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| at.read.what == What::CreateIndex && at.is_hypertable())?;
    let by_chunk = at.read.has(&["transaction_per_chunk"]) || at.read.statement.facts.concurrently;
    (!by_chunk).then(|| {
        format!("nobody can write to {table}, a hypertable, until all its chunks have the index")
    })
}
