//! From the words of a statement to its clauses: brackets, commas and the first words of each. No grammar: what it does
//! not know is `Act::Other`.

use super::clause::{Act, Clause};
use crate::sql::{Dialect, Token, TokenKind};
use std::ops::Range;

/// Words that begin a key, a check or the like where a column could stand.
fn keys(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Mysql => &[
            "constraint",
            "primary",
            "unique",
            "foreign",
            "check",
            "key",
            "index",
            "fulltext",
            "spatial",
            "like",
        ],
        Dialect::Postgres => &[
            "constraint",
            "primary",
            "unique",
            "foreign",
            "check",
            "exclude",
            "like",
        ],
    }
}

/// A name as the server knows it; MySQL's in small letters, since its columns are compared so.
pub fn folded(dialect: Dialect, token: &Token<'_>) -> String {
    match dialect {
        Dialect::Mysql => token.name(dialect).to_lowercase(),
        Dialect::Postgres => token.name(dialect),
    }
}

/// The last part of `schema.name`, and how many tokens both are.
pub fn name(dialect: Dialect, tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
    let first = tokens.first().filter(|token| is_name(token))?;
    let dot = tokens.get(1).is_some_and(|token| token.is_symbol("."));
    match tokens.get(2).filter(|token| dot && is_name(token)) {
        Some(last) => Some((folded(dialect, last), 3)),
        None => Some((folded(dialect, first), 1)),
    }
}

/// What stands in the bracket that opens at `open`, without it.
pub fn bracket(tokens: &[Token<'_>], open: usize) -> Range<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return open + 1..index;
            }
        }
    }
    (open + 1).min(tokens.len())..tokens.len()
}

/// What stands between the commas that are in no bracket.
pub fn parts<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut depth = 0_i32;
    tokens
        .split(move |token| {
            depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
            depth == 0 && token.is_symbol(",")
        })
        .filter(|part| !part.is_empty())
}

/// How many of the first tokens are among these words.
pub fn skip(tokens: &[Token<'_>], words: &[&str]) -> usize {
    tokens
        .iter()
        .take_while(|token| token.is_any(words))
        .count()
}

/// The columns and keys in the brackets of a CREATE TABLE; `tokens` begin behind the table's name.
pub fn elements<'a>(dialect: Dialect, tokens: &[Token<'a>]) -> Vec<Clause<'a>> {
    let open = tokens.iter().position(|token| {
        token.is_symbol("(") || token.is_any(&["as", "select", "of", "partition"])
    });
    let Some(open) = open.filter(|open| tokens[*open].is_symbol("(")) else {
        return Vec::new();
    };
    parts(&tokens[bracket(tokens, open)])
        .map(|part| column_or_key(dialect, part, 0, (Act::Column, Act::Key)))
        .collect()
}

/// The actions of an ALTER TABLE; `tokens` begin behind the table's name.
pub fn actions<'a>(dialect: Dialect, tokens: &[Token<'a>]) -> Vec<Clause<'a>> {
    parts(tokens)
        .flat_map(|part| action(dialect, part))
        .collect()
}

fn column_or_key<'a>(
    dialect: Dialect,
    part: &[Token<'a>],
    at: usize,
    (column, key): (Act, Act),
) -> Clause<'a> {
    let is_key = part
        .get(at)
        .is_some_and(|first| first.is_any(keys(dialect)));
    let named = match is_key {
        true => part
            .get(at)
            .filter(|first| first.is("constraint"))
            .and_then(|_| part.get(at + 1)),
        false => part.get(at),
    };
    let body = match is_key {
        true => at,
        false => at + 1,
    };
    Clause {
        act: if is_key { key } else { column },
        dialect,
        name: named.map(|token| folded(dialect, token)),
        tokens: part.to_vec(),
        body: body.min(part.len()),
    }
}

fn action<'a>(dialect: Dialect, part: &[Token<'a>]) -> Vec<Clause<'a>> {
    let first = &part[0];
    let is_mysql = dialect == Dialect::Mysql;
    if first.is("add") {
        return added(dialect, part);
    }
    let behind = |words: &[&str]| 1 + skip(&part[1..], words);
    let (act, at) = if first.is("drop") {
        let others = [
            "constraint",
            "primary",
            "index",
            "key",
            "foreign",
            "check",
            "partition",
        ];
        match part.get(1).is_some_and(|next| next.is_any(&others)) {
            true => (
                Act::DropKey,
                behind(&[
                    "constraint",
                    "index",
                    "key",
                    "foreign",
                    "check",
                    "if",
                    "exists",
                ]),
            ),
            false => (Act::DropColumn, behind(&["column", "if", "exists"])),
        }
    } else if first.is("alter") {
        match part
            .get(1)
            .is_some_and(|next| next.is_any(&["constraint", "index", "check"]))
        {
            true => (Act::Other, 1),
            false => (Act::AlterColumn, behind(&["column"])),
        }
    } else if is_mysql && first.is("modify") {
        (Act::Redefine, behind(&["column"]))
    } else if is_mysql && first.is("change") {
        // The old name; the new one stands behind it.
        let old = behind(&["column"]);
        let mut clause = of(dialect, part, Act::Redefine, old);
        clause.body = (old + 2).min(part.len());
        return vec![clause];
    } else if first.is("rename") {
        (
            Act::Rename,
            behind(&["column", "constraint", "index", "key", "to", "as"]),
        )
    } else {
        (Act::Other, 0)
    };
    vec![of(dialect, part, act, at)]
}

fn of<'a>(dialect: Dialect, part: &[Token<'a>], act: Act, at: usize) -> Clause<'a> {
    Clause {
        act,
        dialect,
        name: part
            .get(at)
            .filter(|_| act != Act::Other)
            .map(|token| folded(dialect, token)),
        tokens: part.to_vec(),
        body: match act {
            Act::Other => 0,
            _ => (at + 1).min(part.len()),
        },
    }
}

fn added<'a>(dialect: Dialect, part: &[Token<'a>]) -> Vec<Clause<'a>> {
    let at = 1 + skip(&part[1..], &["column", "if", "not", "exists"]);
    match part.get(at) {
        // MySQL: several columns in brackets.
        Some(open) if open.is_symbol("(") => {
            let inner: Vec<_> = parts(&part[bracket(part, at)]).collect();
            let acts = (Act::AddColumn, Act::AddKey);
            inner
                .into_iter()
                .map(|one| column_or_key(dialect, one, 0, acts))
                .collect()
        }
        Some(word) if word.is_any(&["partition", "value", "generated", "period"]) => {
            vec![of(dialect, part, Act::Other, 0)]
        }
        _ => vec![column_or_key(
            dialect,
            part,
            at,
            (Act::AddColumn, Act::AddKey),
        )],
    }
}
