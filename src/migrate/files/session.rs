//! What a file needs of its session, or leaves in it: a resumed file would miss the one, the files
//! behind it would meet the other.

use super::{LintProblem, Script, is_atomic, lint::problem};
use crate::sql::{Dialect, SessionUse, Statement, Verb, work};
use std::collections::{BTreeMap, BTreeSet};

/// Everything of the kind in a file.
pub fn problems(script: &Script) -> Vec<LintProblem> {
    let mut problems = left_behind(script);
    problems.extend(named_locks(script));
    // In one transaction the session cannot be lost in between.
    if !is_atomic(script) {
        problems.extend(other_roles(script));
        problems.extend(dependent(script));
    }
    problems
}

fn dependent(script: &Script) -> Vec<LintProblem> {
    let mut problems = Vec::new();
    let mut left = Left::default();
    let last = script.statements().len().saturating_sub(1);
    for (index, statement) in script.statements().iter().enumerate() {
        let uses = &statement.facts.session;
        let needed = uses
            .iter()
            .find_map(|used| needs(used, &left, index))
            .or_else(|| left.temporary(statement.text()));
        if let Some(what) = needed {
            let message = format!(
                "the statement needs {what}, and that is gone when the file is resumed in another session"
            );
            let remedy = "write it as one statement, or keep the value in a table";
            let line = Some(statement.line);
            problems.push(problem(script, "session-dependent", line, message, remedy));
        }
        let computed = uses.iter().find_map(|used| match used {
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
        uses.iter().for_each(|used| left.take(used));
    }
    problems.dedup();
    problems
}

/// What earlier statements have left in the session.
#[derive(Default)]
struct Left {
    variables: BTreeSet<String>,
    /// Temporary tables, by their names in small letters.
    tables: BTreeMap<String, String>,
}

impl Left {
    fn take(&mut self, used: &SessionUse) {
        match used {
            SessionUse::UserVariable { name, writes: true } => {
                self.variables.insert(name.clone());
            }
            SessionUse::TemporaryTable { name, .. } => {
                self.tables.insert(name.to_ascii_lowercase(), name.clone());
            }
            _ => {}
        }
    }

    /// The first temporary table that a text names.
    fn temporary(&self, text: &str) -> Option<String> {
        if self.tables.is_empty() {
            return None;
        }
        let named = words(text).filter_map(|word| self.tables.get(&word));
        named
            .min()
            .map(|name| format!("the temporary table {name}"))
    }
}

/// What the rest of a file, read from its end, gives back.
#[derive(Default)]
struct GivenBack {
    /// Every word of the DROP statements, in small letters.
    dropped: BTreeSet<String>,
    tables: bool,
    lock: bool,
}

impl GivenBack {
    fn take(&mut self, statement: &Statement) {
        let facts = &statement.facts;
        if facts.verb == Verb::Drop {
            self.dropped.extend(words(statement.text()));
        }
        self.tables |= facts.session.contains(&SessionUse::UnlockTables);
    }
}

/// Temporary tables that the file does not drop, and table locks that it does not give back.
fn left_behind(script: &Script) -> Vec<LintProblem> {
    let mut problems = Vec::new();
    let mut later = GivenBack::default();
    for statement in script.statements().iter().rev() {
        for used in statement.facts.session.iter().rev() {
            let what = match used {
                SessionUse::TemporaryTable {
                    name,
                    goes_with_transaction: false,
                } if !later.dropped.contains(&name.to_ascii_lowercase()) => {
                    format!("the file leaves the temporary table {name} behind")
                }
                SessionUse::LockTables if !later.tables => {
                    "the file leaves table locks behind".to_owned()
                }
                _ => continue,
            };
            let remedy = "drop it, or give it back, before the file ends";
            let line = Some(statement.line);
            problems.push(problem(script, "left-behind", line, what, remedy));
        }
        later.take(statement);
    }
    problems.reverse();
    problems
}

/// Locks by name that the file keeps, and the call that gives back the runner's own with them. What
/// stands in a routine's body does not run now.
fn named_locks(script: &Script) -> Vec<LintProblem> {
    let give = match script.sql.dialect() {
        Dialect::Mysql => "release_lock",
        Dialect::Postgres => "pg_advisory_unlock",
    };
    let mut problems = Vec::new();
    let mut later = GivenBack::default();
    for statement in script.statements().iter().rev() {
        let facts = &statement.facts;
        if matches!(facts.verb, Verb::Create | Verb::Alter) {
            continue;
        }
        let line = Some(statement.line);
        later.lock |= facts.session.contains(&SessionUse::GivesLock);
        let take = facts.session.iter().find_map(|used| match used {
            SessionUse::TakesLock(function) => Some(function),
            _ => None,
        });
        if let Some(take) = take.filter(|_| !later.lock) {
            let message = format!("the file leaves a lock of {take}() behind");
            let remedy = format!("give it back before the file ends: {give}(…)");
            problems.push(problem(script, "left-behind", line, message, &remedy));
        }
        let all = facts.session.iter().find_map(|used| match used {
            SessionUse::GivesAllLocks(written) => Some(written),
            _ => None,
        });
        if let Some(written) = all {
            let message = format!(
                "{written} also gives back the lock that keeps other runs away while this one is at work"
            );
            let remedy = format!("give back the file's own locks one by one: {give}(…)");
            problems.push(problem(script, "runner-lock", line, message, &remedy));
        }
    }
    problems.reverse();
    problems
}

/// PostgreSQL: statements that change who the session is, where each statement is recorded by itself.
fn other_roles(script: &Script) -> Vec<LintProblem> {
    let changes = |one: &&Statement| one.facts.session.contains(&SessionUse::OtherRole);
    script
        .statements()
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

fn needs(used: &SessionUse, left: &Left, index: usize) -> Option<String> {
    match used {
        SessionUse::UserVariable {
            name,
            writes: false,
        } => left
            .variables
            .contains(name)
            .then(|| format!("the variable @{name}")),
        SessionUse::LastInsertId if index > 0 => Some("LAST_INSERT_ID()".to_owned()),
        SessionUse::FoundRows if index > 0 => Some("the previous statement's row count".to_owned()),
        SessionUse::Cursor => Some("a cursor of an earlier statement".to_owned()),
        SessionUse::LastValue if index > 0 => Some("the sequence's last value".to_owned()),
        SessionUse::Prepared { name, makes: false } => {
            Some(format!("the prepared statement {name}"))
        }
        SessionUse::LockTables => Some("its table locks to the end of the file".to_owned()),
        _ => None,
    }
}

/// The words of a text, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    work::count(text.len());
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::super::{Directives, Script};
    use super::*;
    use crate::sql::SqlText;

    fn broken(dialect: Dialect, text: &str) -> Vec<(&'static str, usize)> {
        let script = Script {
            file: "f".to_owned(),
            sql: SqlText::new(dialect, text),
            directives: Directives::default(),
        };
        assert!(script.sql.parsed().is_ok());
        problems(&script)
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
