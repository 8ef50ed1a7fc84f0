//! What do the words of a statement say to TimescaleDB?
//!
//! Source: TimescaleDB documentation, `create_hypertable()`, `CREATE TABLE … WITH (tsdb.hypertable)`,
//! `CREATE MATERIALIZED VIEW` (continuous aggregates), `refresh_continuous_aggregate()`.

use super::{
    classify::{ObjectRef, Verb},
    words::Token,
};

/// Does a statement that cannot run in a transaction fill a continuous aggregate?
pub fn fills_aggregate(verb: Verb, tokens: &[Token<'_>]) -> bool {
    match verb {
        Verb::Create => tokens.get(1).is_some_and(|word| word.is("materialized")),
        Verb::Call => tokens
            .iter()
            .any(|word| word.is("refresh_continuous_aggregate")),
        _ => false,
    }
}

/// The table that a statement makes a hypertable: `create_hypertable('t', …)` or `CREATE TABLE t (…)
/// WITH (tsdb.hypertable, …)`.
pub fn made_hypertable(verb: Verb, objects: &[ObjectRef], tokens: &[Token<'_>]) -> Option<String> {
    if let Some(at) = tokens.iter().position(|word| word.is("create_hypertable")) {
        let name = tokens
            .get(at + 1..)?
            .iter()
            .find(|word| word.text.starts_with('\''))?;
        let name = name.text.trim_matches('\'');
        let name = name.rsplit('.').next().unwrap_or(name);
        return Some(name.trim_matches('"').to_owned());
    }
    let is_option = |at: usize| {
        tokens.get(at + 1).is_some_and(|dot| dot.is_symbol("."))
            && tokens.get(at + 2).is_some_and(|word| word.is("hypertable"))
    };
    let has_option =
        (0..tokens.len()).any(|at| tokens[at].is_any(&["tsdb", "timescaledb"]) && is_option(at));
    let table = objects.first().filter(|object| object.kind == "table")?;
    (verb == Verb::Create && has_option).then(|| table.name.clone())
}
