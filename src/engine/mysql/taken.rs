//! Which names of tables are in use? Kept along while scripts run, so that a CREATE TABLE need not ask.
//!
//! What is kept may be wrong only in one way that matters: a name passes for free and is not, because somebody
//! else has taken it since. Then our CREATE TABLE fails by itself, as it would have with the question; and where
//! a crash hides that failure, the table is compared with what our statement makes, as it would have been too.

use super::{
    effect::{Effect, Proof, Seen, WatchedKind},
    evidence::Evidence,
};
use crate::sql::{Commits, Facts, Verb};
use std::collections::HashSet;

/// The names in the session's own database.
#[derive(Debug, Default)]
pub struct Taken {
    /// In lower case, because a server may not tell cases apart; none while nobody knows.
    names: Option<HashSet<String>>,
}

impl Taken {
    /// Those of the tables and views that were seen.
    pub fn of<'n>(names: impl Iterator<Item = &'n str>) -> Taken {
        Taken {
            names: Some(names.map(str::to_lowercase).collect()),
        }
    }

    /// What a CREATE TABLE finds, where that is known: nothing of that name.
    pub fn known(&self, seen: &Seen) -> Option<Evidence> {
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
