//! What a file says about itself: `-- sgmp-db: …` lines above its first statement.

use crate::{
    lint,
    outcome::Failure,
    sql::{Dialect, leading_comments, lines},
    yaml::nearest,
};
use std::time::Duration;

/// All of a file's directives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// Statement by statement, not in one transaction.
    pub no_transaction: bool,
    /// How long a statement may wait for a lock on a table.
    pub lock_timeout: Option<Duration>,
    pub requires: Vec<Require>,
    pub allow: Vec<Allow>,
}

/// A query that must return true before the file runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    pub query: String,
    pub because: String,
    pub line: usize,
}

/// A lint rule that the file may break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    pub rule: String,
    pub because: String,
    pub line: usize,
}

const PREFIX: &str = "sgmp-db:";
const FORMS: &str =
    "no-transaction, lock-timeout=5s, require <query> because \"…\", allow=<rule> because \"…\"";

impl Directives {
    /// Reads the directives of a text.
    ///
    /// # Errors
    /// One failure (exit 2) for each line that is malformed or stands below the first statement.
    pub fn parse(dialect: Dialect, text: &str, file: &str) -> Result<Directives, Vec<Failure>> {
        let mut directives = Directives::default();
        let mut wrong = Vec::new();
        if !text.contains(PREFIX) {
            return Ok(directives);
        }
        let mut leading = Vec::new();
        for (line, comment) in leading_comments(dialect, text) {
            if let Some(body) = body(comment) {
                leading.push(line);
                if let Err(failure) = directives.take(body, line) {
                    wrong.push(failure.at(file, Some(line)));
                }
            }
        }
        // Those above come first, so that the rest are out of place.
        let all = lines(dialect, text).filter(|(_, line)| body(line).is_some());
        for (line, text) in all.skip(leading.len()) {
            let failure = match dialect == Dialect::Mysql
                && text
                    .strip_prefix("--")
                    .is_some_and(|rest| rest.starts_with("sgmp"))
            {
                true => {
                    Failure::usage("`--` without a blank behind it begins no comment of MySQL's")
                        .remedy("write a blank behind it: -- sgmp-db: …")
                }
                false => Failure::usage("a directive must stand above the file's first statement")
                    .remedy("move the line to the top of the file"),
            };
            wrong.push(failure.at(file, Some(line)));
        }
        if wrong.is_empty() {
            Ok(directives)
        } else {
            Err(wrong)
        }
    }

    fn take(&mut self, body: &str, line: usize) -> Result<(), Failure> {
        if body == "no-transaction" {
            self.no_transaction = true;
        } else if let Some(value) = body.strip_prefix("lock-timeout=") {
            let timeout = humantime::parse_duration(value.trim()).map_err(|error| {
                Failure::usage(format!("`{value}` is not a duration: {error}"))
                    .remedy("write it as in lock-timeout=5s")
            })?;
            self.lock_timeout = Some(timeout);
        } else if let Some(rest) = body.strip_prefix("require ") {
            let (query, because) = because(rest)?;
            self.requires.push(Require {
                query,
                because,
                line,
            });
        } else if let Some(rest) = body.strip_prefix("allow=") {
            let (rule, because) = because(rest)?;
            if !lint::names().any(|name| name == rule) {
                let remedy = match nearest(&rule, lint::names()) {
                    Some(near) => format!("write allow={near}, which is the nearest"),
                    None => format!(
                        "the rules are {}",
                        lint::names().collect::<Vec<_>>().join(", ")
                    ),
                };
                return Err(Failure::usage(format!("there is no rule `{rule}`")).remedy(remedy));
            }
            self.allow.push(Allow {
                rule,
                because,
                line,
            });
        } else {
            return Err(Failure::usage(format!("`{body}` is no directive"))
                .remedy(format!("the directives are {FORMS}")));
        }
        Ok(())
    }
}

/// What stands behind `-- sgmp-db:`.
fn body(comment: &str) -> Option<&str> {
    comment
        .strip_prefix("--")?
        .trim_start()
        .strip_prefix(PREFIX)
        .map(str::trim)
}

/// `<what> because "<reason>"`
fn because(text: &str) -> Result<(String, String), Failure> {
    let parts = text.rsplit_once(" because ").and_then(|(what, reason)| {
        Some((
            what.trim(),
            reason.trim().strip_prefix('"')?.strip_suffix('"')?.trim(),
        ))
    });
    match parts {
        Some((what, reason)) if !what.is_empty() && !reason.is_empty() => {
            let what = what.trim_end_matches(';').trim_end();
            Ok((what.to_owned(), reason.to_owned()))
        }
        _ => Err(Failure::usage("a reason is missing")
            .remedy("end the line with: because \"the reason\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directive_is_read_with_its_line() {
        let text = "\u{feff}-- a remark\r\n-- sgmp-db: no-transaction\r\n--sgmp-db: lock-timeout=5s\n\n\
            -- sgmp-db: require SELECT count(*) = 0 FROM t because \"t must be empty\"\nSELECT 1;";
        let read = Directives::parse(Dialect::Postgres, text, "f").unwrap();
        assert!(read.no_transaction);
        assert_eq!(read.lock_timeout, Some(Duration::from_secs(5)));
        assert_eq!(read.requires[0].query, "SELECT count(*) = 0 FROM t");
        assert_eq!(
            (read.requires[0].because.as_str(), read.requires[0].line),
            ("t must be empty", 5)
        );
    }

    #[test]
    fn a_wrong_or_misplaced_directive_is_an_error_with_its_line() {
        let lines = |text: &str| {
            Directives::parse(Dialect::Postgres, text, "f")
                .unwrap_err()
                .iter()
                .map(|one| one.line)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("-- sgmp-db: no-transactions\nSELECT 1;"), [Some(1)]);
        assert_eq!(lines("-- sgmp-db: lock-timeout=soon\n"), [Some(1)]);
        assert_eq!(lines("-- sgmp-db: require SELECT 1\n"), [Some(1)]);
        assert_eq!(
            lines("-- sgmp-db: allow=nothing because \"x\"\n"),
            [Some(1)]
        );
        assert_eq!(lines("SELECT 1;\n-- sgmp-db: no-transaction\n"), [Some(2)]);
    }
}
