//! What is a statement about: which table, which clauses, and what did the file do before it?

use super::{
    clause::{Act, Clause, first_names},
    known::Known,
    parse::{actions, elements, name, skip},
};
use crate::sql::{Dialect, Statement, Token, Verb, contains, each_token, sequence};
use std::collections::BTreeSet;

/// What it does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    CreateTable,
    AlterTable,
    CreateIndex,
    Other,
}

/// A statement, read.
#[derive(Debug)]
pub struct Read<'a> {
    pub statement: &'a Statement,
    /// Of a statement of data only the first ones: it may be large.
    pub tokens: Vec<Token<'a>>,
    pub what: What,
    /// The table that it is about.
    pub table: Option<String>,
    pub clauses: Vec<Clause<'a>>,
    /// Where in `tokens` begins what stands behind the table's name.
    pub body: usize,
}

/// One script.
#[derive(Debug)]
pub struct File<'a> {
    pub dialect: Dialect,
    /// Does it run in one transaction?
    pub atomic: bool,
    pub is_down: bool,
    pub statements: Vec<Read<'a>>,
}

/// Where a rule is asked.
pub struct At<'f, 'a> {
    pub read: &'f Read<'a>,
    pub file: &'f File<'a>,
    pub index: usize,
    /// What the statements before it left, of this file and of those before it.
    pub known: &'f Known,
    /// Tables that earlier statements of this file made: nobody uses them yet.
    pub made: &'f BTreeSet<String>,
}

/// Enough of a statement of data to know its table and columns.
const HEAD: usize = 24;

impl<'a> Read<'a> {
    /// Reads one statement.
    pub fn of(statement: &'a Statement) -> Read<'a> {
        let dialect = statement.dialect;
        let is_data = matches!(statement.facts.verb, Verb::Insert | Verb::Replace);
        let tokens: Vec<Token<'a>> = match is_data {
            true => each_token(dialect, statement.modes, statement.text())
                .take(HEAD)
                .collect(),
            false => statement.tokens(),
        };
        let (what, at) = what(&tokens);
        let found = name(dialect, tokens.get(at..).unwrap_or_default());
        let (table, body) = match (&found, what) {
            (Some((_, used)), What::CreateTable | What::AlterTable) => {
                (found.clone().map(|one| one.0), at + used)
            }
            (Some((_, used)), What::CreateIndex) => (found.clone().map(|one| one.0), at + used),
            _ => (data_table(statement), 0),
        };
        let rest = tokens.get(body..).unwrap_or_default();
        let clauses = match what {
            What::CreateTable => elements(dialect, rest),
            What::AlterTable => actions(dialect, rest),
            What::CreateIndex | What::Other => Vec::new(),
        };
        Read {
            statement,
            what,
            table,
            clauses,
            body,
            tokens,
        }
    }

    /// Do these words stand anywhere in it?
    pub fn has(&self, words: &[&str]) -> bool {
        contains(&self.tokens, words)
    }

    /// Does it begin with these words?
    pub fn begins(&self, words: &[&str]) -> bool {
        sequence(&self.tokens, words)
    }

    /// What stands behind the table's name.
    pub fn rest(&self) -> &[Token<'a>] {
        self.tokens.get(self.body..).unwrap_or_default()
    }

    /// Options of a CREATE TABLE, which stand behind its brackets.
    pub fn options(&self) -> &[Token<'a>] {
        let rest = self.rest();
        match rest.iter().position(|token| token.is_symbol("(")) {
            Some(open) => rest
                .get(super::parse::bracket(rest, open).end..)
                .unwrap_or_default(),
            None => rest,
        }
    }

    /// Columns of an index.
    pub fn index_columns(&self) -> Vec<String> {
        first_names(self.statement.dialect, self.rest())
    }

    /// The value of `WORD = value`, `WORD value` behind these words, in small letters.
    pub fn value_of(&self, words: &[&str]) -> Option<String> {
        let at = (0..self.tokens.len()).find(|at| sequence(&self.tokens[*at..], words))?;
        let rest = &self.tokens[at + words.len()..];
        let value = rest.iter().find(|token| !token.is_symbol("="))?;
        Some(value.text.trim_matches(['\'', '"', '`']).to_lowercase())
    }

    /// Is a function of that name called; what are its arguments?
    pub fn call(&self, function: &str) -> Option<&[Token<'a>]> {
        let at = (0..self.tokens.len()).find(|at| {
            self.tokens[*at].is(function)
                && self
                    .tokens
                    .get(at + 1)
                    .is_some_and(|open| open.is_symbol("("))
        })?;
        Some(&self.tokens[super::parse::bracket(&self.tokens, at + 1)])
    }

    /// Does it change data?
    pub fn is_data(&self) -> bool {
        matches!(
            self.statement.facts.verb,
            Verb::Insert | Verb::Update | Verb::Delete | Verb::Replace
        )
    }

    /// Does it change the schema?
    pub fn is_ddl(&self) -> bool {
        matches!(
            self.statement.facts.verb,
            Verb::Create | Verb::Alter | Verb::Drop | Verb::Rename | Verb::Truncate
        )
    }

    /// Does it define a routine, a trigger or an event, whose body runs later?
    pub fn is_program(&self) -> bool {
        let kind = self.statement.facts.objects.first().map(|one| one.kind);
        self.statement.facts.verb == Verb::Create
            && matches!(kind, Some("procedure" | "function" | "trigger" | "event"))
    }

    /// The table or materialized view that it makes.
    pub fn made(&self) -> Option<String> {
        let facts = &self.statement.facts;
        let view = facts
            .objects
            .first()
            .filter(|one| one.kind == "view" && facts.verb == Verb::Create);
        match self.what {
            What::CreateTable => self.table.clone(),
            _ => view.map(|view| view.name.clone()),
        }
    }

    /// The kind and names of what a DROP takes away.
    pub fn dropped(&self, kind: &str) -> Vec<&str> {
        let facts = &self.statement.facts;
        let objects = facts.objects.iter().filter(|one| one.kind == kind);
        match facts.verb {
            Verb::Drop => objects.map(|one| one.name.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

impl At<'_, '_> {
    /// The table, where others may be using it: neither made by this statement nor by this file.
    pub fn used_table(&self) -> Option<&str> {
        let table = self.read.table.as_deref()?;
        let is_new = self.read.what == What::CreateTable || self.made.contains(table);
        (!is_new).then_some(table)
    }

    /// The table, for words.
    pub fn table(&self) -> &str {
        self.read.table.as_deref().unwrap_or("the table")
    }

    /// Is it known to be a hypertable?
    pub fn is_hypertable(&self) -> bool {
        self.read
            .table
            .as_ref()
            .is_some_and(|table| self.known.hypertables.contains_key(table))
    }

    /// The statements of this file behind this one.
    pub fn later(&self) -> &[Read<'_>] {
        self.file
            .statements
            .get(self.index + 1..)
            .unwrap_or_default()
    }

    /// Does it drop the table or the like of a temporary one? Nobody else sees those.
    pub fn is_temporary(&self) -> bool {
        self.read
            .tokens
            .iter()
            .take(4)
            .any(|token| token.is_any(&["temporary", "temp"]))
    }
}

fn data_table(statement: &Statement) -> Option<String> {
    let first = statement
        .facts
        .objects
        .first()
        .filter(|one| one.kind == "table")?;
    Some(match statement.dialect {
        Dialect::Mysql => first.name.to_lowercase(),
        Dialect::Postgres => first.name.clone(),
    })
}

/// What it does, and where the table's name stands.
fn what(tokens: &[Token<'_>]) -> (What, usize) {
    let verb = tokens.first();
    let is = |word: &str| verb.is_some_and(|verb| verb.is(word));
    if !(is("create") || is("alter")) {
        return (What::Other, 0);
    }
    let between = [
        "or",
        "replace",
        "global",
        "local",
        "temporary",
        "temp",
        "unlogged",
        "foreign",
        "unique",
        "fulltext",
        "spatial",
        "ignore",
    ];
    let kind = 1 + skip(&tokens[1..], &between);
    let Some(word) = tokens.get(kind) else {
        return (What::Other, 0);
    };
    let behind = kind + 1 + skip(&tokens[kind + 1..], &["if", "not", "exists", "only"]);
    if word.is("table") {
        let what = if is("create") {
            What::CreateTable
        } else {
            What::AlterTable
        };
        return (what, behind);
    }
    if word.is("index") && is("create") {
        let on = tokens.iter().position(|token| token.is("on"));
        let at = on.map_or(tokens.len(), |on| {
            on + 1 + skip(&tokens[on + 1..], &["only"])
        });
        return (What::CreateIndex, at);
    }
    (What::Other, 0)
}

/// Is it a column or key that makes the table's primary key?
pub fn makes_primary_key(clause: &Clause<'_>) -> bool {
    (clause.is_column() || clause.is_key() || clause.act == Act::Redefine)
        && contains(&clause.tokens, &["primary", "key"])
}
