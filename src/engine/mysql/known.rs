//! What is known about tables without asking, while scripts run: which names are in use, and the definition of the
//! table that a coming script alters. So a journal row may be opened before anybody is asked.
//!
//! What is known may be wrong only where somebody else has changed it since. Then a CREATE TABLE fails by itself, as it
//! would have after a question, and an ALTER TABLE does what it says to what is there now. Where a crash hides how the
//! statement ended, the table is compared with what the statement makes of what was known: that somebody else changed
//! it in between is then found, and decided by nobody but `resolve`.

use super::{
    effect::{Effect, Proof, Seen, WatchedKind, effect},
    evidence::{self, Evidence},
    preamble::is_plain,
};
use crate::{
    engine::Work,
    sql::{Commits, Facts, Statement, Verb, contains},
};
use mysql_async::Row;
use std::collections::HashSet;

/// What is known, in the session's own database.
#[derive(Debug, Default)]
pub struct Known {
    /// Names of tables and views in use, in lower case, because a server may not tell cases apart; none while nobody
    /// knows.
    names: Option<HashSet<String>>,
    /// What the first statement of the script with that version finds.
    ahead: Option<(i32, Evidence)>,
}

impl Known {
    /// The names that were seen.
    pub fn of<'n>(names: impl Iterator<Item = &'n str>) -> Known {
        Known {
            names: Some(names.map(str::to_lowercase).collect()),
            ahead: None,
        }
    }

    /// What a CREATE TABLE finds, where that is known: nothing of that name.
    pub fn absent(&self, seen: &Seen) -> Option<Evidence> {
        let names = self.names.as_ref()?;
        let is_free = |name: &str| !names.contains(&name.to_lowercase());
        match &seen.watched[..] {
            [one]
                if seen.proof == Proof::Trial
                    && !seen.may_look_unchanged
                    && one.kind == WatchedKind::TableExists
                    && one.schema.is_none()
                    && is_free(&one.name) =>
            {
                Some(Evidence(vec![None]))
            }
            _ => None,
        }
    }

    /// What a script's first statement finds, where that is known.
    pub fn first(&self, script: &Work<'_>, seen: &Seen) -> Option<Evidence> {
        let ahead = self.ahead.as_ref();
        let ahead = ahead.filter(|(version, _)| *version == script.version);
        let ahead = ahead.map(|(_, evidence)| evidence.clone());
        self.absent(seen).or(ahead)
    }

    /// Keeps the answer to `ahead`.
    pub fn keep(&mut self, script: &Work<'_>, rows: &[Vec<Row>]) {
        let first = script.statements.first();
        self.ahead = match first.map(effect) {
            Some(Effect::Seen(seen)) if !rows.is_empty() => {
                evidence::read(&seen, rows).map(|evidence| (script.version, evidence))
            }
            _ => None,
        };
    }

    /// Something has failed, and nobody knows what comes next.
    pub fn forget_ahead(&mut self) {
        self.ahead = None;
    }

    /// A statement is about to be sent.
    pub fn note(&mut self, facts: &Facts, effect: &Effect) {
        let Some(names) = &mut self.names else {
            return;
        };
        match effect {
            Effect::Seen(seen) => {
                names.extend(seen.watched.iter().map(|one| one.name.to_lowercase()));
            }
            // Functions and triggers, which data statements may run, make no tables.
            _ if facts.commits == Commits::Transactional => {}
            // A procedure or a prepared statement may do anything.
            _ if facts.verb == Verb::Call || facts.commits == Commits::Session => self.names = None,
            _ => {}
        }
    }
}

/// The query for what the first statement of `script` finds, asked before `between` runs: only a table's definition,
/// and only where `between` cannot change it.
pub fn ahead(script: &Work<'_>, between: &Work<'_>) -> Option<String> {
    let Effect::Seen(seen) = effect(script.statements.first()?) else {
        return None;
    };
    let [table] = &seen.watched[..] else {
        return None;
    };
    let is_definition = table.kind == WatchedKind::TableDefinition && !seen.may_look_unchanged;
    if !is_definition || table.schema.is_some() {
        return None;
    }
    let leaves = |statement: &Statement| {
        let tokens = statement.tokens();
        // A foreign key's definition names what it refers to as that is called now.
        let renames = contains(&tokens, &["rename"]) || contains(&tokens, &["change"]);
        is_plain(statement) && !renames && !names(statement, &table.name)
    };
    let mut probes = evidence::probes(&Effect::Seen(seen.clone())).into_iter();
    (between.statements.iter().all(leaves)).then(|| probes.next())?
}

fn names(statement: &Statement, table: &str) -> bool {
    match effect(statement) {
        Effect::Seen(seen) => {
            let mut watched = seen.watched.iter();
            watched.any(|one| one.name.to_lowercase() == table.to_lowercase())
        }
        Effect::Repeatable | Effect::Hidden(_) => true,
    }
}
