//! One statement, and what it does to which keys.

use crate::schema::{Key, Repair};
use std::collections::BTreeSet;

/// How a step is done in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stub {
    pub first: String,
    pub completing: String,
}

/// A statement with what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub(super) key: Key,
    pub(super) sql: String,
    pub(super) loses: Option<String>,
    pub(super) note: Option<String>,
    pub(super) commits: bool,
    pub(super) creates: BTreeSet<Key>,
    pub(super) drops: BTreeSet<Key>,
    pub(super) alters: BTreeSet<Key>,
    pub(super) disturbs: BTreeSet<Key>,
    pub(super) needs: BTreeSet<Key>,
    pub(super) frees: BTreeSet<Key>,
    pub(super) hints: BTreeSet<Key>,
    pub(super) groups: BTreeSet<Key>,
    pub(super) stub: Option<Stub>,
    /// Steps for whose sake alone this one is there; none where it repairs something itself.
    pub(super) because: BTreeSet<usize>,
}

impl Step {
    /// A statement that is told for that object and is not said to do anything yet.
    pub fn about(key: &Key, sql: impl Into<String>) -> Step {
        Step {
            key: key.clone(),
            sql: sql.into(),
            loses: None,
            note: None,
            commits: false,
            creates: BTreeSet::new(),
            drops: BTreeSet::new(),
            alters: BTreeSet::new(),
            disturbs: BTreeSet::new(),
            needs: BTreeSet::new(),
            frees: BTreeSet::new(),
            hints: BTreeSet::new(),
            groups: BTreeSet::new(),
            stub: None,
            because: BTreeSet::new(),
        }
    }

    /// No statement, but what somebody has to do about that object.
    pub fn remark(key: &Key, note: impl Into<String>) -> Step {
        Step::alter(key, "").noting(note)
    }

    /// A statement that creates that object.
    pub fn create(key: &Key, sql: impl Into<String>) -> Step {
        Step::about(key, sql).creating(key)
    }

    /// A statement that drops that object.
    pub fn drop(key: &Key, sql: impl Into<String>) -> Step {
        Step::about(key, sql).dropping(key)
    }

    /// A statement that alters that object in place, whatever depends on it.
    pub fn alter(key: &Key, sql: impl Into<String>) -> Step {
        Step::about(key, sql).altering(key)
    }

    /// It creates that too, and needs what that depends on in the expected schema.
    pub fn creating(mut self, key: &Key) -> Step {
        self.creates.insert(key.clone());
        self
    }

    /// It drops that too: what depends on it in the actual schema goes before.
    pub fn dropping(mut self, key: &Key) -> Step {
        self.drops.insert(key.clone());
        self
    }

    /// It alters that too; what depends on it may stay.
    pub fn altering(mut self, key: &Key) -> Step {
        self.alters.insert(key.clone());
        self
    }

    /// It alters that too, and what depends on it must be away meanwhile.
    pub fn disturbing(mut self, key: &Key) -> Step {
        self.disturbs.insert(key.clone());
        self
    }

    /// That must be as expected before.
    pub fn needing(mut self, key: &Key) -> Step {
        self.needs.insert(key.clone());
        self
    }

    /// It stops using that, which may go or be disturbed only afterwards.
    pub fn freeing(mut self, key: &Key) -> Step {
        self.frees.insert(key.clone());
        self
    }

    /// That had better be there before, as far as is known.
    pub fn hinting(mut self, key: &Key) -> Step {
        self.hints.insert(key.clone());
        self
    }

    /// It is done with all others of that group, or not at all.
    pub fn with(mut self, group: &Key) -> Step {
        self.groups.insert(group.clone());
        self
    }

    /// It loses something: data, or an object that is not expected.
    pub fn losing(mut self, reason: impl Into<String>) -> Step {
        self.loses = Some(reason.into());
        self
    }

    /// What a reader of the statements should know.
    pub fn noting(mut self, note: impl Into<String>) -> Step {
        self.note = Some(note.into());
        self
    }

    /// What it does can be used only after a commit.
    pub fn committing(mut self) -> Step {
        self.commits = true;
        self
    }

    /// In a cycle, the first statement makes it, needing nothing, and the other then completes it.
    pub fn or_stub(mut self, first: impl Into<String>, completing: impl Into<String>) -> Step {
        self.stub = Some(Stub {
            first: first.into(),
            completing: completing.into(),
        });
        self
    }

    /// Its text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What must not be used by anything else meanwhile: what it drops and what it disturbs.
    pub fn moved(&self) -> impl Iterator<Item = &Key> + Clone {
        self.drops.iter().chain(&self.disturbs)
    }

    /// A statement that nothing orders.
    pub fn alone(self) -> Repair {
        self.repair(None)
    }

    /// For which object it is told.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What it alters, in either way.
    pub(super) fn changed(&self) -> BTreeSet<Key> {
        self.alters.union(&self.disturbs).cloned().collect()
    }

    pub(super) fn repair(&self, withheld: Option<&String>) -> Repair {
        Repair {
            key: self.key.clone(),
            touches: self
                .changed()
                .into_iter()
                .chain(self.creates.clone())
                .chain(self.drops.clone())
                .collect(),
            sql: self.sql.clone(),
            destructive: self.loses.as_ref().or(withheld).cloned(),
            note: self.note.clone(),
            commits: self.commits,
        }
    }
}
