//! Every rule's examples are its test; and no rule reads what the server does not.

use super::*;
use crate::sql::split;
use proptest::prelude::*;

const DIALECTS: [Dialect; 2] = [Dialect::Mysql, Dialect::Postgres];

/// The part of an example that is for this SQL.
pub fn part(dialect: Dialect, example: &str) -> &str {
    match (example.split_once("\n-- PostgreSQL:\n"), dialect) {
        (Some((mysql, _)), Dialect::Mysql) => mysql.trim_start_matches("-- MySQL:\n"),
        (Some((_, postgres)), Dialect::Postgres) => postgres,
        (None, _) => example,
    }
}

/// What is told of a text, with its lines; what the text allows is left out.
fn told(dialect: Dialect, text: &str) -> Vec<(&'static str, usize)> {
    let statements = split(dialect, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let origin = Origin {
        atomic: dialect == Dialect::Postgres && !text.contains("-- sgmp-db: no-transaction"),
        is_down: false,
    };
    let told = Reviewer::default().review(&File::read(dialect, &statements, origin));
    let allowed = |rule: &str| text.contains(&format!("allow={rule} "));
    told.iter()
        .filter(|one| !allowed(one.rule.name))
        .map(|one| (one.rule.name, one.line))
        .collect()
}

#[test]
fn every_rule_fires_once_on_its_bad_example_and_no_rule_on_a_good_one() {
    assert!(RULES.len() >= 40);
    for rule in RULES {
        for dialect in DIALECTS.into_iter().filter(|one| rule.is_for(*one)) {
            let bad = told(dialect, part(dialect, rule.bad));
            let own = bad.iter().filter(|(name, _)| *name == rule.name).count();
            assert_eq!(own, 1, "{} on {dialect:?}: {bad:?}", rule.name);
            assert_eq!(
                told(dialect, part(dialect, rule.good)),
                [],
                "{} on {dialect:?}",
                rule.name
            );
        }
    }
}

#[test]
fn names_are_unique_and_of_one_form_and_every_text_is_a_sentence() {
    let mut all: Vec<&str> = names().collect();
    let form = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(all.iter().all(|name| name.chars().all(form)));
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count);
    for rule in RULES {
        assert!(
            rule.reason.ends_with('.') && !rule.safer.ends_with('.'),
            "{}",
            rule.name
        );
    }
}

#[test]
fn a_table_that_the_same_file_makes_is_exempt_from_locks() {
    let cases = [
        (
            Dialect::Postgres,
            "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a;\nCREATE INDEX j ON v (a);\nCREATE TABLE t (id bigint PRIMARY KEY, a int);\nCREATE INDEX i ON t (a);\n\
          ALTER TABLE t ALTER COLUMN a SET NOT NULL;\nALTER TABLE t ADD UNIQUE (a);\nALTER TABLE t ALTER a TYPE bigint;",
        ),
        (
            Dialect::Mysql,
            "CREATE TABLE t (id INT PRIMARY KEY, a INT);\nALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;\n\
          ALTER TABLE t MODIFY a BIGINT NOT NULL;\nALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t (id), ALGORITHM=COPY;",
        ),
    ];
    for (dialect, text) in cases {
        assert_eq!(told(dialect, text), [], "{text}");
    }
}

#[test]
fn what_other_clauses_look_like_does_not_confuse() {
    let silent = [
        (
            Dialect::Postgres,
            "CREATE TABLE t (id bigint PRIMARY KEY, key text, index int, a numeric(8,2) DEFAULT 0, b text DEFAULT 'x, y' );",
        ),
        (
            Dialect::Postgres,
            "CREATE TABLE t (LIKE u INCLUDING ALL);\nCREATE TABLE p PARTITION OF u FOR VALUES FROM (1) TO (2);",
        ),
        (
            Dialect::Postgres,
            "DO $$ BEGIN EXECUTE 'DROP TABLE house'; UPDATE house SET a = 1; END $$;",
        ),
        (
            Dialect::Postgres,
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM house; END;",
        ),
        (
            Dialect::Mysql,
            "CREATE PROCEDURE p() BEGIN DELETE FROM house; DROP TABLE house; ALTER TABLE house DROP COLUMN a; END;",
        ),
        (
            Dialect::Mysql,
            "CREATE TABLE t (id INT, `references` INT, PRIMARY KEY (id), KEY k (`references`));\nSELECT 1;",
        ),
        (
            Dialect::Mysql,
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;",
        ),
        (
            Dialect::Mysql,
            "ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT (1 + 2) COMMENT 'DROP COLUMN x, DROP COLUMN y';",
        ),
    ];
    for (dialect, text) in silent {
        let found = told(dialect, text);
        let found: Vec<_> = found
            .iter()
            .filter(|(name, _)| *name != "reserved-word")
            .collect();
        assert!(found.is_empty(), "{text}: {found:?}");
    }
    let several = "ALTER TABLE house\n  ADD COLUMN a INT NOT NULL,\n  ADD COLUMN (b INT NOT NULL,\n  c INT NOT NULL);";
    let expected = [
        ("required-column", 2),
        ("required-column", 3),
        ("required-column", 4),
    ];
    assert_eq!(told(Dialect::Mysql, several), expected);
}

/// A text that the server skips, or keeps as a value, with the example inside.
fn hidden(dialect: Dialect, form: usize, text: &str) -> String {
    let lines = |begin: &str| -> String {
        text.lines()
            .map(|line| format!("{begin}{line}\n"))
            .collect()
    };
    let quoted = text.replace('\\', "\\\\").replace('\'', "''");
    match form {
        0 => lines("-- "),
        1 => format!("/* {} */\n", text.replace("*/", "")),
        2 => format!("SELECT '{quoted}';\n"),
        3 if dialect == Dialect::Mysql => lines("# "),
        3 => format!("SELECT $quoted$ {text} $quoted$;\n"),
        4 => format!(
            "COMMENT_ON; SELECT 1 /* {} */ -- {}\n;\n",
            text.replace("*/", ""),
            text.replace('\n', " ")
        ),
        _ if dialect == Dialect::Mysql => format!(
            "SELECT \"{}\";\n",
            text.replace('\\', "\\\\").replace('"', "\"\"")
        ),
        _ => format!("DO $body$ BEGIN {text} END $body$;\n"),
    }
}

proptest! {
    #[test]
    fn no_rule_fires_on_a_comment_or_a_string(chosen in prop::collection::vec((0..RULES.len(), 0..6_usize, 0..2_usize), 1..8)) {
        for dialect in DIALECTS {
            let text: String = chosen.iter().map(|(rule, form, which)| {
                let rule = RULES[*rule];
                let example = part(dialect, if *which == 0 { rule.bad } else { rule.good });
                hidden(dialect, *form, example)
            }).collect();
            prop_assert_eq!(told(dialect, &text), vec![], "{}", text);
        }
    }

    /// Whatever stands in a file, a rule has an opinion or none, and ends.
    #[test]
    fn no_text_makes_a_rule_fail(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..40)) {
        for dialect in DIALECTS {
            let text = words.join(" ");
            if let Ok(statements) = split(dialect, &text) {
                for is_down in [false, true] {
                    let origin = Origin { atomic: true, is_down };
                    Reviewer::default().review(&File::read(dialect, &statements, origin));
                }
            }
        }
    }
}

const WORDS: [&str; 48] = [
    "CREATE",
    "ALTER",
    "TABLE",
    "t",
    "ADD",
    "COLUMN",
    "(",
    ")",
    ",",
    ";",
    "DROP",
    "INDEX",
    "ON",
    "UNIQUE",
    "PRIMARY",
    "KEY",
    "FOREIGN",
    "REFERENCES",
    "CHECK",
    "DEFAULT",
    "NOT",
    "NULL",
    "MODIFY",
    "CHANGE",
    "RENAME",
    "TO",
    "CONSTRAINT",
    "VALIDATE",
    "SET",
    "=",
    ".",
    "'a'",
    "\"b\"",
    "`c`",
    "1",
    "SELECT",
    "create_hypertable",
    "GRANT",
    "DEFINER",
    "TYPE",
    "VACUUM",
    "UPDATE",
    "DELETE",
    "INSERT",
    "USER",
    "DATA",
    "IF",
    "$$",
];
