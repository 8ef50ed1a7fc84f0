//! Which settings of a session change where a string ends, and does a statement change them?
//!
//! Sources: MySQL 8.0 Reference Manual, 7.1.11 (ANSI_QUOTES, NO_BACKSLASH_ESCAPES, and ANSI, which has the
//! first); PostgreSQL documentation, 20.13.1 (standard_conforming_strings).

use super::{
    Dialect,
    lexer::Kind,
    session_use::assignments,
    words::{Token, sequence},
};

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
        match dialect {
            Dialect::Mysql => assignments(&tokens[1..])
                .into_iter()
                .filter_map(sql_mode)
                .fold(self, Modes::behind_sql_mode),
            Dialect::Postgres => match conforming(tokens) {
                Some(Some(is_on)) => Modes {
                    backslash: !is_on,
                    ..self
                },
                _ => self,
            },
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

/// What `sql_mode = …` of this session is assigned; none where it is another variable, or the server's.
fn sql_mode<'a, 'b>(assignment: &'b [Token<'a>]) -> Option<&'b [Token<'a>]> {
    let at = assignment.iter().position(|token| token.is("sql_mode"))?;
    let value = &assignment[at + 1..];
    let is_assigned = value
        .first()
        .is_some_and(|sign| sign.is_symbol("=") || sign.is_symbol(":"));
    let others = ["global", "persist", "persist_only"];
    let is_other = assignment[..at].iter().any(|token| token.is_any(&others));
    (is_assigned && !is_other).then_some(value)
}

/// PostgreSQL's setting, where a statement sets it: on or off; none of both where the words do not say.
/// Source: PostgreSQL documentation, 19.1.1 (a boolean's values, and what abbreviates them).
pub(super) fn conforming(tokens: &[Token<'_>]) -> Option<Option<bool>> {
    const SETTING: &str = "standard_conforming_strings";
    if sequence(tokens, &["reset", SETTING]) {
        return Some(None);
    }
    let quoted = |token: &Token<'_>| {
        token.kind == Kind::String && token.text.to_ascii_lowercase().contains(SETTING)
    };
    if tokens.iter().any(|token| token.is("set_config")) && tokens.iter().any(quoted) {
        return Some(None);
    }
    if !tokens.first().is_some_and(|verb| verb.is("set")) {
        return None;
    }
    let scoped = tokens.get(1)?.is_any(&["session", "local"]);
    let rest = &tokens[1 + usize::from(scoped)..];
    if rest.first()?.name(Dialect::Postgres) != SETTING {
        return None;
    }
    let value = match rest.get(2..)? {
        [value] => value.text.trim_matches('\'').to_ascii_lowercase(),
        _ => return Some(None),
    };
    let is = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    let on = is("on", 2) || is("true", 1) || is("yes", 1) || value == "1";
    let off = is("off", 2) || is("false", 1) || is("no", 1) || value == "0";
    Some((on != off).then_some(on))
}
