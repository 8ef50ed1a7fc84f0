//! Every rule over the scripts of one database, in the order in which they run.

use super::{
    Find, RULES, Rule, Subject,
    clause::Clause,
    context::{At, File, Read},
    known::Known,
};
use crate::sql::{Dialect, Statement};
use std::collections::BTreeSet;

/// What is known of a script beside its statements.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// Does it run in one transaction?
    pub atomic: bool,
    /// Is it a way back?
    pub is_down: bool,
}

/// One broken rule.
pub struct Told {
    pub rule: &'static Rule,
    /// In the script, from 1.
    pub line: usize,
    pub message: String,
}

impl<'a> File<'a> {
    /// Reads a script's statements.
    pub fn read(dialect: Dialect, statements: &'a [Statement], origin: Origin) -> File<'a> {
        File {
            dialect,
            atomic: origin.atomic,
            is_down: origin.is_down,
            statements: statements.iter().map(Read::of).collect(),
        }
    }
}

/// Goes through the scripts and keeps what they leave.
#[derive(Default)]
pub struct Reviewer {
    known: Known,
}

impl Reviewer {
    /// What is wrong in the next script, by line. A way back is read behind its way there and leaves nothing.
    pub fn review(&mut self, file: &File<'_>) -> Vec<Told> {
        let mut told = self.statements(file);
        for (rule, find) in rules(file).filter_map(|rule| match rule.find {
            Find::File(find) => Some((rule, find)),
            _ => None,
        }) {
            for (index, message) in find(file, &self.known) {
                let line = file
                    .statements
                    .get(index)
                    .map_or(1, |read| read.statement.line);
                told.push(Told {
                    rule,
                    line,
                    message,
                });
            }
        }
        told.sort_by_key(|one| one.line);
        told
    }

    fn statements(&mut self, file: &File<'_>) -> Vec<Told> {
        let mut told = Vec::new();
        let mut made = BTreeSet::new();
        for (index, read) in file.statements.iter().enumerate() {
            let at = At {
                read,
                file,
                index,
                known: &self.known,
                made: &made,
            };
            told.extend(rules(file).flat_map(|rule| of_statement(rule, &at)));
            made.extend(read.made());
            if !file.is_down {
                self.known.learn(read);
            }
        }
        told
    }
}

/// What one rule says of one statement.
fn of_statement(rule: &'static Rule, at: &At<'_, '_>) -> Vec<Told> {
    let read = at.read;
    let told = |line: usize, message: String| Told {
        rule,
        line,
        message,
    };
    match (&rule.find, read.is_data()) {
        (Find::Rows(find), true) | (Find::Statement(find), false) => {
            let message = find(at);
            message
                .into_iter()
                .map(|message| told(read.statement.line, message))
                .collect()
        }
        (Find::Clause(find), false) => {
            let broken = read
                .clauses
                .iter()
                .filter_map(|clause| Some(told(line(read, clause), find(clause, at)?)));
            broken.collect()
        }
        _ => Vec::new(),
    }
}

/// Those for this SQL. A way back loses by its nature.
fn rules<'f>(file: &'f File<'_>) -> impl Iterator<Item = &'static Rule> + use<'f> {
    let (dialect, is_down) = (file.dialect, file.is_down);
    let goes_back = |subject: Subject| {
        matches!(
            subject,
            Subject::Locks | Subject::Running | Subject::Elsewhere
        )
    };
    RULES
        .iter()
        .copied()
        .filter(move |rule| rule.is_for(dialect) && (!is_down || goes_back(rule.subject)))
}

fn line(read: &Read<'_>, clause: &Clause<'_>) -> usize {
    let at = clause.tokens.first().map_or(0, |token| token.at);
    let before = read.statement.text().get(..at).unwrap_or_default();
    read.statement.line + before.matches('\n').count()
}
