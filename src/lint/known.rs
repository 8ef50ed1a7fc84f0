//! What do the statements so far leave? Only what the files say: a table that another tool made is not known.

use super::{
    clause::{Act, Clause, kind},
    context::{Read, What},
    parse::folded,
};
use crate::sql::{Dialect, Token, TokenKind, Verb};
use std::collections::{BTreeMap, BTreeSet};

/// A column as last defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub kind: String,
    pub not_null: bool,
}

type Of = (String, String);

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By table and column.
    columns: BTreeMap<String, BTreeMap<String, Column>>,
    /// Columns of each index of a table, keys too.
    pub indexes: BTreeMap<String, Vec<Vec<String>>>,
    /// With the column of its time, where the statement names it.
    pub hypertables: BTreeMap<String, Option<String>>,
    /// Hypertables whose chunks are compressed.
    pub compressed: BTreeSet<String>,
    /// MySQL: tables of an engine without transactions, with the engine.
    pub engines: BTreeMap<String, String>,
    /// MySQL: how many ways a table's rows are stored in, since it was last rebuilt.
    pub row_versions: BTreeMap<String, u32>,
    /// Roles and users that the files make.
    pub roles: BTreeSet<String>,
    /// PostgreSQL: columns that a validated check proves to be NOT NULL.
    pub proven: BTreeSet<Of>,
    /// Checks that are not validated yet: by table and name, the column.
    checks: BTreeMap<Of, String>,
}

/// MySQL's engines without transactions. Source: MySQL 8.4 Reference Manual, 18 (Alternative Storage Engines).
pub const WITHOUT_TRANSACTIONS: [&str; 7] = [
    "myisam",
    "memory",
    "heap",
    "csv",
    "archive",
    "merge",
    "blackhole",
];

impl Known {
    /// Takes in what a statement does.
    pub fn learn(&mut self, read: &Read<'_>) {
        if read.is_data() || read.is_program() {
            return;
        }
        if let Some((table, time)) = made_hypertable(read) {
            self.hypertables.insert(table, time);
        }
        self.role(read);
        for gone in read.dropped("table") {
            self.forget(gone);
        }
        let Some(table) = read.table.clone() else {
            return;
        };
        match read.what {
            What::CreateIndex => self
                .indexes
                .entry(table)
                .or_default()
                .push(read.index_columns()),
            What::CreateTable | What::AlterTable => {
                if read.what == What::CreateTable {
                    self.forget(&table);
                }
                read.clauses
                    .iter()
                    .for_each(|clause| self.clause(&table, clause));
                self.options(&table, read);
            }
            What::Other => {}
        }
    }

    /// A column as last defined.
    pub fn column(&self, table: &str, name: &str) -> Option<&Column> {
        self.columns.get(table)?.get(name)
    }

    fn forget(&mut self, table: &str) {
        self.columns.remove(table);
        self.indexes.remove(table);
        self.engines.remove(table);
        self.row_versions.remove(table);
        self.compressed.remove(table);
        self.hypertables.remove(table);
    }

    fn clause(&mut self, table: &str, clause: &Clause<'_>) {
        if clause.is_key() || clause.is_column() {
            let is_index = ["primary", "unique", "key", "index"]
                .iter()
                .any(|word| clause.has(&[word]));
            let makes_one = clause.refers() && clause.dialect == Dialect::Mysql;
            if (is_index && !clause.refers()) || makes_one {
                self.indexes
                    .entry(table.to_owned())
                    .or_default()
                    .push(clause.key_columns());
            }
            self.check(table, clause);
        }
        let Some(name) = clause.name.clone() else {
            return;
        };
        let columns = self.columns.entry(table.to_owned()).or_default();
        match clause.act {
            Act::Column | Act::AddColumn | Act::Redefine => {
                let not_null = clause.has(&["not", "null"]) || clause.has(&["primary", "key"]);
                columns.insert(
                    name,
                    Column {
                        kind: clause.kind(),
                        not_null,
                    },
                );
            }
            Act::DropColumn => {
                columns.remove(&name);
            }
            Act::AlterColumn => {
                if let Some(kind) = new_kind(clause)
                    && let Some(column) = columns.get_mut(&name)
                {
                    column.kind = kind;
                }
            }
            _ => {}
        }
    }

    fn check(&mut self, table: &str, clause: &Clause<'_>) {
        let Some(at) = clause.tokens.iter().position(|token| token.is("check")) else {
            return;
        };
        let shape = clause.tokens.get(at + 1..at + 7).unwrap_or_default();
        if let [open, column, is, not, null, close] = shape
            && open.is_symbol("(")
            && is.is("is")
            && not.is("not")
            && null.is("null")
            && close.is_symbol(")")
        {
            let column = folded(clause.dialect, column);
            let name = clause.name.clone().unwrap_or_default();
            match clause.has(&["not", "valid"]) {
                true => self
                    .checks
                    .insert((table.to_owned(), name), column)
                    .map_or((), drop),
                false => drop(self.proven.insert((table.to_owned(), column))),
            }
        }
    }

    fn options(&mut self, table: &str, read: &Read<'_>) {
        if let [validate, constraint, name] = read.rest()
            && validate.is("validate")
            && constraint.is("constraint")
            && let Some(column) = self
                .checks
                .get(&(table.to_owned(), folded(Dialect::Postgres, name)))
        {
            self.proven.insert((table.to_owned(), column.clone()));
        }
        if let Some(engine) = read
            .value_of(&["engine"])
            .filter(|_| read.statement.dialect == Dialect::Mysql)
        {
            match WITHOUT_TRANSACTIONS.contains(&engine.as_str()) {
                true => self.engines.insert(table.to_owned(), engine),
                false => self.engines.remove(table),
            };
        }
        if sets_compression(read) {
            self.compressed.insert(table.to_owned());
        }
        if read.what == What::AlterTable && read.statement.dialect == Dialect::Mysql {
            let versions = self.row_versions.entry(table.to_owned()).or_default();
            *versions = versions_behind(*versions, read);
        }
    }

    fn role(&mut self, read: &Read<'_>) {
        let made = read.statement.facts.verb == Verb::Create
            && read
                .tokens
                .get(1)
                .is_some_and(|word| word.is_any(&["role", "user", "group"]));
        if made {
            let names = read.tokens[2..]
                .iter()
                .filter(|token| !token.is_any(&["if", "not", "exists"]));
            self.roles.extend(names.take(1).map(role_name));
        }
    }
}

/// A role's or user's name without its quotes and host.
pub fn role_name(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::String => token.text.trim_matches(['\'', '"']).to_owned(),
        _ => token.name(Dialect::Postgres),
    }
}

/// MySQL: how many row versions there are behind this ALTER TABLE. One that adds or drops columns in an instant makes
/// one; one that rebuilds makes them none. Source: MySQL 8.4 Reference Manual, 17.12.1 (Online DDL Operations).
pub fn versions_behind(versions: u32, read: &Read<'_>) -> u32 {
    let algorithm = read.value_of(&["algorithm"]);
    let rebuilds = matches!(algorithm.as_deref(), Some("copy" | "inplace"))
        || ["engine", "force", "convert", "partition"]
            .iter()
            .any(|word| read.rest().first().is_some_and(|first| first.is(word)));
    if rebuilds {
        return 0;
    }
    let is_instant = |clause: &Clause<'_>| {
        let adds = clause.act == Act::AddColumn && !clause.has(&["stored"]);
        adds || clause.act == Act::DropColumn
    };
    versions + u32::from(read.clauses.iter().any(is_instant))
}

/// Does it say that chunks are to be compressed?
pub fn sets_compression(read: &Read<'_>) -> bool {
    let is_namespace = |token: &Token<'_>| token.is_any(&["timescaledb", "tsdb"]);
    let is_on = |at: usize| {
        let rest = &read.tokens[at..];
        let option = rest
            .get(2)
            .is_some_and(|word| word.is_any(&["compress", "enable_columnstore"]));
        let is_off = rest.get(3).is_some_and(|sign| sign.is_symbol("="))
            && rest.get(4).is_some_and(|value| {
                value.is_any(&["false", "off", "0"]) || value.text == "'false'"
            });
        option && !is_off
    };
    (0..read.tokens.len()).any(|at| is_namespace(&read.tokens[at]) && is_on(at))
}

/// The table that it makes a hypertable, with the column of its time.
pub fn made_hypertable(read: &Read<'_>) -> Option<(String, Option<String>)> {
    let table = read.statement.facts.hypertable.clone()?;
    let literal = |token: &Token<'_>| token.text.trim_matches(['\'', '"']).to_owned();
    let is_string = |token: &&Token<'_>| token.kind == TokenKind::String;
    let time = match read.call("create_hypertable") {
        Some(arguments) => arguments.iter().filter(is_string).nth(1).map(literal),
        None => (0..read.tokens.len()).find_map(|at| {
            let [word, sign, value] = read.tokens.get(at..at + 3)? else {
                return None;
            };
            let names = word.is_any(&["partition_column", "time_column"]) && sign.is_symbol("=");
            names.then(|| literal(value))
        }),
    };
    Some((table, time))
}

/// PostgreSQL: the type that `ALTER COLUMN c [SET DATA] TYPE …` gives.
pub fn new_kind(clause: &Clause<'_>) -> Option<String> {
    let rest = clause.rest();
    let at = match rest {
        [kind, ..] if kind.is("type") => 1,
        [set, data, kind, ..] if set.is("set") && data.is("data") && kind.is("type") => 3,
        _ => return None,
    };
    Some(kind(&rest[at..]))
}
