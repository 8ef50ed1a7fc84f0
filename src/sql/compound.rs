//! Does a semicolon end the statement, or stand inside a body?
//!
//! Sources: MySQL 8.0 Reference Manual, 15.6 (compound statements), 15.1.13, 15.1.17, 15.1.22 (what may
//! stand before a body); PostgreSQL documentation, CREATE FUNCTION (`sql_body`).

use super::{Dialect, body::Body, words::Token};

/// How deep in bodies and parentheses a statement is. Fed with every meaningful token.
#[derive(Debug, Default)]
pub struct Nesting<'a> {
    head: Head,
    body: Body<'a>,
    /// PostgreSQL: BEGIN ATOMIC and the CASEs inside.
    depth: usize,
    /// PostgreSQL: `CREATE RULE … DO (a; b)`.
    parentheses: usize,
    last: Option<Token<'a>>,
}

/// What the statement's first words say about a body to come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Nothing yet.
    #[default]
    Open,
    /// CREATE or ALTER, of something not yet known.
    Create,
    /// A stored program: what follows may have a body.
    Program,
    Plain,
}

/// What has no body; behind these words a name such as `event` is only a name.
const BODILESS: [&str; 9] = [
    "TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE", "TYPE", "RULE",
];

impl<'a> Nesting<'a> {
    /// Would a semicolon end the statement here?
    pub fn is_outside(&self) -> bool {
        self.depth == 0 && self.parentheses == 0 && self.body.is_outside()
    }

    /// Is it a stored program, whose body may have semicolons?
    pub fn is_program(&self) -> bool {
        self.head == Head::Program
    }

    /// Takes the next meaningful token of the statement.
    pub fn feed(&mut self, dialect: Dialect, token: Token<'a>) {
        match dialect {
            Dialect::Mysql if self.is_program() => self.body.feed(token),
            Dialect::Mysql => {}
            Dialect::Postgres => self.postgres(&token),
        }
        self.read_head(dialect, &token);
        self.last = Some(token);
    }

    fn read_head(&mut self, dialect: Dialect, token: &Token<'a>) {
        let programs: &[&str] = match dialect {
            Dialect::Mysql => &["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"],
            Dialect::Postgres => &["FUNCTION", "PROCEDURE"],
        };
        self.head = match self.head {
            Head::Open if token.is_any(&["CREATE", "ALTER"]) => Head::Create,
            Head::Open => Head::Plain,
            Head::Create if token.is_any(programs) => {
                self.body = Body::of(token);
                Head::Program
            }
            Head::Create if token.is_any(&BODILESS) => Head::Plain,
            other => other,
        };
    }

    /// Parentheses, and a SQL-standard body: BEGIN ATOMIC … END, with CASE expressions inside.
    fn postgres(&mut self, token: &Token<'_>) {
        if token.is_symbol("(") {
            self.parentheses += 1;
        } else if token.is_symbol(")") {
            self.parentheses = self.parentheses.saturating_sub(1);
        }
        let follows = |symbol: &str| self.last.is_some_and(|last| last.is_symbol(symbol));
        if !self.is_program() || follows(".") {
            return;
        }
        let begins = token.is("ATOMIC") && self.last.is_some_and(|last| last.is("BEGIN"));
        if begins || self.depth > 0 && token.is("CASE") {
            self.depth += 1;
        } else if self.depth > 0 && token.is("END") {
            self.depth -= 1;
        }
    }
}
