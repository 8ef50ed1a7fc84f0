//! What does information_schema mangle or not tell? Asked of SHOW CREATE, for those objects only.
//!
//! Not told: a view's algorithm, a full-text index's parser, the algorithm of KEY partitions.
//! Mangled: characters beyond the Basic Multilingual Plane, which read `?`, and bytes behind a zero.

use super::{
    columns, databases, events,
    grants::Sight,
    indexes,
    look::{Answers, in_snapshot},
    partitions, routines, tables, triggers, views,
};
use crate::{
    engine::mysql::{Mysql, session},
    sql::{Dialect, TokenKind, tokens},
};
use anyhow::{Context, Result};
use mysql_async::{Row, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What SHOW CREATE printed, by kind and name.
#[derive(Debug, Default)]
pub struct Shown {
    statements: BTreeMap<(&'static str, String), String>,
}

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
    let mangled = |text: &str| text.contains('?');
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
            shown
                .statements
                .insert((ask.kind, ask.name.clone()), statement);
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

impl Shown {
    fn statement(&self, kind: &'static str, name: &str) -> Option<&str> {
        self.statements
            .get(&(kind, name.to_owned()))
            .map(String::as_str)
    }

    /// The statement that makes a view.
    pub fn view(&self, name: &str) -> Option<&str> {
        self.statement(views::KIND, name)
    }

    /// What a trigger does.
    pub fn trigger_body(&self, name: &str) -> Option<&str> {
        behind(
            self.statement(triggers::KIND, name)?,
            &["FOR", "EACH", "ROW"],
        )
    }

    /// What an event does.
    pub fn event_body(&self, name: &str) -> Option<&str> {
        behind(self.statement(events::KIND, name)?, &["DO"])
    }

    /// What a routine does: the statement from where `mangled` begins. Both end alike but for the
    /// characters that became `?`, each of them one.
    pub fn routine_body(&self, kind: &str, name: &str, mangled: &str) -> Option<&str> {
        let kind = [routines::PROCEDURE, routines::FUNCTION]
            .into_iter()
            .find(|known| *known == kind)?;
        let statement = self.statement(kind, name)?;
        let before = statement
            .chars()
            .count()
            .checked_sub(mangled.chars().count())?;
        let (at, _) = statement.char_indices().nth(before)?;
        Some(&statement[at..])
    }

    /// A full-text index's parser.
    pub fn parser(&self, table: &str, index: &str) -> Option<&str> {
        let line = self.line(
            table,
            &format!("FULLTEXT KEY {} ", session::identifier(index)),
        )?;
        let (_, behind) = line.split_once(" WITH PARSER ")?;
        behind.split('`').nth(1)
    }

    /// The algorithm of KEY partitions, where it is not the present one.
    pub fn key_algorithm(&self, table: &str) -> Option<&str> {
        let statement = self.statement(tables::KIND, table)?;
        let (_, behind) = statement.rsplit_once("ALGORITHM = ")?;
        behind.split(' ').next()
    }

    /// A column's default that SHOW CREATE prints in hexadecimal and information_schema mangles, as
    /// a literal: bytes as they are, text as text.
    pub fn default_of(&self, table: &str, column: &str, kind: &str) -> Option<String> {
        let line = self.line(table, &format!("{} ", session::identifier(column)))?;
        let tokens = tokens(Dialect::Mysql, line);
        let at = tokens.iter().position(|token| token.is("DEFAULT"))?;
        let literal = tokens.get(at + 1)?;
        let digits = literal.text.strip_prefix("0x")?;
        match literal.kind {
            TokenKind::Word if kind.contains("binary") => Some(literal.text.to_owned()),
            TokenKind::Word => bytes(digits).map(|text| columns::quoted(&text)),
            _ => None,
        }
    }

    /// The line of a table's statement that begins like this.
    fn line(&self, table: &str, beginning: &str) -> Option<&str> {
        let statement = self.statement(tables::KIND, table)?;
        statement
            .lines()
            .map(str::trim_start)
            .find(|line| line.starts_with(beginning))
    }
}

/// What stands behind these words.
fn behind<'a>(statement: &'a str, words: &[&str]) -> Option<&'a str> {
    let tokens = tokens(Dialect::Mysql, statement);
    let at = (0..tokens.len()).find(|start| {
        words.iter().enumerate().all(|(offset, word)| {
            tokens
                .get(start + offset)
                .is_some_and(|token| token.is(word))
        })
    })?;
    let body = tokens.get(at + words.len())?;
    Some(&statement[body.at..])
}

fn bytes(hex: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..hex.len() / 2)
        .map(|index| u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(statement: &str) -> Shown {
        let mut shown = Shown::default();
        let key = (tables::KIND, "t".to_owned());
        shown.statements.insert(key, statement.to_owned());
        shown
    }

    #[test]
    fn only_show_create_tells_a_parser_and_a_key_algorithm() {
        let shown = shown(
            "CREATE TABLE `t` (\n  `s` varchar(20) DEFAULT 0xF09F988078,\n  \
             FULLTEXT KEY `f``t` (`s`) /*!50100 WITH PARSER `ngram` */ ,\n  FULLTEXT KEY `g` (`s`)\n) \
             ENGINE=InnoDB\n/*!50100 PARTITION BY KEY */ /*!50611 ALGORITHM = 1 */ /*!50100 () */",
        );
        assert_eq!(shown.parser("t", "f`t"), Some("ngram"));
        assert_eq!(shown.parser("t", "g"), None);
        assert_eq!(shown.key_algorithm("t"), Some("1"));
    }

    #[test]
    fn a_default_beyond_the_basic_plane_is_printed_in_hexadecimal() {
        let shown = shown(
            "CREATE TABLE `t` (\n  `s` varchar(20) DEFAULT 0xF09F988078,\n  `b` binary(2) DEFAULT 0x00FF\n)",
        );
        assert_eq!(
            shown.default_of("t", "s", "varchar(20)").as_deref(),
            Some("'😀x'")
        );
        // information_schema prints `0x`.
        let bytes = shown.default_of("t", "b", "binary(2)");
        assert_eq!(bytes.as_deref(), Some("0x00FF"));
    }

    #[test]
    fn a_body_stands_behind_its_keywords() {
        let trigger = "CREATE DEFINER=`r`@`%` TRIGGER `for` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.s = '😀'";
        assert_eq!(
            behind(trigger, &["FOR", "EACH", "ROW"]),
            Some("SET NEW.s = '😀'")
        );
    }
}
