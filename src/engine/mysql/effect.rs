//! What would be seen of a MySQL statement's effect? Pure.
//!
//! Sources: MySQL 8.0 Reference Manual, 15.1.1 (atomic DDL) and each statement named.

use crate::sql::{Dialect, Token, TokenKind, Verb, classify, contains, sequence, tokens};

/// How a statement in flight is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Running it twice is running it once.
    Repeatable,
    /// What it names tells.
    Seen(Seen),
    /// Nothing that can be seen tells; why.
    Hidden(&'static str),
}

/// Objects whose state tells, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub watched: Vec<Watched>,
    pub proof: Proof,
    /// May it have run and yet leave everything looking as before?
    pub may_look_unchanged: bool,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub kind: WatchedKind,
    /// None is the database itself.
    pub schema: Option<String>,
    pub name: String,
}

/// What of it is looked at before the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchedKind {
    /// Is there a table or a view?
    TableExists,
    /// What SHOW CREATE TABLE prints.
    TableDefinition,
    /// Does the table hold rows?
    Rows,
    /// InnoDB's number for the table, which a TRUNCATE changes.
    TableId,
    View,
    Trigger,
    Procedure,
    Function,
    Event,
    Database,
}

/// How "changed in the way the statement says" is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Everything it makes is there.
    Made,
    /// The table it makes is there, and with it its rows where the server makes both at once.
    Filled,
    /// Everything it drops is gone.
    Gone,
    /// Tried on an empty copy, the statement makes what is there.
    Trial,
    /// The stored program that is there is the one in the statement.
    Body,
    /// The view that is there is what the statement makes under another name.
    View,
    /// The table's rows are gone.
    Emptied,
}

/// Statements that may be repeated safely, by their first words.
pub const REPEATABLE: [&[&str]; 24] = [
    &["analyze"],
    &["optimize"],
    &["check"],
    &["checksum"],
    &["repair"],
    &["flush"],
    &["cache", "index"],
    &["load", "index"],
    &["show"],
    &["explain"],
    &["describe"],
    &["desc"],
    &["grant"],
    &["revoke", "if", "exists"],
    &["set", "global"],
    &["set", "persist"],
    &["set", "persist_only"],
    &["set", "default", "role"],
    // All of them set to constants.
    &["alter", "database"],
    &["alter", "schema"],
    &["alter", "procedure"],
    &["alter", "function"],
    &["alter", "instance"],
    &["create", "or", "replace"],
];

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

/// How the statement is decided when nobody knows how it ended.
pub fn effect(text: &str) -> Effect {
    let tokens = tokens(Dialect::Mysql, text);
    if is_repeatable(&tokens) {
        return Effect::Repeatable;
    }
    match classify(Dialect::Mysql, text).verb {
        Verb::Create => create(&tokens, text),
        Verb::Alter => alter(&tokens, text),
        Verb::Drop => drop(&tokens, text),
        Verb::Rename if sequence(&tokens, &["rename", "table"]) => rename(&tokens),
        Verb::Truncate => truncate(text),
        Verb::Call => Effect::Hidden("a procedure may have committed a part of what it does"),
        Verb::Rename | Verb::Revoke => {
            Effect::Hidden("accounts and their privileges are not among what is compared")
        }
        _ => Effect::Hidden("its effect is not among what can be compared"),
    }
}

fn is_repeatable(tokens: &[Token<'_>]) -> bool {
    let account = tokens.get(1).is_some_and(|t| t.is_any(&["user", "role"]));
    let conditional =
        contains(tokens, &["if", "exists"]) || contains(tokens, &["if", "not", "exists"]);
    REPEATABLE.iter().any(|words| sequence(tokens, words))
        || account && conditional && !contains(tokens, &["retain"])
        || sequence(tokens, &["alter", "user"]) && !contains(tokens, &["retain"])
        || tokens.first().is_some_and(|first| first.is("alter"))
            && kind(tokens) == Some("view")
        || tokens.first().is_some_and(|first| first.is("alter"))
            && kind(tokens) == Some("event")
            && !contains(tokens, &["rename"])
        // CREATE DEFINER=… after OR REPLACE is caught by the table above.
        || sequence(tokens, &["create", "spatial"]) && conditional
}

/// The kind of object that CREATE, ALTER or DROP is about.
fn kind<'a>(tokens: &[Token<'a>]) -> Option<&'static str> {
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

fn named(text: &str, kind: WatchedKind) -> Vec<Watched> {
    classify(Dialect::Mysql, text)
        .objects
        .into_iter()
        .map(|object| Watched {
            kind,
            schema: object.schema,
            name: object.name,
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
fn indexed(text: &str) -> Effect {
    let tokens = tokens(Dialect::Mysql, text);
    let on = tokens.iter().position(|token| token.is("on"));
    let watched = on
        .and_then(|on| name(&tokens[on + 1..]))
        .map(|(name, _)| vec![of(WatchedKind::TableDefinition, name)]);
    seen(watched.unwrap_or_default(), Proof::Trial)
}

fn create(tokens: &[Token<'_>], text: &str) -> Effect {
    match kind(tokens) {
        Some("table") => {
            let mut watched = named(text, WatchedKind::TableExists);
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
        Some("index") => indexed(text),
        Some("view") => seen(named(text, WatchedKind::View), Proof::View),
        Some("trigger") => seen(named(text, WatchedKind::Trigger), Proof::Body),
        Some("procedure") => seen(named(text, WatchedKind::Procedure), Proof::Body),
        Some("function") if contains(tokens, &["soname"]) => {
            Effect::Hidden("loadable functions are not among what is compared")
        }
        Some("function") => seen(named(text, WatchedKind::Function), Proof::Body),
        Some("event") => seen(named(text, WatchedKind::Event), Proof::Body),
        Some("database" | "schema") => seen(named(text, WatchedKind::Database), Proof::Made),
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

fn alter(tokens: &[Token<'_>], text: &str) -> Effect {
    if kind(tokens) != Some("table") {
        return Effect::Hidden("its effect is not among what can be compared");
    }
    if let Some((_, why)) = TRACELESS.iter().find(|(words, _)| contains(tokens, words)) {
        return Effect::Hidden(why);
    }
    let mut watched = named(text, WatchedKind::TableDefinition);
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

fn drop(tokens: &[Token<'_>], text: &str) -> Effect {
    let kind = match kind(tokens) {
        Some("table") => WatchedKind::TableExists,
        Some("index") => return indexed(text),
        Some("view") => WatchedKind::View,
        Some("trigger") => WatchedKind::Trigger,
        Some("procedure") => WatchedKind::Procedure,
        Some("function") => WatchedKind::Function,
        Some("event") => WatchedKind::Event,
        Some("database" | "schema") => WatchedKind::Database,
        _ => return Effect::Hidden("its effect is not among what can be compared"),
    };
    seen(named(text, kind), Proof::Gone)
}

/// `RENAME TABLE a TO b, c TO d`
fn rename(tokens: &[Token<'_>]) -> Effect {
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

fn truncate(text: &str) -> Effect {
    let Some(table) = named(text, WatchedKind::Rows).into_iter().next() else {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(text: &str) -> Vec<(WatchedKind, String)> {
        match effect(text) {
            Effect::Seen(seen) => seen
                .watched
                .into_iter()
                .map(|one| (one.kind, one.name))
                .collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn evidence_is_the_least_that_decides() {
        use WatchedKind::{TableDefinition, TableExists};
        let one = |kind, name: &str| vec![(kind, name.to_owned())];
        assert_eq!(watched("CREATE TABLE a (b int)"), one(TableExists, "a"));
        assert_eq!(
            watched("DROP TABLE a, `b c`"),
            [
                (TableExists, "a".to_owned()),
                (TableExists, "b c".to_owned())
            ]
        );
        assert_eq!(
            watched("ALTER TABLE a ADD COLUMN b int"),
            one(TableDefinition, "a")
        );
        assert_eq!(
            watched("CREATE UNIQUE INDEX i ON x.a (b)"),
            one(TableDefinition, "a")
        );
        assert_eq!(watched("DROP INDEX i ON a"), one(TableDefinition, "a"));
        assert_eq!(
            watched("ALTER TABLE a RENAME COLUMN x TO y, RENAME TO b"),
            [
                (TableDefinition, "a".to_owned()),
                (TableExists, "b".to_owned())
            ]
        );
        assert_eq!(
            watched("RENAME TABLE a TO t, b TO a, t TO b"),
            [
                (TableDefinition, "a".to_owned()),
                (TableExists, "t".to_owned()),
                (TableDefinition, "b".to_owned()),
            ]
        );
        assert_eq!(
            watched("CREATE DEFINER=`x`@`%` TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET @x = 1"),
            one(WatchedKind::Trigger, "g")
        );
    }

    #[test]
    fn a_copied_table_is_compared_with_its_original_and_a_filled_one_is_not_tried() {
        use WatchedKind::{TableDefinition, TableExists};
        let copy = [
            (TableExists, "a".to_owned()),
            (TableDefinition, "b".to_owned()),
        ];
        assert_eq!(watched("CREATE TABLE a LIKE b"), copy);
        assert_eq!(watched("CREATE TABLE IF NOT EXISTS x.a (LIKE x.b)"), copy);
        let proof = |text: &str| match effect(text) {
            Effect::Seen(seen) => seen.proof,
            other => panic!("{text}: {other:?}"),
        };
        for text in [
            "CREATE TABLE a SELECT * FROM b WHERE c LIKE 'd'",
            "CREATE TABLE a (b int) AS TABLE c",
            "CREATE TABLE a VALUES ROW(1)",
        ] {
            assert_eq!(proof(text), Proof::Filled, "{text}");
            assert_eq!(watched(text), [(TableExists, "a".to_owned())]);
        }
        let like_in_a_check = "CREATE TABLE a (b char(9) CHECK (b LIKE 'c%'))";
        assert_eq!(proof(like_in_a_check), Proof::Trial);
        assert_eq!(watched(like_in_a_check), [(TableExists, "a".to_owned())]);
    }

    #[test]
    fn what_leaves_no_trace_is_never_guessed() {
        for text in [
            "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b",
            "ALTER TABLE a TRUNCATE PARTITION p",
            "CALL p()",
            "CREATE USER x",
            "REVOKE SELECT ON a FROM x",
        ] {
            assert!(matches!(effect(text), Effect::Hidden(_)), "{text}");
        }
    }

    #[test]
    fn what_does_the_same_twice_is_repeated() {
        for text in [
            "ANALYZE TABLE a",
            "GRANT SELECT ON a TO x",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "DROP USER IF EXISTS x",
            "ALTER VIEW v AS SELECT 2",
        ] {
            assert_eq!(effect(text), Effect::Repeatable, "{text}");
        }
    }
}
