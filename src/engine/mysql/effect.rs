//! What would be seen of a MySQL statement's effect? Pure.
//!
//! Sources: MySQL 8.0 Reference Manual, 15.1.1 (atomic DDL) and each statement named.

mod statements;

use crate::sql::{Statement, Token, Verb, contains, sequence};
use statements::{alter, create, drop, kind, rename, truncate};

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

/// How the statement is decided when nobody knows how it ended.
pub fn effect(statement: &Statement) -> Effect {
    let tokens = statement.tokens();
    if is_repeatable(&tokens) {
        return Effect::Repeatable;
    }
    let objects = &statement.facts.objects;
    match statement.facts.verb {
        Verb::Create => create(&tokens, objects),
        Verb::Alter => alter(&tokens, objects),
        Verb::Drop => drop(&tokens, objects),
        Verb::Rename if sequence(&tokens, &["rename", "table"]) => rename(&tokens),
        Verb::Truncate => truncate(objects),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Dialect;

    fn effect(text: &str) -> Effect {
        super::effect(&Statement::of(Dialect::Mysql, text))
    }

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
