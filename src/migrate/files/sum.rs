//! `migrations.sum`: one line per file, chained, so that an edited, removed, reordered or inserted
//! file shows without a server, and two branches that add the same number conflict in git.
//!
//! A line is `<name> sha256:v1:<hex>`. The hash is of the previous line's hash (nothing for the
//! first) followed by the file's name, a line feed, and its text with LF line ends and no byte
//! order mark. Files stand by version, the way there before the way back.

use super::script::{canonical, hex};
use crate::outcome::Failure;
use sha2::{Digest, Sha256};
use std::{cmp::Ordering, fmt};

/// The chain over a folder's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    lines: Vec<(String, String)>,
}

/// Is the chain file there? One that disagrees with the files is an error, not a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumState {
    Present,
    Absent,
}

impl Sum {
    /// The chain over files of these names and bytes, in any order.
    pub fn of<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Sum {
        let mut files: Vec<_> = files.collect();
        files.sort_by(|a, b| order(a.0, b.0));
        let mut previous = String::new();
        let mut lines = Vec::with_capacity(files.len());
        for (name, bytes) in files {
            let mut hash = Sha256::new();
            hash.update(previous.as_bytes());
            hash.update(name.as_bytes());
            hash.update(b"\n");
            hash.update(canonical(&String::from_utf8_lossy(bytes)).as_bytes());
            previous = hex(&hash.finalize());
            lines.push((name.to_owned(), previous.clone()));
        }
        Sum { lines }
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// A line that is none of ours, with its number (exit 2).
    pub fn parse(text: &str, file: &str) -> Result<Sum, Failure> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if ["<<<<<<<", "=======", ">>>>>>>"]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                return Err(Failure::usage("two branches added migrations: the file has a merge conflict")
                    .at(file, Some(index + 1))
                    .remedy("renumber one branch's new files, then write the file anew: sgmp-db check --fix"));
            }
            let Some((name, hash)) = line.split_once(" sha256:v1:") else {
                return Err(Failure::usage("this is not a line of migrations.sum")
                    .at(file, Some(index + 1))
                    .remedy("if every file is right, write it anew: sgmp-db check --fix"));
            };
            lines.push((name.to_owned(), hash.to_owned()));
        }
        Ok(Sum { lines })
    }

    /// The first place at which the files are not what this chain says. What follows it differs
    /// too, because each hash contains the one before.
    pub fn differs_from(&self, files: &Sum) -> Option<Failure> {
        let remedy = "restore it from version control; if the change is meant and was applied nowhere: sgmp-db check --fix";
        for index in 0..self.lines.len().max(files.lines.len()) {
            let (expected, actual) = (self.lines.get(index), files.lines.get(index));
            let message = match (expected, actual) {
                (Some(expected), Some(actual)) if expected == actual => continue,
                (Some((expected, _)), Some((actual, _))) if expected == actual => {
                    format!("{actual} was edited since migrations.sum was written")
                }
                (Some((expected, _)), _) if !files.has(expected) => {
                    format!("{expected} is in migrations.sum and its file is missing")
                }
                (None, Some((actual, _))) => {
                    return Some(
                        Failure::usage(format!("{actual} is not in migrations.sum"))
                            .remedy("add it: sgmp-db check --fix"),
                    );
                }
                (_, Some((actual, _))) if !self.has(actual) => {
                    format!("{actual} was inserted before files that migrations.sum has")
                }
                _ => "the lines of migrations.sum are not in the order of the files".to_owned(),
            };
            return Some(Failure::usage(message).remedy(remedy));
        }
        None
    }

    fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|(other, _)| other == name)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|(name, hash)| writeln!(f, "{name} sha256:v1:{hash}"))
    }
}

/// By version as a number, then the way there before the way back.
fn order(a: &str, b: &str) -> Ordering {
    let key = |name: &str| {
        let digits: String = name
            .chars()
            .skip(1)
            .take_while(char::is_ascii_digit)
            .collect();
        (
            digits.parse::<u64>().unwrap_or(u64::MAX),
            name.ends_with(".down.sql"),
            name.to_owned(),
        )
    };
    key(a).cmp(&key(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Sum {
        Sum::of(files.iter().map(|(name, text)| (*name, text.as_bytes())))
    }

    #[test]
    fn the_text_round_trips_also_with_crlf() {
        let sum = of(&[
            ("V2__b.sql", "2"),
            ("V1__a.sql", "1"),
            ("V1__a.down.sql", "0"),
            ("V10__c.sql", "3"),
        ]);
        let text = sum.to_string();
        assert_eq!(Sum::parse(&text, "f").unwrap(), sum);
        assert_eq!(Sum::parse(&text.replace('\n', "\r\n"), "f").unwrap(), sum);
        let names: Vec<_> = text
            .lines()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        assert_eq!(
            names,
            ["V1__a.sql", "V1__a.down.sql", "V2__b.sql", "V10__c.sql"]
        );
    }

    #[test]
    fn the_first_difference_is_named_once() {
        let sum = of(&[("V1__a.sql", "1"), ("V2__b.sql", "2"), ("V3__c.sql", "3")]);
        let told = |files: &[(&str, &str)]| sum.differs_from(&of(files)).unwrap().message;
        assert!(
            told(&[("V1__a.sql", "x"), ("V2__b.sql", "2"), ("V3__c.sql", "3")])
                .starts_with("V1__a.sql was edited")
        );
        assert!(
            told(&[("V1__a.sql", "1"), ("V3__c.sql", "3")])
                .starts_with("V2__b.sql is in migrations.sum")
        );
        assert!(
            told(&[
                ("V1__a.sql", "1"),
                ("V2__b.sql", "2"),
                ("V3__c.sql", "3"),
                ("V4__d.sql", "4")
            ])
            .starts_with("V4__d.sql is not in")
        );
        assert!(
            told(&[
                ("V1__a.sql", "1"),
                ("V1__z.sql", "1"),
                ("V2__b.sql", "2"),
                ("V3__c.sql", "3")
            ])
            .starts_with("V1__z.sql was inserted")
        );
        assert!(sum.differs_from(&sum.clone()).is_none());
    }

    #[test]
    fn a_merge_conflict_is_recognised() {
        let text = "V1__a.sql sha256:v1:00\n<<<<<<< HEAD\nV2__b.sql sha256:v1:01\n=======\n";
        let failure = Sum::parse(text, "f").unwrap_err();
        assert_eq!(failure.line, Some(2));
        assert!(failure.message.contains("merge conflict"));
    }

    #[test]
    fn reordered_lines_are_seen() {
        let sum = of(&[("V1__a.sql", "1"), ("V2__b.sql", "2")]);
        let text: Vec<_> = sum.to_string().lines().rev().map(str::to_owned).collect();
        assert!(
            Sum::parse(&text.join("\n"), "f")
                .unwrap()
                .differs_from(&sum)
                .is_some()
        );
    }
}
