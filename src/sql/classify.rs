//! What kind of statement is it: what does it do, to what, and does it commit?
//!
//! Sources: MySQL 8.0 Reference Manual, 15.3.3 (implicit commit); PostgreSQL documentation of each
//! command named; TimescaleDB's sources for its procedures that commit.

use super::{
    Dialect,
    lexer::Kind,
    session_use::{SessionUse, session_uses},
    timescale,
    words::{Token, contains, sequence},
};
use crate::visible;

/// The first word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Alter,
    Drop,
    Rename,
    Truncate,
    Insert,
    Update,
    Delete,
    Replace,
    Select,
    Call,
    Set,
    Grant,
    Revoke,
    Analyze,
    Optimize,
    Other,
}

/// An object that a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// table, index, view, trigger, procedure, function, event, database, …
    pub kind: &'static str,
    pub schema: Option<String>,
    pub name: String,
    /// Table of an index or a trigger.
    pub on: Option<String>,
}

/// When a statement's effect is there for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// It commits by itself, and whatever was open before.
    ImplicitCommit,
    /// With the transaction around it.
    Transactional,
    /// It opens or ends a transaction.
    Control,
    /// It changes only the session.
    Session,
}

/// What is known about a statement from its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub verb: Verb,
    pub objects: Vec<ObjectRef>,
    pub commits: Commits,
    /// PostgreSQL: why it cannot run inside a transaction.
    pub outside_transaction: Option<&'static str>,
    /// TimescaleDB: does it fill a continuous aggregate, which commits by itself?
    pub fills_aggregate: bool,
    /// TimescaleDB: the table that it makes a hypertable.
    pub hypertable: Option<String>,
    /// Does it say CONCURRENTLY?
    pub concurrently: bool,
    pub session: Vec<SessionUse>,
    /// MySQL: all of it stands in `/*!80404 … */`, so that it is nothing for a server below that version.
    pub since: Option<u32>,
    /// A blank or sign without width that is none of SQL's, in a name without quotes; and where.
    pub invisible: Option<(char, usize)>,
}

const VERBS: [(&str, Verb); 16] = [
    ("create", Verb::Create),
    ("alter", Verb::Alter),
    ("drop", Verb::Drop),
    ("rename", Verb::Rename),
    ("truncate", Verb::Truncate),
    ("insert", Verb::Insert),
    ("update", Verb::Update),
    ("delete", Verb::Delete),
    ("replace", Verb::Replace),
    ("select", Verb::Select),
    ("call", Verb::Call),
    ("set", Verb::Set),
    ("grant", Verb::Grant),
    ("revoke", Verb::Revoke),
    ("analyze", Verb::Analyze),
    ("optimize", Verb::Optimize),
];

/// Words that may stand between the verb and an object's kind.
const BETWEEN: [&str; 16] = [
    "or",
    "replace",
    "unique",
    "fulltext",
    "spatial",
    "temporary",
    "temp",
    "unlogged",
    "materialized",
    "online",
    "offline",
    "algorithm",
    "concurrently",
    "foreign",
    "constraint",
    "global",
];

const KINDS: [&str; 17] = [
    "table",
    "index",
    "view",
    "trigger",
    "procedure",
    "function",
    "event",
    "database",
    "schema",
    "sequence",
    "type",
    "domain",
    "extension",
    "role",
    "user",
    "policy",
    "tablespace",
];

/// Reads the facts off the tokens of one statement.
pub(super) fn classify(dialect: Dialect, text: &str, tokens: &[Token<'_>]) -> Facts {
    let verb = tokens
        .first()
        .and_then(|first| VERBS.iter().find(|(word, _)| first.is(word)))
        .map_or(Verb::Other, |(_, verb)| *verb);
    let objects = objects(dialect, tokens);
    let outside_transaction = match dialect {
        Dialect::Mysql => None,
        Dialect::Postgres => outside_transaction(text, tokens),
    };
    Facts {
        verb,
        commits: match dialect {
            Dialect::Mysql => mysql_commits(verb, tokens),
            Dialect::Postgres => postgres_commits(tokens),
        },
        fills_aggregate: outside_transaction.is_some() && timescale::fills_aggregate(verb, tokens),
        hypertable: match dialect {
            Dialect::Mysql => None,
            Dialect::Postgres => timescale::made_hypertable(verb, &objects, tokens),
        },
        concurrently: contains(tokens, &["concurrently"]),
        outside_transaction,
        session: session_uses(dialect, tokens),
        since: None,
        invisible: invisible(tokens),
        objects,
    }
}

/// Neither server takes these for blanks, and nobody sees them.
fn invisible(tokens: &[Token<'_>]) -> Option<(char, usize)> {
    tokens
        .iter()
        .filter(|token| token.kind == Kind::Word && !token.text.is_ascii())
        .find_map(|token| {
            let found = |c: &char| c.is_whitespace() || visible::is_hidden(*c);
            Some((token.text.chars().find(found)?, token.at))
        })
}

fn mysql_commits(verb: Verb, tokens: &[Token<'_>]) -> Commits {
    let Some(first) = tokens.first() else {
        return Commits::Session;
    };
    let control = [
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "release",
        "xa",
        "start",
    ];
    if first.is_any(&control) {
        return Commits::Control;
    }
    match verb {
        Verb::Insert | Verb::Update | Verb::Delete | Verb::Replace | Verb::Select => {
            Commits::Transactional
        }
        Verb::Set if contains(tokens, &["autocommit"]) => Commits::Control,
        Verb::Set
            if tokens.get(1).is_some_and(|t| {
                t.is_any(&["global", "persist", "password", "role", "default"])
            }) =>
        {
            Commits::ImplicitCommit
        }
        Verb::Set => Commits::Session,
        _ if first.is_any(&["with", "do", "values", "table", "load"]) => Commits::Transactional,
        _ if first.is_any(&["prepare", "execute", "deallocate", "lock", "unlock"]) => {
            Commits::Session
        }
        _ => Commits::ImplicitCommit,
    }
}

fn postgres_commits(tokens: &[Token<'_>]) -> Commits {
    let Some(first) = tokens.first() else {
        return Commits::Session;
    };
    let control = [
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "release",
        "end",
        "abort",
        "start",
    ];
    if first.is_any(&control) || sequence(tokens, &["prepare", "transaction"]) {
        return Commits::Control;
    }
    if first.is_any(&[
        "set",
        "reset",
        "discard",
        "listen",
        "unlisten",
        "prepare",
        "deallocate",
    ]) {
        return Commits::Session;
    }
    Commits::Transactional
}

/// Procedures of TimescaleDB that commit inside, so that a transaction around them is refused.
const COMMITTING: [&str; 6] = [
    "refresh_continuous_aggregate",
    "run_job",
    "cagg_migrate",
    "convert_to_columnstore",
    "convert_to_rowstore",
    "merge_chunks",
];

fn outside_transaction(text: &str, tokens: &[Token<'_>]) -> Option<&'static str> {
    let first = tokens.first()?;
    let second = tokens.get(1);
    let is_second = |words: &[&str]| second.is_some_and(|token| token.is_any(words));
    if first.is_any(&["create", "drop", "reindex", "refresh", "alter"])
        && contains(tokens, &["concurrently"])
    {
        return match first.text.to_ascii_lowercase().as_str() {
            "refresh" => None,
            "alter" => Some("DETACH PARTITION … CONCURRENTLY waits for other transactions"),
            _ => Some(
                "an index that is built, rebuilt or dropped CONCURRENTLY waits for other transactions",
            ),
        };
    }
    if first.is("vacuum") {
        return Some("VACUUM runs outside of transactions");
    }
    if first.is_any(&["create", "drop"]) && is_second(&["database", "tablespace"]) {
        return Some("databases and tablespaces are made outside of transactions");
    }
    if sequence(tokens, &["alter", "system"]) {
        return Some("ALTER SYSTEM runs outside of transactions");
    }
    let calls = |name: &&str| tokens.iter().any(|token| token.is(name));
    if first.is("call") && COMMITTING.iter().any(calls) {
        return Some("this procedure commits inside");
    }
    if !first.is("create") {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("timescaledb.transaction_per_chunk") {
        return Some("timescaledb.transaction_per_chunk commits after every chunk");
    }
    let continuous = sequence(tokens, &["create", "materialized", "view"])
        && (lower.contains("timescaledb.continuous") || lower.contains("tsdb.continuous"));
    (continuous && !contains(tokens, &["with", "no", "data"])).then_some(
        "a continuous aggregate WITH DATA, the default, is refreshed at once; write WITH NO DATA",
    )
}

/// The object that CREATE, ALTER, DROP, RENAME, TRUNCATE or a data statement names first.
fn objects(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<ObjectRef> {
    let Some(first) = tokens.first() else {
        return Vec::new();
    };
    if first.is_any(&["create", "alter", "drop"]) {
        return defined(dialect, tokens);
    }
    let skip: &[&str] = &[
        "table",
        "into",
        "from",
        "ignore",
        "low_priority",
        "delayed",
        "only",
        "local",
        "tables",
        "if",
        "exists",
    ];
    if !first.is_any(&[
        "insert", "replace", "update", "delete", "truncate", "rename", "analyze", "optimize",
    ]) {
        return Vec::new();
    }
    let rest: Vec<_> = tokens
        .iter()
        .copied()
        .skip(1)
        .skip_while(|token| token.is_any(skip))
        .collect();
    names(dialect, "table", &rest)
}

fn defined(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<ObjectRef> {
    // DEFINER = `a`@`b` and the like stand before the kind, so the kind is looked for.
    let Some(index) = tokens.iter().position(|token| token.is_any(&KINDS)) else {
        return Vec::new();
    };
    let kind = KINDS
        .iter()
        .find(|kind| tokens[index].is(kind))
        .copied()
        .unwrap_or("table");
    let rest: Vec<_> = tokens[index + 1..]
        .iter()
        .copied()
        .skip_while(|token| {
            token.is_any(&BETWEEN) || token.is_any(&["if", "not", "exists", "only"])
        })
        .collect();
    let mut objects = names(dialect, kind, &rest);
    let on = rest
        .iter()
        .position(|token| token.is("on"))
        .map(|position| {
            rest[position + 1..]
                .iter()
                .copied()
                .skip_while(|token| token.is("only"))
                .collect::<Vec<_>>()
        });
    if matches!(kind, "index" | "trigger" | "policy")
        && let Some(table) = on.and_then(|on| names(dialect, "table", &on).into_iter().next())
        && let Some(object) = objects.first_mut()
    {
        object.on = Some(table.name);
    }
    objects
}

/// `schema.name, schema.name …`
fn names(dialect: Dialect, kind: &'static str, tokens: &[Token<'_>]) -> Vec<ObjectRef> {
    let is_name = |token: &Token<'_>| matches!(token.kind, Kind::Word | Kind::Quoted);
    let mut objects = Vec::new();
    let mut rest = tokens;
    while let Some(first) = rest.first().filter(|token| is_name(token)) {
        let qualified =
            rest.get(1).is_some_and(|dot| dot.is_symbol(".")) && rest.get(2).is_some_and(is_name);
        let (schema, name, used) = if qualified {
            (Some(first.name(dialect)), rest[2].name(dialect), 3)
        } else {
            (None, first.name(dialect), 1)
        };
        objects.push(ObjectRef {
            kind,
            schema,
            name,
            on: None,
        });
        match rest.get(used) {
            Some(comma) if comma.is_symbol(",") => rest = &rest[used + 1..],
            _ => break,
        }
    }
    objects
}
