//! What each kind of statement leaves to be seen.

use super::{Effect, Proof, Seen, Watched, WatchedKind};
use crate::sql::{Dialect, ObjectRef, Token, TokenKind, contains, sequence};

/// Parts of ALTER TABLE that move or destroy data and leave no trace in the definition.
const TRACELESS: [(&[&str], &str); 5] = [
    (
        &["exchange", "partition"],
        "EXCHANGE PARTITION swaps rows and leaves no trace in either definition",
    ),
    (
        &["truncate", "partition"],
        "TRUNCATE PARTITION leaves no trace in the definition",
    ),
    (
        &["discard", "partition"],
        "DISCARD PARTITION … TABLESPACE leaves no trace in the definition",
    ),
    (
        &["discard", "tablespace"],
        "DISCARD TABLESPACE leaves no trace in the definition",
    ),
    (
        &["import", "tablespace"],
        "IMPORT TABLESPACE leaves no trace in the definition",
    ),
];

/// The kind of object that CREATE, ALTER or DROP is about.
pub fn kind<'a>(tokens: &[Token<'a>]) -> Option<&'static str> {
    const KINDS: [&str; 12] = [
        "table",
        "index",
        "view",
        "trigger",
        "procedure",
        "function",
        "event",
        "database",
        "schema",
        "user",
        "role",
        "tablespace",
    ];
    let found = tokens.iter().find(|token| token.is_any(&KINDS))?;
    KINDS.into_iter().find(|kind| found.is(kind))
}

fn named(objects: &[ObjectRef], kind: WatchedKind) -> Vec<Watched> {
    objects
        .iter()
        .map(|object| Watched {
            kind,
            schema: object.schema.clone(),
            name: object.name.clone(),
        })
        .collect()
}

fn seen(watched: Vec<Watched>, proof: Proof) -> Effect {
    if watched.is_empty() {
        return Effect::Hidden("what it names cannot be read off it");
    }
    Effect::Seen(Seen {
        watched,
        proof,
        may_look_unchanged: false,
    })
}

/// The table of CREATE INDEX and DROP INDEX.
fn indexed(tokens: &[Token<'_>]) -> Effect {
    let on = tokens.iter().position(|token| token.is("on"));
    let watched = on
        .and_then(|on| name(&tokens[on + 1..]))
        .map(|(name, _)| vec![of(WatchedKind::TableDefinition, name)]);
    seen(watched.unwrap_or_default(), Proof::Trial)
}

pub fn create(tokens: &[Token<'_>], objects: &[ObjectRef]) -> Effect {
    match kind(tokens) {
        Some("table") => {
            let mut watched = named(objects, WatchedKind::TableExists);
            // What a query makes of it is not tried out: that could take long.
            let proof = if is_filled(tokens) {
                Proof::Filled
            } else {
                Proof::Trial
            };
            if let (Proof::Trial, Some(original)) = (proof, copied(tokens)) {
                watched.push(of(WatchedKind::TableDefinition, original));
            }
            seen(watched, proof)
        }
        Some("index") => indexed(tokens),
        Some("view") => seen(named(objects, WatchedKind::View), Proof::View),
        Some("trigger") => seen(named(objects, WatchedKind::Trigger), Proof::Body),
        Some("procedure") => seen(named(objects, WatchedKind::Procedure), Proof::Body),
        Some("function") if contains(tokens, &["soname"]) => {
            Effect::Hidden("loadable functions are not among what is compared")
        }
        Some("function") => seen(named(objects, WatchedKind::Function), Proof::Body),
        Some("event") => seen(named(objects, WatchedKind::Event), Proof::Body),
        Some("database" | "schema") => seen(named(objects, WatchedKind::Database), Proof::Made),
        Some("user" | "role") => {
            Effect::Hidden("accounts and their privileges are not among what is compared")
        }
        _ => Effect::Hidden("its effect is not among what can be compared"),
    }
}

/// Does CREATE TABLE take rows from a query: `SELECT …`, `TABLE t` or `VALUES ROW(…)`?
fn is_filled(tokens: &[Token<'_>]) -> bool {
    contains(tokens, &["select"])
        || contains(tokens, &["values", "row"])
        || tokens.iter().filter(|token| token.is("table")).count() > 1
}

/// The original of `CREATE TABLE t LIKE original`, also in brackets. LIKE elsewhere compares strings.
fn copied(tokens: &[Token<'_>]) -> Option<(Option<String>, String)> {
    let at = tokens.iter().position(|token| token.is("table"))?;
    let mut rest = &tokens[at + 1..];
    if sequence(rest, &["if", "not", "exists"]) {
        rest = &rest[3..];
    }
    rest = &rest[name(rest)?.1..];
    if rest.first().is_some_and(|bracket| bracket.is_symbol("(")) {
        rest = &rest[1..];
    }
    let (like, original) = rest.split_first()?;
    name(original)
        .filter(|_| like.is("like"))
        .map(|(name, _)| name)
}

pub fn alter(tokens: &[Token<'_>], objects: &[ObjectRef]) -> Effect {
    if kind(tokens) != Some("table") {
        return Effect::Hidden("its effect is not among what can be compared");
    }
    if let Some((_, why)) = TRACELESS.iter().find(|(words, _)| contains(tokens, words)) {
        return Effect::Hidden(why);
    }
    let mut watched = named(objects, WatchedKind::TableDefinition);
    watched.truncate(1);
    let mut may_look_unchanged = contains(tokens, &["drop"]) && contains(tokens, &["add"]);
    if let Some(new) = renamed_to(tokens) {
        watched.push(of(WatchedKind::TableExists, new));
        may_look_unchanged = true;
    }
    match seen(watched, Proof::Trial) {
        Effect::Seen(seen) => Effect::Seen(Seen {
            may_look_unchanged,
            ..seen
        }),
        other => other,
    }
}

/// `RENAME [TO|AS] new` of an ALTER TABLE, which may also rename columns, indexes and keys.
fn renamed_to(tokens: &[Token<'_>]) -> Option<(Option<String>, String)> {
    let at = tokens.iter().enumerate().position(|(index, token)| {
        token.is("rename")
            && !tokens
                .get(index + 1)
                .is_some_and(|next| next.is_any(&["column", "index", "key"]))
    })?;
    let skip = tokens
        .get(at + 1)
        .is_some_and(|next| next.is_any(&["to", "as"]));
    name(&tokens[at + 1 + usize::from(skip)..]).map(|(name, _)| name)
}

pub fn drop(tokens: &[Token<'_>], objects: &[ObjectRef]) -> Effect {
    let kind = match kind(tokens) {
        Some("table") => WatchedKind::TableExists,
        Some("index") => return indexed(tokens),
        Some("view") => WatchedKind::View,
        Some("trigger") => WatchedKind::Trigger,
        Some("procedure") => WatchedKind::Procedure,
        Some("function") => WatchedKind::Function,
        Some("event") => WatchedKind::Event,
        Some("database" | "schema") => WatchedKind::Database,
        _ => return Effect::Hidden("its effect is not among what can be compared"),
    };
    seen(named(objects, kind), Proof::Gone)
}

/// `RENAME TABLE a TO b, c TO d`
pub fn rename(tokens: &[Token<'_>]) -> Effect {
    let mut watched: Vec<Watched> = Vec::new();
    let mut rest = &tokens[2..];
    loop {
        let Some((old, used)) = name(rest) else {
            return Effect::Hidden("what it names cannot be read off it");
        };
        rest = &rest[used..];
        let new = rest
            .first()
            .filter(|token| token.is("to"))
            .and_then(|_| name(&rest[1..]));
        let Some((new, used)) = new else {
            return Effect::Hidden("what it names cannot be read off it");
        };
        rest = &rest[1 + used..];
        // A name that an earlier part made is not there before the statement.
        for (kind, name) in [
            (WatchedKind::TableDefinition, old),
            (WatchedKind::TableExists, new),
        ] {
            if !watched
                .iter()
                .any(|one| (one.schema.as_ref(), &one.name) == (name.0.as_ref(), &name.1))
            {
                watched.push(of(kind, name));
            }
        }
        match rest.first() {
            Some(comma) if comma.is_symbol(",") => rest = &rest[1..],
            _ => break,
        }
    }
    Effect::Seen(Seen {
        watched,
        proof: Proof::Trial,
        may_look_unchanged: true,
    })
}

pub fn truncate(objects: &[ObjectRef]) -> Effect {
    let Some(table) = named(objects, WatchedKind::Rows).into_iter().next() else {
        return Effect::Hidden("what it names cannot be read off it");
    };
    let id = Watched {
        kind: WatchedKind::TableId,
        ..table.clone()
    };
    Effect::Seen(Seen {
        watched: vec![table, id],
        proof: Proof::Emptied,
        may_look_unchanged: true,
    })
}

fn of(kind: WatchedKind, (schema, name): (Option<String>, String)) -> Watched {
    Watched { kind, schema, name }
}

/// `schema.name` at the beginning, and how many tokens it takes.
fn name(tokens: &[Token<'_>]) -> Option<((Option<String>, String), usize)> {
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
    let first = tokens.first().filter(|token| is_name(token))?;
    let dotted = tokens.get(1).is_some_and(|dot| dot.is_symbol("."));
    match tokens.get(2).filter(|token| dotted && is_name(token)) {
        Some(second) => Some((
            (
                Some(first.name(Dialect::Mysql)),
                second.name(Dialect::Mysql),
            ),
            3,
        )),
        None => Some(((None, first.name(Dialect::Mysql)), 1)),
    }
}
