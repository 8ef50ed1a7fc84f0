//! What a file needs of its session, or leaves in it: a resumed file would miss the one, the files
//! behind it would meet the other.

use super::{LintProblem, Script, lint::problem};
use crate::sql::{Dialect, Facts, SessionUse, Statement, Verb, contains, sequence, tokens};
use std::collections::BTreeSet;

/// Everything of the kind in a file.
pub fn problems(
    dialect: Dialect,
    script: &Script,
    (statements, facts): (&[Statement<'_>], &[Facts]),
) -> Vec<LintProblem> {
    let mut problems = left_behind(dialect, script, (statements, facts));
    problems.extend(named_locks(dialect, script, (statements, facts)));
    if dialect == Dialect::Postgres && !super::is_atomic(dialect, script) {
        problems.extend(other_roles(script, statements));
    }
    // In one transaction the session cannot be lost in between.
    if !super::is_atomic(dialect, script) {
        problems.extend(dependent(script, (statements, facts)));
    }
    problems
}

fn dependent(
    script: &Script,
    (statements, facts): (&[Statement<'_>], &[Facts]),
) -> Vec<LintProblem> {
    let mut problems = Vec::new();
    let mut left = BTreeSet::new();
    let last = statements.len().saturating_sub(1);
    for (index, (statement, facts)) in statements.iter().zip(facts).enumerate() {
        let needed = facts
            .session
            .iter()
            .find_map(|used| needs(used, &left, statement.text, index))
            .or_else(|| temporary(&left, statement.text));
        if let Some(what) = needed {
            let message = format!(
                "the statement needs {what}, and that is gone when the file is resumed in another session"
            );
            let remedy = "write it as one statement, or keep the value in a table";
            let line = Some(statement.line);
            problems.push(problem(script, "session-dependent", line, message, remedy));
        }
        let computed = facts.session.iter().find_map(|used| match used {
            SessionUse::SetVariable {
                name,
                constant: false,
            } if index < last => Some(name),
            _ => None,
        });
        if let Some(name) = computed {
            let message = format!(
                "{name} is set to a value that is worked out, which cannot be set again when the file is resumed"
            );
            let remedy = "set it to a constant";
            let line = Some(statement.line);
            problems.push(problem(script, "session-dependent", line, message, remedy));
        }
        left.extend(facts.session.iter().filter_map(leaves));
    }
    problems.dedup();
    problems
}

/// Temporary tables that the file does not drop, and table locks that it does not give back.
fn left_behind(
    dialect: Dialect,
    script: &Script,
    (statements, facts): (&[Statement<'_>], &[Facts]),
) -> Vec<LintProblem> {
    let mut problems = Vec::new();
    for (index, (statement, facts)) in statements.iter().zip(facts).enumerate() {
        for used in &facts.session {
            let later = &statements[index + 1..];
            let what = match used {
                SessionUse::TemporaryTable { name } if !goes(dialect, statement, later, name) => {
                    format!("the file leaves the temporary table {name} behind")
                }
                SessionUse::LockTables
                    if !later.iter().any(|one| starts(dialect, one, &["unlock"])) =>
                {
                    "the file leaves table locks behind".to_owned()
                }
                _ => continue,
            };
            let remedy = "drop it, or give it back, before the file ends";
            let line = Some(statement.line);
            problems.push(problem(script, "left-behind", line, what, remedy));
        }
    }
    problems
}

/// Locks by name that the file keeps, and the call that gives back the runner's own with them. What
/// stands in a routine's body does not run now.
fn named_locks(
    dialect: Dialect,
    script: &Script,
    (statements, facts): (&[Statement<'_>], &[Facts]),
) -> Vec<LintProblem> {
    let (take, give, give_all) = match dialect {
        Dialect::Mysql => (
            ["get_lock"].as_slice(),
            ["release_lock"].as_slice(),
            "release_all_locks",
        ),
        Dialect::Postgres => (
            SESSION_LOCKS.as_slice(),
            ["pg_advisory_unlock", "pg_advisory_unlock_shared"].as_slice(),
            "pg_advisory_unlock_all",
        ),
    };
    let mut problems = Vec::new();
    let runs = |facts: &Facts| !matches!(facts.verb, Verb::Create | Verb::Alter);
    for (index, (statement, facts)) in statements.iter().zip(facts).enumerate() {
        if !runs(facts) {
            continue;
        }
        let line = Some(statement.line);
        let discards = starts(dialect, statement, &["discard", "all"]);
        if discards || called(dialect, statement, &[give_all]).is_some() {
            let what = match discards {
                true => "DISCARD ALL".to_owned(),
                false => format!("{give_all}()"),
            };
            let message = format!(
                "{what} also gives back the lock that keeps other runs away while this one is at work"
            );
            let remedy = format!("give back the file's own locks one by one: {}(…)", give[0]);
            problems.push(problem(script, "runner-lock", line, message, &remedy));
        }
        let given_back = statements[index..]
            .iter()
            .any(|later| called(dialect, later, give).is_some());
        if let Some(take) = called(dialect, statement, take).filter(|_| !given_back) {
            let message = format!("the file leaves a lock of {take}() behind");
            let remedy = format!("give it back before the file ends: {}(…)", give[0]);
            problems.push(problem(script, "left-behind", line, message, &remedy));
        }
    }
    problems
}

/// The first of these functions that a statement calls.
fn called<'f>(
    dialect: Dialect,
    statement: &Statement<'_>,
    functions: &[&'f str],
) -> Option<&'f str> {
    let words = tokens(dialect, statement.text);
    let is_called = |function: &&&str| {
        words
            .windows(2)
            .any(|pair| pair[0].is(function) && pair[1].is_symbol("("))
    };
    functions.iter().find(is_called).copied()
}

/// Functions of PostgreSQL whose lock outlives the transaction.
const SESSION_LOCKS: [&str; 4] = [
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
];

/// PostgreSQL: statements that change who the session is, where each statement is recorded by itself.
fn other_roles(script: &Script, statements: &[Statement<'_>]) -> Vec<LintProblem> {
    let changes = |statement: &&Statement<'_>| {
        let words = tokens(Dialect::Postgres, statement.text);
        let scope = usize::from(
            words
                .get(1)
                .is_some_and(|word| word.is_any(&["session", "local"])),
        );
        let rest = words.get(1 + scope..).unwrap_or_default();
        words.first().is_some_and(|word| word.is("set"))
            && (rest.first().is_some_and(|word| word.is("role"))
                || contains(&words, &["session", "authorization"]))
    };
    statements
        .iter()
        .filter(changes)
        .map(|statement| {
            let message =
                "statements of this file are recorded one by one, which another role may not do"
                    .to_owned();
            let remedy =
                "run them as the login and give what they make away: ALTER … OWNER TO role";
            let line = Some(statement.line);
            problem(script, "session-dependent", line, message, remedy)
        })
        .collect()
}

/// Does the temporary table go before the file ends, or with its transaction?
fn goes(dialect: Dialect, made: &Statement<'_>, later: &[Statement<'_>], name: &str) -> bool {
    let words = tokens(dialect, made.text);
    let with_transaction =
        (0..words.len()).any(|start| sequence(&words[start..], &["on", "commit", "drop"]));
    with_transaction
        || later
            .iter()
            .any(|one| starts(dialect, one, &["drop"]) && mentions(one.text, name))
}

fn starts(dialect: Dialect, statement: &Statement<'_>, words: &[&str]) -> bool {
    sequence(&tokens(dialect, statement.text), words)
}

fn leaves(used: &SessionUse) -> Option<String> {
    match used {
        SessionUse::UserVariable { name, writes: true } => Some(format!("the variable @{name}")),
        SessionUse::TemporaryTable { name } => Some(format!("{TEMPORARY}{name}")),
        SessionUse::Prepared { name } => Some(format!("the prepared statement {name}")),
        SessionUse::LockTables => Some("the table locks".to_owned()),
        _ => None,
    }
}

const TEMPORARY: &str = "the temporary table ";

fn temporary(left: &BTreeSet<String>, text: &str) -> Option<String> {
    left.iter()
        .find(|what| {
            what.strip_prefix(TEMPORARY)
                .is_some_and(|table| mentions(text, table))
        })
        .cloned()
}

fn needs(used: &SessionUse, left: &BTreeSet<String>, text: &str, index: usize) -> Option<String> {
    match used {
        SessionUse::UserVariable {
            name,
            writes: false,
        } => {
            let what = format!("the variable @{name}");
            left.contains(&what).then_some(what)
        }
        SessionUse::LastInsertId if index > 0 => Some("LAST_INSERT_ID()".to_owned()),
        SessionUse::FoundRows if index > 0 => Some("the previous statement's row count".to_owned()),
        SessionUse::Cursor => Some("a cursor of an earlier statement".to_owned()),
        SessionUse::LastValue if index > 0 => Some("the sequence's last value".to_owned()),
        SessionUse::Prepared { name } if !text.to_lowercase().starts_with("prepare") => {
            Some(format!("the prepared statement {name}"))
        }
        SessionUse::LockTables => Some("its table locks to the end of the file".to_owned()),
        _ => None,
    }
}

fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .any(|word| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::super::{Directives, Script};
    use super::*;
    use crate::sql::{classify, split};

    fn broken(dialect: Dialect, text: &str) -> Vec<(&'static str, usize)> {
        let script = Script {
            file: "f".to_owned(),
            text: text.to_owned(),
            directives: Directives::default(),
        };
        let statements = split(dialect, text).unwrap();
        let facts: Vec<Facts> = statements
            .iter()
            .map(|one| classify(dialect, one.text))
            .collect();
        problems(dialect, &script, (&statements, &facts))
            .into_iter()
            .map(|one| (one.rule, one.line.unwrap()))
            .collect()
    }

    #[test]
    fn a_file_that_a_lost_session_would_change_is_refused() {
        let mysql = |text| broken(Dialect::Mysql, text);
        let dependent = |line| vec![("session-dependent", line)];
        assert_eq!(
            mysql("SET @a = 1;\nINSERT INTO t VALUES (@a);"),
            dependent(2)
        );
        assert_eq!(
            mysql("INSERT INTO t VALUES (1);\nINSERT INTO u VALUES (LAST_INSERT_ID());"),
            dependent(2)
        );
        assert_eq!(
            mysql("SET sql_mode = CONCAT(@@sql_mode, ',ANSI');\nSELECT 1;"),
            dependent(1)
        );
        assert_eq!(mysql("SET foreign_key_checks = 0;\nDROP TABLE t;"), []);
        assert_eq!(mysql("INSERT INTO u VALUES (LAST_INSERT_ID());"), []);
    }

    #[test]
    fn what_stays_in_the_session_is_refused() {
        let left = |line| vec![("left-behind", line)];
        assert_eq!(
            broken(Dialect::Postgres, "CREATE TEMP TABLE t (a int);\nSELECT 1;"),
            left(1)
        );
        assert_eq!(
            broken(
                Dialect::Postgres,
                "CREATE TEMP TABLE t (a int);\nDROP TABLE t;"
            ),
            []
        );
        assert_eq!(
            broken(
                Dialect::Postgres,
                "CREATE TEMP TABLE t (a int) ON COMMIT DROP;"
            ),
            []
        );
        assert_eq!(
            broken(Dialect::Mysql, "SELECT 1;\nSELECT GET_LOCK('a', 1);"),
            left(2)
        );
        assert_eq!(
            broken(
                Dialect::Mysql,
                "DO GET_LOCK('a', 1);\nSELECT 1;\nDO RELEASE_LOCK('a');"
            ),
            []
        );
        assert_eq!(
            broken(Dialect::Mysql, "DO release_all_locks ();"),
            [("runner-lock", 1)]
        );
        assert_eq!(
            broken(
                Dialect::Mysql,
                "CREATE PROCEDURE p() DO RELEASE_ALL_LOCKS()"
            ),
            []
        );
        assert_eq!(
            broken(Dialect::Postgres, "SELECT pg_advisory_unlock_all();"),
            [("runner-lock", 1)]
        );
        assert!(
            broken(Dialect::Mysql, "LOCK TABLES t WRITE;\nSELECT 1;").contains(&("left-behind", 1))
        );
    }
}
