//! What does information_schema mangle or not tell? Asked of SHOW CREATE, for those objects only.
//!
//! Not told: a view's algorithm, a full-text index's parser, the algorithm of KEY partitions.
//! Mangled: characters beyond the Basic Multilingual Plane, which read `?`, bytes behind a zero, and
//! in bodies names with a doubled quote.

use super::{
    columns, databases, events,
    grants::Sight,
    indexes,
    look::{Answers, in_snapshot},
    partitions, routines,
    shown::Shown,
    tables, triggers, views,
};
use crate::engine::mysql::{Mysql, session};
use anyhow::{Context, Result};
use mysql_async::{Row, Value};
use std::collections::BTreeSet;

/// One object to ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    kind: &'static str,
    name: String,
}

impl Ask {
    fn sql(&self) -> String {
        let kind = self.kind.to_ascii_uppercase();
        format!("SHOW CREATE {kind} {}", session::identifier(&self.name))
    }

    /// Where the statement stands in the answer.
    fn column(&self) -> usize {
        match self.kind {
            events::KIND => 3,
            triggers::KIND | routines::PROCEDURE | routines::FUNCTION => 2,
            _ => 1,
        }
    }
}

/// What has to be asked for, given the first answers.
pub fn wanted(answers: &Answers) -> Result<BTreeSet<Ask>> {
    let database = databases::read(answers.database.clone())?;
    let sight = Sight::new(&answers.printed_grants, &database)?;
    let mut asks = BTreeSet::new();
    // Without these two the server refuses, and the views are told as unseen.
    if sight.holds("SELECT") && sight.holds("SHOW VIEW") {
        named(&answers.views, [0, 0], views::KIND, |_| true, &mut asks)?;
    }
    let records = |name: &str| tables::RECORDS.contains(&name.to_lowercase().as_str());
    let kind = |wanted: &'static str| move |text: &str| text == wanted;
    named(
        &answers.indexes,
        [0, 3],
        tables::KIND,
        kind("FULLTEXT"),
        &mut asks,
    )?;
    named(
        &answers.partitions,
        [0, 3],
        tables::KIND,
        |text| text.ends_with("KEY"),
        &mut asks,
    )?;
    named(
        &answers.columns,
        [0, 4],
        tables::KIND,
        |text| text.contains('?') || text.starts_with("0x"),
        &mut asks,
    )?;
    asks.retain(|ask| !records(&ask.name));
    let mangled = |text: &str| text.contains('?') || text.contains('`');
    named(
        &answers.triggers,
        [1, 4],
        triggers::KIND,
        mangled,
        &mut asks,
    )?;
    named(&answers.events, [0, 7], events::KIND, mangled, &mut asks)?;
    for kind in [routines::PROCEDURE, routines::FUNCTION] {
        let rows: Vec<Row> = answers
            .routines
            .iter()
            .filter(|row| text(row, 0).is_some_and(|found| found.eq_ignore_ascii_case(kind)))
            .cloned()
            .collect();
        named(&rows, [1, 2], kind, mangled, &mut asks)?;
    }
    // A view has columns too.
    let views: BTreeSet<String> = answers
        .views
        .iter()
        .filter_map(|row| text(row, 0))
        .collect();
    asks.retain(|ask| ask.kind != tables::KIND || !views.contains(&ask.name));
    Ok(asks)
}

/// Asks for the object named in column `[0]` of each row whose column `[1]` says so.
fn named(
    rows: &[Row],
    [name, told]: [usize; 2],
    kind: &'static str,
    says: impl Fn(&str) -> bool,
    asks: &mut BTreeSet<Ask>,
) -> Result<()> {
    for row in rows {
        if text(row, told).is_some_and(|text| says(&text)) {
            let name = text(row, name).context("a row of the catalog has no name")?;
            asks.insert(Ask { kind, name });
        }
    }
    Ok(())
}

fn text(row: &Row, column: usize) -> Option<String> {
    row.get_opt::<Option<String>, _>(column)?.ok()?
}

/// Asks, and asks again for what the question rested on; nothing where that has moved.
pub async fn read(
    mysql: &mut Mysql,
    asks: &BTreeSet<Ask>,
    answers: &Answers,
) -> Result<Option<Shown>> {
    let statements: Vec<String> = asks.iter().map(Ask::sql).collect();
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let witness = Witness::of(asks, answers);
    let queries: Vec<&str> = witness.queries.iter().map(String::as_str).collect();
    let Some(mut sets) = in_snapshot(mysql, &statements, &queries).await? else {
        return Ok(None);
    };
    let again = sets.split_off(statements.len());
    if again.into_iter().map(values).ne(witness.rows) {
        return Ok(None);
    }
    let mut shown = Shown::default();
    for (ask, rows) in asks.iter().zip(sets) {
        let row = rows
            .into_iter()
            .next()
            .context("SHOW CREATE told nothing")?;
        if let Some(statement) = text(&row, ask.column()) {
            shown.insert(ask.kind, ask.name.clone(), statement);
        }
    }
    Ok(Some(shown))
}

/// Queries whose answers must still be the same, and those answers.
struct Witness {
    queries: Vec<String>,
    rows: Vec<Vec<Vec<Value>>>,
}

impl Witness {
    fn of(asks: &BTreeSet<Ask>, answers: &Answers) -> Witness {
        let mut witness = Witness {
            queries: Vec::new(),
            rows: Vec::new(),
        };
        let kinds: BTreeSet<&str> = asks.iter().map(|ask| ask.kind).collect();
        let whole: [(&[&str], &str, &[Row]); 5] = [
            (&[views::KIND], views::QUERY, &answers.views),
            (&[triggers::KIND], triggers::QUERY, &answers.triggers),
            (&[events::KIND], events::QUERY, &answers.events),
            (
                &[routines::PROCEDURE, routines::FUNCTION],
                routines::QUERY,
                &answers.routines,
            ),
            (&[tables::KIND], partitions::QUERY, &answers.partitions),
        ];
        for (of, query, rows) in whole {
            if of.iter().any(|kind| kinds.contains(kind)) {
                witness.add(query.to_owned(), rows.to_vec());
            }
        }
        let tables: Vec<&str> = asks
            .iter()
            .filter(|ask| ask.kind == tables::KIND)
            .map(|ask| ask.name.as_str())
            .collect();
        if !tables.is_empty() {
            witness.add_tables(&tables, answers);
        }
        witness
    }

    fn add_tables(&mut self, tables: &[&str], answers: &Answers) {
        let list: Vec<String> = tables.iter().map(|name| session::text(name)).collect();
        for (query, rows) in [
            (columns::QUERY, &answers.columns),
            (indexes::QUERY, &answers.indexes),
        ] {
            let filter = format!(" AND TABLE_NAME IN ({}) ORDER BY ", list.join(", "));
            let of_tables = rows
                .iter()
                .filter(|row| text(row, 0).is_some_and(|name| tables.contains(&name.as_str())))
                .cloned()
                .collect();
            self.add(query.replace(" ORDER BY ", &filter), of_tables);
        }
    }

    fn add(&mut self, query: String, rows: Vec<Row>) {
        self.queries.push(query);
        self.rows.push(values(rows));
    }
}

fn values(rows: Vec<Row>) -> Vec<Vec<Value>> {
    rows.into_iter().map(Row::unwrap).collect()
}
