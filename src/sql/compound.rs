//! Does a semicolon end the statement, or stand inside a body?

use super::{Dialect, lexer::Kind, words::Token};

/// How deep in blocks and parentheses a statement is. Fed with every meaningful token.
#[derive(Debug, Default)]
pub struct Nesting<'a> {
    depth: usize,
    parentheses: usize,
    /// The last tokens, newest last; enough to know where a statement of a body begins.
    last: Option<Token<'a>>,
    before_last: Option<Token<'a>>,
    head: Head,
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

/// Behind these a statement of a MySQL body begins.
const BEGINNERS: [&str; 7] = ["BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW"];
/// Behind these the first statement of a MySQL body begins.
const CHARACTERISTICS: [&str; 5] = ["DETERMINISTIC", "SQL", "DATA", "INVOKER", "DEFINER"];
/// Statements that END ends, beside BEGIN and CASE.
const BLOCKS: [&str; 4] = ["IF", "LOOP", "REPEAT", "WHILE"];

impl<'a> Nesting<'a> {
    /// Would a semicolon end the statement here?
    pub fn is_outside(&self) -> bool {
        self.depth == 0 && self.parentheses == 0
    }

    /// Takes the next meaningful token of the statement.
    pub fn feed(&mut self, dialect: Dialect, token: Token<'a>) {
        self.read_head(dialect, &token);
        if dialect == Dialect::Postgres {
            if token.is_symbol("(") {
                self.parentheses += 1;
            } else if token.is_symbol(")") {
                self.parentheses = self.parentheses.saturating_sub(1);
            }
        }
        if self.head == Head::Program && token.kind == Kind::Word && !self.last_is_symbol(".") {
            match dialect {
                Dialect::Mysql => self.mysql(&token),
                Dialect::Postgres => self.postgres(&token),
            }
        }
        self.before_last = self.last.replace(token);
    }

    fn read_head(&mut self, dialect: Dialect, token: &Token<'_>) {
        let programs: &[&str] = match dialect {
            Dialect::Mysql => &["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"],
            Dialect::Postgres => &["FUNCTION", "PROCEDURE"],
        };
        self.head = match self.head {
            Head::Open if token.is_any(&["CREATE", "ALTER"]) => Head::Create,
            // An executable comment may stand anywhere in a dump's CREATE TRIGGER.
            Head::Open if token.kind == Kind::Executable => Head::Open,
            Head::Open => Head::Plain,
            Head::Create if token.is_any(programs) => Head::Program,
            Head::Create
                if token.is_any(&[
                    "TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE", "TYPE", "RULE",
                ]) =>
            {
                Head::Plain
            }
            other => other,
        };
    }

    fn last_is_symbol(&self, symbol: &str) -> bool {
        self.last.is_some_and(|last| last.is_symbol(symbol))
    }

    fn mysql(&mut self, token: &Token<'_>) {
        let after_end = self.last.is_some_and(|last| last.is("END"));
        if token.is("END") {
            self.depth = self.depth.saturating_sub(1);
        } else if token.is("CASE") {
            self.depth += usize::from(!after_end);
        } else if token.is("BEGIN")
            || token.is_any(&BLOCKS) && !after_end && self.begins_statement()
        {
            self.depth += 1;
        }
    }

    /// Could a statement of the body begin here? `IF(` of an expression never stands there.
    fn begins_statement(&self) -> bool {
        let Some(last) = self.last else { return false };
        if last.is_symbol(";") || last.is_symbol(":") || last.is_any(&BEGINNERS) {
            return true;
        }
        let follows = self
            .before_last
            .is_some_and(|token| token.is_any(&["FOLLOWS", "PRECEDES"]));
        self.depth == 0
            && (last.is_symbol(")")
                || last.is_any(&CHARACTERISTICS)
                || last.kind == Kind::String
                || follows)
    }

    /// A SQL-standard body: BEGIN ATOMIC … END, with CASE expressions inside.
    fn postgres(&mut self, token: &Token<'_>) {
        let begins = token.is("ATOMIC") && self.last.is_some_and(|last| last.is("BEGIN"));
        if begins || self.depth > 0 && token.is("CASE") {
            self.depth += 1;
        } else if self.depth > 0 && token.is("END") {
            self.depth -= 1;
        }
    }
}
