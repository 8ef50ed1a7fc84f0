//! What does a CREATE INDEX statement say? Read off it, and written anew for another table. Pure.

use super::effect::name;
use crate::sql::{Dialect, Token, tokens};

/// A CREATE INDEX statement in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatement {
    /// As the server knows it; none where the server chooses it.
    pub name: Option<String>,
    /// As SQL.
    pub table: String,
    /// `IF NOT EXISTS`.
    pub if_absent: bool,
    unique: bool,
    /// What stands behind the table.
    tail: String,
}

impl IndexStatement {
    /// Reads it; none where it is no CREATE INDEX, or an unusual one.
    pub fn read(text: &str) -> Option<IndexStatement> {
        let all = tokens(Dialect::Postgres, text);
        let unique = all.get(1)?.is("unique");
        let head = 1 + usize::from(unique);
        if !all.first()?.is("create") || !all.get(head)?.is("index") {
            return None;
        }
        let mut rest = &all[head + 1..];
        let skip = |rest: &mut &[Token<'_>], words: &[&str]| {
            let used = rest.iter().take_while(|token| token.is_any(words)).count();
            *rest = &rest[used..];
            used > 0
        };
        skip(&mut rest, &["concurrently"]);
        let if_absent = skip(&mut rest, &["if", "not", "exists"]);
        let named = rest.first().filter(|token| !token.is("on"));
        let name_of_index = named.map(|token| token.name(Dialect::Postgres));
        rest = &rest[usize::from(named.is_some())..];
        if !skip(&mut rest, &["on"]) {
            return None;
        }
        skip(&mut rest, &["only"]);
        let (table, used) = name(rest)?;
        Some(IndexStatement {
            name: name_of_index,
            table,
            if_absent,
            unique,
            tail: plain(text, &rest[used..]),
        })
    }

    /// The same index on another table, named by the server and made at once.
    pub fn on(&self, table: &str) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        format!("CREATE {unique}INDEX ON {table} {}", self.tail)
    }
}

/// The text of these tokens without options of TimescaleDB's, which say how to build and not what.
fn plain(text: &str, tail: &[Token<'_>]) -> String {
    let Some(first) = tail.first() else {
        return String::new();
    };
    let Some((with, end)) = options(tail) else {
        return text[first.at..].to_owned();
    };
    let kept: Vec<String> = parts(&tail[with + 2..end])
        .into_iter()
        .filter(|part| !is_timescales(part))
        .map(|part| of(text, part).to_owned())
        .collect();
    let before = &text[first.at..tail[with].at];
    let behind = &text[tail[end].at + 1..];
    match kept.as_slice() {
        [] => format!("{before}{behind}"),
        kept => format!("{before}WITH ({}){behind}", kept.join(", ")),
    }
}

/// Where `WITH (` and its closing bracket are.
fn options(tail: &[Token<'_>]) -> Option<(usize, usize)> {
    let (mut depth, mut with) = (0_usize, None);
    for (index, token) in tail.iter().enumerate() {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            if let Some(with) = with.filter(|_| depth == 0) {
                return Some((with, index));
            }
        } else if depth == 0
            && token.is("with")
            && tail.get(index + 1).is_some_and(|next| next.is_symbol("("))
        {
            with = Some(index);
        }
    }
    None
}

fn parts<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    tokens
        .split(|token| token.is_symbol(","))
        .filter(|part| !part.is_empty())
        .collect()
}

fn is_timescales(part: &[Token<'_>]) -> bool {
    part[0].is_any(&["timescaledb", "tsdb"]) && part.get(1).is_some_and(|dot| dot.is_symbol("."))
}

fn of<'t>(text: &'t str, part: &[Token<'_>]) -> &'t str {
    let end = part
        .last()
        .map_or(part[0].at, |last| last.at + last.text.len());
    &text[part[0].at..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> String {
        IndexStatement::read(text).expect(text).on("x")
    }

    #[test]
    fn the_index_stays_the_same_on_another_table() {
        assert_eq!(
            on(
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON ONLY public.t USING btree (a, (b || ',')) WHERE a > 1"
            ),
            "CREATE UNIQUE INDEX ON x USING btree (a, (b || ',')) WHERE a > 1"
        );
        assert_eq!(
            on(
                "CREATE INDEX i ON h (a) WITH (timescaledb.transaction_per_chunk, fillfactor = 70) WHERE b"
            ),
            "CREATE INDEX ON x (a) WITH (fillfactor = 70) WHERE b"
        );
        assert_eq!(
            on("CREATE INDEX ON h (a) WITH (timescaledb.transaction_per_chunk = true)").trim_end(),
            "CREATE INDEX ON x (a)"
        );
    }

    #[test]
    fn its_name_is_the_servers_or_none() {
        let read = |text: &str| IndexStatement::read(text).expect(text);
        assert_eq!(read("CREATE INDEX \"I\" ON t (a)").name, Some("I".into()));
        assert_eq!(
            read("CREATE INDEX CONCURRENTLY By_A ON t (a)").name,
            Some("by_a".into())
        );
        assert_eq!(read("CREATE INDEX CONCURRENTLY ON t (a)").name, None);
        assert!(read("CREATE INDEX IF NOT EXISTS i ON t (a)").if_absent);
        assert_eq!(IndexStatement::read("CREATE TABLE t (a int)"), None);
    }
}
