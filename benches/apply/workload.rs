//! What is applied: many small files, a file of many small rows, a file of a few large statements.

use std::fmt::Write;

/// A kind of work, with the sizes that docs/performance.md quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// 1,000 files of one CREATE TABLE each.
    Small,
    /// One file: a table and 20,000 INSERTs of one row.
    Seed,
    /// One file of 40 MB: a table and four INSERTs of 10 MB each.
    Bulk,
}

/// One file.
pub struct Migration {
    pub table: String,
    pub rows: Vec<String>,
}

const SMALL: usize = 1_000;
const SEED: usize = 20_000;
const BULK: usize = 4;
/// Rows of one INSERT of `Bulk`, each of about 1 KB.
const BULK_ROWS: usize = 10_000;

impl Workload {
    /// All of them, in the order of the report.
    pub const ALL: [Workload; 3] = [Workload::Small, Workload::Seed, Workload::Bulk];

    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Workload::Small => "1,000 files of one CREATE TABLE each",
            Workload::Seed => "one file of 20,000 INSERTs of one row (3.7 MB)",
            Workload::Bulk => "one file of four INSERTs of 10 MB each",
        }
    }

    /// Its name in `SGMP_DB_BENCH_ONLY`.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Small => "small",
            Workload::Seed => "seed",
            Workload::Bulk => "bulk",
        }
    }

    /// The files; the same for both databases.
    pub fn migrations(self) -> Vec<Migration> {
        match self {
            Workload::Small => small(SMALL),
            Workload::Seed => vec![with_rows((0..SEED).map(|row| values(row..row + 1, 150)))],
            Workload::Bulk => {
                let rows = |insert: usize| insert * BULK_ROWS..(insert + 1) * BULK_ROWS;
                vec![with_rows(
                    (0..BULK).map(|insert| values(rows(insert), 1020)),
                )]
            }
        }
    }

    /// How many tables it makes.
    pub fn tables(self) -> usize {
        match self {
            Workload::Small => SMALL,
            Workload::Seed | Workload::Bulk => 1,
        }
    }

    /// How many rows are then in the first one.
    pub fn rows(self) -> usize {
        match self {
            Workload::Small => 0,
            Workload::Seed => SEED,
            Workload::Bulk => BULK * BULK_ROWS,
        }
    }
}

/// `count` files of one CREATE TABLE.
pub fn small(count: usize) -> Vec<Migration> {
    let table = |number| {
        format!(
            "CREATE TABLE t{number:05} (id int PRIMARY KEY, name varchar(64) NOT NULL, made timestamp NULL)"
        )
    };
    (1..=count)
        .map(|number| Migration {
            table: table(number),
            rows: Vec::new(),
        })
        .collect()
}

fn with_rows(rows: impl Iterator<Item = String>) -> Migration {
    Migration {
        table: "CREATE TABLE t00001 (id int PRIMARY KEY, name text NOT NULL)".to_owned(),
        rows: rows.collect(),
    }
}

/// One INSERT, with texts of so many characters.
fn values(rows: std::ops::Range<usize>, width: usize) -> String {
    let mut statement = "INSERT INTO t00001 (id, name) VALUES ".to_owned();
    for (index, row) in rows.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Digits that differ, so that nothing compresses or repeats by chance alone.
        let digits = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        write!(statement, "{comma}({row},'{digits:0>width$}')").expect("a row");
    }
    statement
}

impl Migration {
    /// The file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for statement in std::iter::once(&self.table).chain(&self.rows) {
            text.push_str(statement);
            text.push_str(";\n");
        }
        text
    }
}
