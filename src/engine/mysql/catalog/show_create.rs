//! What does information_schema mangle or not tell? Asked of SHOW CREATE, for those objects only.
//!
//! Not told: a view's algorithm, a full-text index's parser, the algorithm of KEY partitions.
//! Mangled: characters beyond the Basic Multilingual Plane, which read `?`, bytes behind a zero, and
//! in bodies names with a doubled quote, and every text: `'it''s'` reads `'it's'`.

use super::{
    KINDS, answer, events,
    kind::{Ask, Asks},
    look::{Answers, in_snapshot},
    routines,
    shown::Shown,
    triggers,
};
use crate::engine::mysql::{Mysql, session};
use anyhow::{Context, Result};
use mysql_async::{Row, Value};
use std::collections::BTreeSet;

impl Ask {
    /// For the object that each row names in `name`, where its `told` says so.
    pub fn about(
        kind: &'static str,
        rows: &[Row],
        [name, told]: [&str; 2],
        says: impl Fn(&str) -> bool,
    ) -> Vec<Ask> {
        rows.iter()
            .filter(|row| answer::text(row, told).is_some_and(|text| says(&text)))
            .filter_map(|row| answer::text(row, name))
            .map(|name| Ask { kind, name })
            .collect()
    }

    fn sql(&self) -> String {
        let kind = self.kind.to_ascii_uppercase();
        format!("SHOW CREATE {kind} {}", session::identifier(&self.name))
    }

    /// Where the statement is in the answer.
    fn column(&self) -> usize {
        match self.kind {
            events::KIND => 3,
            triggers::KIND | routines::PROCEDURE | routines::FUNCTION => 2,
            _ => 1,
        }
    }
}

/// Does a body have something that information_schema mangles?
pub fn is_mangled(body: &str) -> bool {
    body.contains(['?', '`', '\'', '"'])
}

/// What has to be asked for, given the first answers: for each kind its own questions.
pub fn wanted(answers: &Answers) -> Vec<BTreeSet<Ask>> {
    let of = |asks: &Option<Asks>, rows: &Vec<Vec<Row>>| {
        let asks = asks.as_ref().map(|asks| (asks.of)(rows, &answers.facts));
        asks.into_iter().flatten().collect()
    };
    let kinds = KINDS.iter().zip(&answers.rows);
    kinds.map(|(kind, rows)| of(&kind.asks, rows)).collect()
}

/// Asks, and asks again for the rows that the questions rested on; nothing where those have moved.
pub async fn read(
    mysql: &mut Mysql,
    wanted: &[BTreeSet<Ask>],
    answers: &Answers,
) -> Result<Option<Shown>> {
    let asks: BTreeSet<&Ask> = wanted.iter().flatten().collect();
    let statements: Vec<String> = asks.iter().map(|ask| ask.sql()).collect();
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let witness = Witness::of(wanted, answers);
    let queries: Vec<&str> = witness.queries.iter().map(String::as_str).collect();
    let Some(mut sets) = in_snapshot(mysql, &statements, &queries).await? else {
        return Ok(None);
    };
    let again = sets.split_off(statements.len());
    if again.into_iter().map(values).ne(witness.rows) {
        return Ok(None);
    }
    let mut shown = Shown::default();
    for (ask, rows) in asks.into_iter().zip(sets) {
        let row = rows
            .into_iter()
            .next()
            .context("SHOW CREATE told nothing")?;
        // NULL for a body that this login may not see.
        if let Some(Ok(Some(statement))) = row.get_opt::<Option<String>, _>(ask.column()) {
            shown.insert(ask.kind, ask.name.clone(), statement);
        }
    }
    Ok(Some(shown))
}

/// Queries whose answers must still be the same, and those answers.
#[derive(Default)]
struct Witness {
    queries: Vec<String>,
    rows: Vec<Vec<Vec<Value>>>,
}

impl Witness {
    /// The rows that name an object of which SHOW CREATE is asked, by the kind's first query.
    fn of(wanted: &[BTreeSet<Ask>], answers: &Answers) -> Witness {
        let mut witness = Witness::default();
        for ((kind, rows), own) in KINDS.iter().zip(&answers.rows).zip(wanted) {
            let (Some(asks), [query, ..], [rows, ..], false) =
                (&kind.asks, kind.queries, rows.as_slice(), own.is_empty())
            else {
                continue;
            };
            let names: BTreeSet<&str> = own.iter().map(|ask| ask.name.as_str()).collect();
            let list: Vec<String> = names.iter().map(|name| session::text(name)).collect();
            let filter = format!(" AND {} IN ({}) ORDER BY ", asks.named, list.join(", "));
            witness.queries.push(query.replace(" ORDER BY ", &filter));
            let named = |row: &&Row| {
                let name = answer::text(row, asks.named);
                name.is_some_and(|name| names.contains(name.as_str()))
            };
            let rows = rows.iter().filter(named).cloned().collect();
            witness.rows.push(values(rows));
        }
        witness
    }
}

fn values(rows: Vec<Row>) -> Vec<Vec<Value>> {
    rows.into_iter().map(Row::unwrap).collect()
}
