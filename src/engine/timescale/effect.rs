//! How is a PostgreSQL statement decided that cannot share a transaction with its journal row? Pure.
//!
//! Everything else runs in one transaction with the row and needs no evidence.
//! Sources: PostgreSQL documentation of each command named; TimescaleDB's create index.

use super::index::IndexStatement;
use crate::sql::{Dialect, Statement, Token, TokenKind, sequence};

/// How a statement in flight is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Running it twice is running it once.
    Repeatable,
    /// An index is made: a new valid one like it tells, a new invalid one is left over.
    IndexMade(IndexStatement),
    /// These indexes are dropped.
    IndexDropped {
        indexes: Vec<String>,
    },
    /// Indexes are rebuilt; invalid copies may be left over.
    Reindexed(Rebuilt),
    /// A partition is detached.
    Detached {
        partition: String,
        /// The statement up to `DETACH`.
        head: String,
    },
    /// A continuous aggregate is made and then filled.
    AggregateMade {
        view: String,
        /// The statement that makes the same one, called [`TRIAL`] and unfilled.
        trial: String,
    },
    DatabaseMade {
        name: String,
    },
    DatabaseDropped {
        name: String,
    },
    /// Nothing that can be seen tells; why.
    Hidden(&'static str),
}

/// Whose indexes are rebuilt, named as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rebuilt {
    Index(String),
    Table(String),
    Schema(String),
    Database,
}

/// What an aggregate is called that is made to be compared.
pub const TRIAL: &str = "public.sgmp_db_trial";

/// Statements that may be repeated safely, by their first words.
pub const REPEATABLE: [&[&str]; 6] = [
    &["vacuum"],
    &["analyze"],
    &["checkpoint"],
    &["alter", "system"],
    &["alter", "database"],
    &["cluster"],
];

/// Procedures of TimescaleDB that may be called again.
/// `run_job` runs what runs on its own schedule anyway.
pub const REPEATABLE_PROCEDURES: [&str; 4] = [
    "refresh_continuous_aggregate",
    "run_job",
    "convert_to_columnstore",
    "convert_to_rowstore",
];

/// How the statement is decided when nobody knows how it ended.
pub fn effect(statement: &Statement) -> Effect {
    let (text, tokens) = (statement.text(), statement.tokens());
    if REPEATABLE.iter().any(|words| sequence(&tokens, words)) {
        return Effect::Repeatable;
    }
    let first = |word: &str| tokens.first().is_some_and(|token| token.is(word));
    if first("call") {
        let repeatable = tokens
            .iter()
            .any(|token| REPEATABLE_PROCEDURES.iter().any(|name| token.is(name)));
        return if repeatable {
            Effect::Repeatable
        } else {
            Effect::Hidden("a procedure may have committed a part of what it does")
        };
    }
    if first("do") {
        return Effect::Hidden("a DO block may have committed a part of what it does");
    }
    let unreadable = Effect::Hidden("what it names cannot be read off it");
    if first("reindex") {
        return rebuilt(&tokens).map_or(unreadable, Effect::Reindexed);
    }
    if first("create") && kind_is(&tokens, "index") {
        return IndexStatement::read(text).map_or(unreadable, Effect::IndexMade);
    }
    if first("drop") && kind_is(&tokens, "index") {
        let indexes = dropped(&tokens);
        return if indexes.is_empty() {
            unreadable
        } else {
            Effect::IndexDropped { indexes }
        };
    }
    if first("alter")
        && let Some(detached) = detached(text, &tokens)
    {
        return detached;
    }
    if sequence(&tokens, &["create", "materialized", "view"]) {
        return aggregate(text, &tokens).unwrap_or(unreadable);
    }
    let plain = |words: &[&str]| sequence(&tokens, words).then(|| tokens.get(2)).flatten();
    if let Some(name) = plain(&["create", "database"]) {
        return Effect::DatabaseMade {
            name: name.name(Dialect::Postgres),
        };
    }
    if sequence(&tokens, &["drop", "database"]) {
        return tokens[2..]
            .iter()
            .find(|token| !token.is_any(&["if", "exists"]))
            .map_or(unreadable, |name| Effect::DatabaseDropped {
                name: name.name(Dialect::Postgres),
            });
    }
    Effect::Hidden("its effect is not among what can be compared")
}

fn kind_is(tokens: &[Token<'_>], kind: &str) -> bool {
    tokens.iter().skip(1).take(2).any(|token| token.is(kind))
}

/// `REINDEX [(…)] INDEX | TABLE | SCHEMA | DATABASE [CONCURRENTLY] name`.
fn rebuilt(tokens: &[Token<'_>]) -> Option<Rebuilt> {
    let kinds = ["index", "table", "schema", "database", "system"];
    let at = tokens.iter().position(|token| token.is_any(&kinds))?;
    let rest = &tokens[at + 1..];
    let skipped = usize::from(rest.first().is_some_and(|token| token.is("concurrently")));
    let named = || name(&rest[skipped..]).map(|(name, _)| name);
    match tokens[at].text.to_ascii_lowercase().as_str() {
        "index" => named().map(Rebuilt::Index),
        "table" => named().map(Rebuilt::Table),
        "schema" => named().map(Rebuilt::Schema),
        _ => Some(Rebuilt::Database),
    }
}

/// `ALTER TABLE … DETACH PARTITION p …`.
fn detached(text: &str, tokens: &[Token<'_>]) -> Option<Effect> {
    let at = (0..tokens.len()).find(|at| sequence(&tokens[*at..], &["detach", "partition"]))?;
    let (partition, _) = name(&tokens[at + 2..])?;
    Some(Effect::Detached {
        partition,
        head: text[..tokens[at].at].to_owned(),
    })
}

/// `CREATE MATERIALIZED VIEW [IF NOT EXISTS] v … [WITH DATA]`.
fn aggregate(text: &str, tokens: &[Token<'_>]) -> Option<Effect> {
    let skip = ["if", "not", "exists"];
    let rest = &tokens[3..];
    let skipped = rest.iter().take_while(|token| token.is_any(&skip)).count();
    let (view, used) = name(&rest[skipped..])?;
    let behind = rest.get(skipped + used)?;
    let mut end = text.len();
    if let [.., with, data] = rest
        && with.is("with")
        && data.is("data")
    {
        end = with.at;
    }
    let definition = text.get(behind.at..end)?.trim_end();
    let trial = format!("CREATE MATERIALIZED VIEW {TRIAL} {definition}\nWITH NO DATA");
    Some(Effect::AggregateMade { view, trial })
}

/// `name` or `schema.name` as written, and how many tokens it takes.
pub fn name(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let is_name = |token: &&Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
    let first = tokens.first().filter(is_name)?;
    let dotted = tokens.get(1).is_some_and(|dot| dot.is_symbol("."));
    match tokens.get(2).filter(|token| dotted && is_name(token)) {
        Some(second) => Some((format!("{}.{}", first.text, second.text), 3)),
        None => Some((first.text.to_owned(), 1)),
    }
}

fn dropped(tokens: &[Token<'_>]) -> Vec<String> {
    let skip = ["index", "concurrently", "if", "exists"];
    let mut rest: Vec<_> = tokens
        .iter()
        .copied()
        .skip(1)
        .skip_while(|token| token.is_any(&skip))
        .collect();
    let mut names = Vec::new();
    while let Some((found, used)) = name(&rest) {
        names.push(found);
        rest.drain(..used);
        match rest.first() {
            Some(comma) if comma.is_symbol(",") => drop(rest.remove(0)),
            _ => break,
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(text: &str) -> Effect {
        super::effect(&Statement::of(Dialect::Postgres, text))
    }

    #[test]
    fn an_index_is_decided_by_the_indexes_of_its_table() {
        for text in [
            "CREATE INDEX CONCURRENTLY i ON public.\"T\" (a)",
            "CREATE UNIQUE INDEX CONCURRENTLY ON ONLY public.\"T\" (a)",
            "CREATE INDEX i ON public.\"T\" (a) WITH (timescaledb.transaction_per_chunk)",
        ] {
            let Effect::IndexMade(index) = effect(text) else {
                panic!("{text}");
            };
            assert_eq!(index.table, "public.\"T\"", "{text}");
        }
        assert_eq!(
            effect("DROP INDEX CONCURRENTLY IF EXISTS a, b.c CASCADE"),
            Effect::IndexDropped {
                indexes: vec!["a".to_owned(), "b.c".to_owned()]
            }
        );
    }

    #[test]
    fn what_does_the_same_twice_is_repeated_and_the_rest_is_not_guessed() {
        for text in [
            "VACUUM (ANALYZE) t",
            "CALL refresh_continuous_aggregate('a', NULL, NULL)",
            "CALL public.run_job(1000)",
        ] {
            assert_eq!(effect(text), Effect::Repeatable, "{text}");
        }
        assert!(matches!(effect("CALL mine()"), Effect::Hidden(_)));
        assert!(matches!(
            effect("CREATE TABLESPACE x LOCATION '/'"),
            Effect::Hidden(_)
        ));
        // The table's name may begin like the word that is looked for.
        assert_eq!(
            effect("ALTER TABLE detached DETACH PARTITION s.p1 CONCURRENTLY"),
            Effect::Detached {
                partition: "s.p1".to_owned(),
                head: "ALTER TABLE detached ".to_owned(),
            }
        );
    }

    #[test]
    fn what_is_rebuilt_is_named() {
        for (text, rebuilt) in [
            (
                "REINDEX INDEX CONCURRENTLY public.i",
                Rebuilt::Index("public.i".to_owned()),
            ),
            (
                "REINDEX (CONCURRENTLY, VERBOSE) TABLE \"T\"",
                Rebuilt::Table("\"T\"".to_owned()),
            ),
            (
                "REINDEX SCHEMA CONCURRENTLY s",
                Rebuilt::Schema("s".to_owned()),
            ),
            ("REINDEX DATABASE CONCURRENTLY d", Rebuilt::Database),
            ("REINDEX (CONCURRENTLY) DATABASE", Rebuilt::Database),
        ] {
            assert_eq!(effect(text), Effect::Reindexed(rebuilt), "{text}");
        }
    }

    #[test]
    fn an_aggregate_is_tried_unfilled_and_under_another_name() {
        for end in ["", " WITH DATA"] {
            let text = format!(
                "CREATE MATERIALIZED VIEW IF NOT EXISTS s.v WITH (timescaledb.continuous) AS SELECT 1{end}"
            );
            assert_eq!(
                effect(&text),
                Effect::AggregateMade {
                    view: "s.v".to_owned(),
                    trial: format!(
                        "CREATE MATERIALIZED VIEW {TRIAL} WITH (timescaledb.continuous) AS SELECT 1\nWITH NO DATA"
                    ),
                }
            );
        }
    }
}
