//! In which order do repairs work?

use crate::schema::{Key, Object, ObjectDifference, Repair, Schema};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Dependents go first and come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    DropProgram,
    DropForeignKey,
    Database,
    DropTable,
    RemovePartitions,
    CreateTable,
    AlterTable,
    /// What may lose something.
    AlterTableAtACost,
    Partition,
    AddForeignKey,
    CreateRoutine,
    CreateView,
    CreateTrigger,
    CreateEvent,
}

/// Repairs, each with its phase.
#[derive(Debug, Default)]
pub struct Plan {
    repairs: BTreeMap<Phase, Vec<Repair>>,
}

impl Plan {
    /// One that loses nothing.
    pub fn add(&mut self, phase: Phase, key: &Key, sql: String) {
        self.push(phase, key, sql, None);
    }

    /// One that loses something: `why`.
    pub fn add_at_a_cost(&mut self, phase: Phase, key: &Key, sql: String, why: String) {
        self.push(phase, key, sql, Some(why));
    }

    fn push(&mut self, phase: Phase, key: &Key, sql: String, destructive: Option<String>) {
        self.repairs.entry(phase).or_default().push(Repair {
            key: key.clone(),
            sql,
            destructive,
            touches: BTreeSet::new(),
            note: None,
            commits: false,
        });
    }

    /// Phase by phase, within one as they were added.
    pub fn in_order(self) -> Vec<Repair> {
        self.repairs.into_values().flatten().collect()
    }
}

/// Both sides and what differs between them.
pub struct Both<'a> {
    pub expected: &'a Schema,
    pub actual: &'a Schema,
    pub differences: BTreeMap<&'a Key, &'a ObjectDifference>,
}

impl<'a> Both<'a> {
    /// Of these differences only: what is ignored or unseen is not touched.
    pub fn new(
        differences: &'a [ObjectDifference],
        expected: &'a Schema,
        actual: &'a Schema,
    ) -> Both<'a> {
        Both {
            expected,
            actual,
            differences: differences.iter().map(|one| (&one.key, one)).collect(),
        }
    }

    /// The differences of one kind.
    pub fn of_kind<'b>(
        &'b self,
        kind: &'b str,
    ) -> impl Iterator<Item = &'a ObjectDifference> + use<'a, 'b> {
        self.differences
            .values()
            .copied()
            .filter(move |one| one.key.kind == kind)
    }

    /// The difference of one object.
    pub fn difference(&self, kind: &str, name: &str) -> Option<&'a ObjectDifference> {
        self.differences.get(&Key::new(kind, name)).copied()
    }
}

/// The typed form of an object; none where a snapshot was written by a hand that knows other fields.
pub fn typed<T: DeserializeOwned>(object: Option<&Object>) -> Option<T> {
    serde_json::from_value(object?.value.clone()).ok()
}

/// The table and the own name in `table.name`. A table's name may have dots too, so the longest
/// known table wins.
pub fn split<'a>(name: &'a str, tables: &BTreeSet<&str>) -> Option<(&'a str, &'a str)> {
    name.char_indices()
        .rev()
        .filter(|(_, character)| *character == '.')
        .map(|(at, _)| (&name[..at], &name[at + 1..]))
        .find(|(table, _)| tables.contains(table))
        .or_else(|| name.split_once('.'))
}

impl Both<'_> {
    /// Names of the tables of both sides.
    pub fn tables(&self) -> BTreeSet<&str> {
        self.expected
            .objects
            .keys()
            .chain(self.actual.objects.keys())
            .filter(|key| key.kind == super::super::catalog::tables::KIND)
            .map(|key| key.name.as_str())
            .collect()
    }
}

/// Does any difference lie at this path or below it?
pub fn touches(difference: &ObjectDifference, path: &str) -> bool {
    difference.paths.iter().any(|one| {
        one.path
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
