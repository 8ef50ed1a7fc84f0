//! Which settings of a session change where a string ends, and does a statement change them?
//!
//! Sources: MySQL 8.0 Reference Manual, 7.1.11 (ANSI_QUOTES, NO_BACKSLASH_ESCAPES, and ANSI, which has the
//! first); PostgreSQL documentation, 20.13.1 (standard_conforming_strings).

use super::{Dialect, lexer::Kind, words::Token};

/// The settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// Does a backslash escape in a plain string?
    pub backslash: bool,
    /// MySQL: is `"…"` an identifier?
    pub ansi_quotes: bool,
}

impl Modes {
    /// Those that the runner gives every file.
    pub fn of(dialect: Dialect) -> Modes {
        Modes {
            backslash: dialect == Dialect::Mysql,
            ansi_quotes: false,
        }
    }

    /// Those behind the statement of these tokens: a `SET` may change them.
    pub(super) fn behind(self, dialect: Dialect, tokens: &[Token<'_>]) -> Modes {
        if !tokens.first().is_some_and(|verb| verb.is("set")) {
            return self;
        }
        let setting = match dialect {
            Dialect::Mysql => "sql_mode",
            Dialect::Postgres => "standard_conforming_strings",
        };
        // `@@sql_mode` on the right-hand side is what the new value is made of.
        let Some(index) = tokens.iter().position(|token| token.is(setting)) else {
            return self;
        };
        match dialect {
            Dialect::Mysql => self.behind_sql_mode(&tokens[index + 1..]),
            Dialect::Postgres => {
                let off = |token: &Token<'_>| {
                    ["off", "'off'", "false", "0"].contains(&token.text.to_lowercase().as_str())
                };
                Modes {
                    backslash: tokens[index + 1..].iter().any(off),
                    ..self
                }
            }
        }
    }

    fn behind_sql_mode(self, value: &[Token<'_>]) -> Modes {
        let words: Vec<String> = value
            .iter()
            .filter(|token| matches!(token.kind, Kind::String | Kind::Word | Kind::Quoted))
            .flat_map(|token| {
                token
                    .text
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            })
            .map(str::to_ascii_uppercase)
            .collect();
        let has = |word: &str| words.iter().any(|one| one == word);
        let keeps = has("SQL_MODE");
        Modes {
            backslash: !has("NO_BACKSLASH_ESCAPES") && (self.backslash || !keeps),
            ansi_quotes: has("ANSI_QUOTES") || has("ANSI") || keeps && self.ansi_quotes,
        }
    }
}
