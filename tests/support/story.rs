//! A story: commands typed one after the other, with everything that they said, kept as one golden text.
//!
//! `$` is what is typed, `>` its exit code, `|` its stdout, `!` its stderr, `=` what is in the database
//! (asked of the server itself, so that a message can be held against it) and `#` what happened meanwhile.

use super::{
    Kind, MysqlDatabase, Run, Sgmp, TimescaleDatabase,
    binary::finish,
    golden::golden,
    killed::{project, write},
};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Child;

/// A test's database, whichever it is.
pub trait Database {
    const TARGET: &'static str;

    fn name(&self) -> &str;

    /// The test's tables, one a line, each with its columns.
    fn tables(&self) -> impl Future<Output = Vec<String>>;
}

impl Database for MysqlDatabase {
    const TARGET: &'static str = "mysql";

    fn name(&self) -> &str {
        &self.name
    }

    async fn tables(&self) -> Vec<String> {
        self.rows(
            "SELECT CONCAT(TABLE_NAME, ' (', GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', '), ')') \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_NAME NOT IN ('refinery_schema_history', 'sgmp_db_ledger', 'sgmp_db_ledger_text') GROUP BY TABLE_NAME ORDER BY TABLE_NAME",
        )
        .await
    }
}

impl Database for TimescaleDatabase {
    const TARGET: &'static str = "timescale";

    fn name(&self) -> &str {
        &self.name
    }

    async fn tables(&self) -> Vec<String> {
        self.rows(
            "SELECT format('%s (%s)', table_name, string_agg(column_name, ', ' ORDER BY ordinal_position)) \
             FROM information_schema.columns WHERE table_schema = 'public' \
             AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public') \
             AND table_name NOT IN ('refinery_schema_history', 'sgmp_db_ledger', 'sgmp_db_ledger_text') GROUP BY table_name ORDER BY table_name",
        )
        .await
    }
}

/// One project on one database, and what was said so far.
pub struct Story<D> {
    pub database: D,
    pub directory: TempDir,
    pub sgmp: Sgmp,
    names: Vec<(String, String)>,
    text: String,
}

impl Story<MysqlDatabase> {
    /// Of a new MySQL database.
    pub async fn mysql(files: &[&str]) -> Self {
        let database = MysqlDatabase::new().await;
        let sgmp = Sgmp::default().mysql(&database);
        Story::on(database, sgmp, files)
    }
}

impl Story<TimescaleDatabase> {
    /// Of a new TimescaleDB database.
    pub async fn timescale(files: &[&str]) -> Self {
        let database = TimescaleDatabase::new(Kind::Apache17).await;
        let sgmp = Sgmp::default().timescale(&database);
        Story::on(database, sgmp, files)
    }
}

impl<D: Database> Story<D> {
    /// Of a database that is there already.
    pub fn on(database: D, sgmp: Sgmp, files: &[&str]) -> Story<D> {
        let directory = project(D::TARGET, files);
        let migrations = directory.path().to_str().unwrap().to_owned();
        Story {
            sgmp: sgmp.with("SGMP_DB_MIGRATIONS", migrations),
            database,
            directory,
            names: Vec::new(),
            text: String::new(),
        }
    }

    fn words(line: &str) -> Vec<&str> {
        let words = line.split_whitespace();
        words.chain(["--only", D::TARGET]).collect()
    }

    /// Types a command and tells what it said.
    pub async fn types(&mut self, line: &str, code: i32) -> Run {
        let child = self.starts(line);
        self.ends(child, code).await
    }

    /// Types a command that goes on meanwhile.
    pub fn starts(&mut self, line: &str) -> Child {
        self.text
            .push_str(&format!("$ sgmp-db {line} --only {}\n", D::TARGET));
        self.sgmp.spawn(&Self::words(line))
    }

    /// Waits for that command and tells what it said.
    pub async fn ends(&mut self, child: Child, code: i32) -> Run {
        let run = finish(child).await;
        assert_eq!(run.code, Some(code), "{}\n{}", self.text, run.all());
        self.tells(&run);
        run
    }

    /// Tells a command that was typed elsewhere, and what it said.
    pub fn said(&mut self, line: &str, run: &Run) {
        self.text.push_str(&format!("$ {line}\n"));
        self.tells(run);
    }

    fn tells(&mut self, run: &Run) {
        let code = run.code.expect("an exit code");
        self.text.push_str(&format!("> exit {code}\n"));
        for (mark, said) in [('|', &run.stdout), ('!', &run.stderr)] {
            for line in said.lines().filter(|line| !line.is_empty()) {
                self.text
                    .push_str(&format!("{mark} {}\n", self.settled(line)));
            }
        }
    }

    /// Has a name that differs from run to run read as another one.
    pub fn is_called(&mut self, name: &str, shown: &str) {
        self.names.push((name.to_owned(), shown.to_owned()));
    }

    /// Runs a command that is no part of the story.
    pub async fn prepares(&self, line: &str) {
        self.sgmp.run(&Self::words(line)).await.expect(0);
    }

    /// Tells what happened meanwhile.
    pub fn meanwhile(&mut self, what: &str) {
        self.text.push_str(&format!("# {what}\n"));
    }

    /// Writes one file anew and tells so.
    pub fn edits(&mut self, version: usize, text: &str) {
        write(self.directory.path(), D::TARGET, version, text);
        self.meanwhile(&format!(
            "V{version} is edited: {}",
            text.trim().replace('\n', " ")
        ));
    }

    /// Tells what is in the database, as the server says.
    pub async fn there(&mut self) {
        let tables = self.database.tables().await;
        let said = match tables.is_empty() {
            true => "no table".to_owned(),
            false => tables.join(", "),
        };
        self.text.push_str(&format!("= {said}\n"));
    }

    /// Compares the whole story with `tests/golden/messages/NAME.txt`.
    #[track_caller]
    pub fn is(&self, name: &str) {
        golden(&format!("messages/{name}.txt"), &self.text);
    }

    /// A line without what differs from run to run.
    fn settled(&self, line: &str) -> String {
        let directory = self.directory.path().display().to_string();
        let mut line = line.replace(&directory, "DIR");
        // A server of the test's own has a database with an everyday name.
        if self.database.name().contains('_') {
            line = line.replace(self.database.name(), "DATABASE");
            // As a GRANT writes it, where `_` stands for any character.
            let escaped = self.database.name().replace('_', "\\_");
            line = line.replace(&escaped, "DATABASE");
        }
        for (name, shown) in &self.names {
            line = line.replace(name, shown);
        }
        settled(&line)
    }
}

/// Words with the number, time or name behind them that differs from run to run.
const VOLATILE: [(&str, &str, &str); 9] = [
    ("connection ", "0123456789", "N"),
    ("backend ", "0123456789", "N"),
    ("rocess ", "0123456789", "N"),
    ("transaction ", "0123456789", "N"),
    ("relation ", "0123456789", "N"),
    (" of database ", "0123456789", "N"),
    (" from 1", "0123456789.:", "HOST"),
    (" since 2", "0123456789-: ", "TIME"),
    ("within ", "0123456789", "N"),
];

/// How a connection that is gone is told, which depends on who notices first.
const GONE: [&str; 6] = [
    "Broken pipe (os error 32)",
    "Connection reset by peer (os error 104)",
    "error communicating with the server",
    "connection closed",
    "Driver error: `Connection to the server is closed.'",
    "unexpected end of file",
];

/// A line without numbers, times and versions that differ from run to run; a table's columns stand
/// two blanks apart, however wide they are.
pub fn settled(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let columns: Vec<&str> = line
        .trim()
        .split("  ")
        .map(str::trim)
        .filter(|column| !column.is_empty())
        .map(|column| match is_server(column) {
            true => "SERVER",
            false => column,
        })
        .collect();
    let mut text = format!("{}{}", &line[..indent], columns.join("  "));
    for (word, of, shown) in VOLATILE {
        // A pattern's last character may belong to the value.
        let lead = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let mut from = 0;
        while let Some(at) = text[from..].find(word) {
            let start = from + at + lead.len();
            let length = text[start..]
                .find(|c: char| !of.contains(c))
                .unwrap_or(text.len() - start);
            let value = text[start..start + length].trim_end();
            let end = start + value.len();
            if value.starts_with(|c: char| c.is_ascii_digit()) {
                text.replace_range(start..end, shown);
                from = start + shown.len();
            } else {
                from = start;
            }
        }
    }
    for gone in GONE {
        text = text.replace(gone, "<connection gone>");
    }
    for unit in [" ms", " s in its present state"] {
        text = before(&text, unit);
    }
    text
}

/// `MySQL 9.7.1`, `PostgreSQL 18.1, TimescaleDB 2.31.0 (apache licence)`
fn is_server(column: &str) -> bool {
    ["MySQL ", "PostgreSQL "].iter().any(|name| {
        column
            .strip_prefix(name)
            .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// The numbers that stand before a unit.
fn before(text: &str, unit: &str) -> String {
    let parts: Vec<&str> = text.split(unit).collect();
    let last = parts.len() - 1;
    let parts = parts.iter().enumerate().map(|(index, part)| {
        let head = part.trim_end_matches(|c: char| c.is_ascii_digit());
        match index < last && head.len() < part.len() {
            true => format!("{head}N"),
            false => (*part).to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join(unit)
}

/// Returns once `rows` answers with something that is not nothing, at most twenty seconds.
pub async fn until(database: &impl Rows, query: &str) -> String {
    for _ in 0..400 {
        if let Some(row) = database.ask(query).await.into_iter().next() {
            return row;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing answers {query}");
}

/// What either database can be asked.
pub trait Rows {
    fn ask(&self, query: &str) -> impl Future<Output = Vec<String>>;
}

impl Rows for MysqlDatabase {
    async fn ask(&self, query: &str) -> Vec<String> {
        self.rows(query).await
    }
}

impl Rows for TimescaleDatabase {
    async fn ask(&self, query: &str) -> Vec<String> {
        self.rows(query).await
    }
}
