//! Does a file run in one transaction, and what does a hypertable not let it do?

use super::{LintProblem, MigrationSet, Script};
use crate::sql::{Dialect, Statement};
use std::collections::BTreeSet;

/// Never on MySQL, not where the file says so, nor where it fills a continuous aggregate: that commits by itself,
/// and nobody should have to know it.
pub fn is_atomic(script: &Script) -> bool {
    script.sql.dialect() == Dialect::Postgres
        && !script.directives.no_transaction
        && first_filling(script).is_none()
}

/// The first statement that fills an aggregate.
fn first_filling(script: &Script) -> Option<&Statement> {
    script
        .statements()
        .iter()
        .find(|statement| statement.facts.fills_aggregate)
}

/// Ordinary statements beside one that fills an aggregate lose their transaction too: to be known.
pub(super) fn told(script: &Script) -> Option<LintProblem> {
    if script.directives.no_transaction {
        return None;
    }
    let filling = first_filling(script)?;
    let is_ordinary = |statement: &Statement| statement.facts.outside_transaction.is_none();
    if !script.statements().iter().any(is_ordinary) {
        return None;
    }
    let summary = filling.summary();
    Some(LintProblem {
        rule: "statement-by-statement",
        file: script.file.clone(),
        line: Some(filling.line),
        message: format!(
            "`{summary}` commits by itself, so the file runs statement by statement and not in one transaction"
        ),
        remedy: "write WITH NO DATA, or move it into a file of its own".to_owned(),
    })
}

/// Indexes that are to be built CONCURRENTLY on what the migrations themselves made a hypertable.
pub(super) fn concurrent_indexes(set: &MigrationSet) -> Vec<LintProblem> {
    let mut hypertables = BTreeSet::new();
    let mut problems = Vec::new();
    for migration in &set.migrations {
        let script = &migration.up;
        for statement in script.statements() {
            let facts = &statement.facts;
            hypertables.extend(facts.hypertable.as_ref());
            let index = facts.objects.first().filter(|one| one.kind == "index");
            let table = index.and_then(|index| index.on.as_ref());
            let Some(table) =
                table.filter(|table| facts.concurrently && hypertables.contains(table))
            else {
                continue;
            };
            problems.push(LintProblem {
                rule: "concurrent-index",
                file: script.file.clone(),
                line: Some(statement.line),
                message: format!("{table} is a hypertable, and the server builds no index CONCURRENTLY on one"),
                remedy: format!(
                    "build it chunk by chunk, in a file of its own that begins with -- sgmp-db: no-transaction: \
                     CREATE INDEX … ON {table} (…) WITH (timescaledb.transaction_per_chunk)"
                ),
            });
        }
    }
    problems
}
