//! Does a file run in one transaction, and what does a hypertable not let it do?

use super::{LintProblem, MigrationSet, Script};
use crate::sql::{Dialect, Facts, Statement, Verb, classify, split, tokens};
use std::collections::BTreeSet;

/// Never on MySQL, not where the file says so, nor where it fills a continuous aggregate: that commits by itself,
/// and nobody should have to know it.
pub fn is_atomic(dialect: Dialect, script: &Script) -> bool {
    if dialect == Dialect::Mysql || script.directives.no_transaction {
        return false;
    }
    // Files are many and aggregates few, so that most are not read again for them.
    if !mentions(script, "continuous") {
        return true;
    }
    let statements = split(dialect, &script.text).unwrap_or_default();
    first_filling(dialect, &statements).is_none()
}

/// Ordinary statements beside one that fills an aggregate lose their transaction too: to be known.
pub(super) fn told(dialect: Dialect, script: &Script) -> Option<LintProblem> {
    let known = dialect == Dialect::Mysql || script.directives.no_transaction;
    if known || is_atomic(dialect, script) {
        return None;
    }
    let statements = split(dialect, &script.text).ok()?;
    let filling = first_filling(dialect, &statements)?;
    let is_ordinary = |statement: &Statement<'_>| {
        classify(dialect, statement.text)
            .outside_transaction
            .is_none()
    };
    if !statements.iter().any(is_ordinary) {
        return None;
    }
    let summary = classify(dialect, filling.text).summary;
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

/// Does the word stand anywhere in the text?
fn mentions(script: &Script, word: &str) -> bool {
    script.text.to_ascii_lowercase().contains(word)
}

/// The first statement that fills an aggregate.
fn first_filling<'s, 't>(
    dialect: Dialect,
    statements: &'s [Statement<'t>],
) -> Option<&'s Statement<'t>> {
    statements.iter().find(|statement| {
        let facts = classify(dialect, statement.text);
        facts.outside_transaction.is_some() && fills_aggregate(dialect, statement, &facts)
    })
}

fn fills_aggregate(dialect: Dialect, statement: &Statement<'_>, facts: &Facts) -> bool {
    let words = tokens(dialect, statement.text);
    match facts.verb {
        Verb::Create => words.get(1).is_some_and(|word| word.is("materialized")),
        Verb::Call => words
            .iter()
            .any(|word| word.is("refresh_continuous_aggregate")),
        _ => false,
    }
}

/// Indexes that are to be built CONCURRENTLY on what the migrations themselves made a hypertable.
pub(super) fn concurrent_indexes(dialect: Dialect, set: &MigrationSet) -> Vec<LintProblem> {
    let mut hypertables = BTreeSet::new();
    let mut problems = Vec::new();
    let mut scripts = set.migrations.iter().map(|migration| &migration.up);
    if !scripts.any(|script| mentions(script, "concurrently")) {
        return problems;
    }
    for migration in &set.migrations {
        let script = &migration.up;
        for statement in split(dialect, &script.text).unwrap_or_default() {
            hypertables.extend(made_hypertable(dialect, &statement));
            let facts = classify(dialect, statement.text);
            let words = tokens(dialect, statement.text);
            let table = facts.objects.first().and_then(|object| match object.kind {
                "index" => object.on.clone(),
                _ => None,
            });
            let Some(table) = table.filter(|table| {
                words.iter().any(|word| word.is("concurrently")) && hypertables.contains(table)
            }) else {
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

/// The table that a statement makes a hypertable: `create_hypertable('t', …)` or `CREATE TABLE t (…)
/// WITH (tsdb.hypertable, …)`.
fn made_hypertable(dialect: Dialect, statement: &Statement<'_>) -> Option<String> {
    let words = tokens(dialect, statement.text);
    if let Some(at) = words.iter().position(|word| word.is("create_hypertable")) {
        let name = words
            .get(at + 1..)?
            .iter()
            .find(|word| word.text.starts_with('\''))?;
        let name = name.text.trim_matches('\'');
        return Some(
            name.rsplit('.')
                .next()
                .unwrap_or(name)
                .trim_matches('"')
                .to_owned(),
        );
    }
    let facts = classify(dialect, statement.text);
    let is_option = |at: usize| {
        words.get(at + 1).is_some_and(|dot| dot.is_symbol("."))
            && words.get(at + 2).is_some_and(|word| word.is("hypertable"))
    };
    let has_option =
        (0..words.len()).any(|at| words[at].is_any(&["tsdb", "timescaledb"]) && is_option(at));
    let table = facts
        .objects
        .first()
        .filter(|object| object.kind == "table")?;
    (facts.verb == Verb::Create && has_option).then(|| table.name.clone())
}
