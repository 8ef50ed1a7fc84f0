//! Statements that turn the actual schema into the expected one. Pure.
//!
//! What is the same under another name is renamed first. Then every difference says which statements repair
//! it and what they do to which objects (`whole.rs` and the files of the kinds); in which order they work,
//! and what stands in their way, follows from what depends on what (`dependencies.rs`, `schema::plan`).

mod collations;
mod column_sequences;
mod columns;
mod columns_renamed;
mod dependencies;
mod hypertables;
mod indexes;
mod keep;
mod parents;
mod publications;
mod rebuild;
mod renames;
mod retyped;
mod routines;
mod sequences;
mod statistics;
mod steps;
mod table_columns;
mod tables;
mod triggers;
mod types;
mod views;
mod whole;

use super::catalog::continuous_aggregates::CONTINUOUS_AGGREGATE;
use crate::schema::{
    Change, Key, Object, ObjectDifference, Repair, Schema, Scope, diff, plan::Planner,
};
use dependencies::Graph;
use rebuild::Rebuilt;
use std::collections::BTreeMap;

/// In an order that works.
///
/// Extensions are never dropped, chunks never touched. Owners, grants and comments are not repaired, only
/// kept where an object is created again.
pub fn repair(differences: &[ObjectDifference], expected: &Schema, actual: &Schema) -> Vec<Repair> {
    let renamed = renames::apply(differences, expected, actual);
    let scope = Scope {
        same_major: true,
        ..Scope::default()
    };
    let rest: Vec<ObjectDifference> = diff(expected, &renamed.schema, &scope)
        .into_iter()
        .filter_map(|one| asked(one, differences, &renamed.affected))
        .collect();
    let mut work = Work {
        rest: rest.iter().map(|one| (&one.key, one)).collect(),
        expected,
        actual: &renamed.schema,
        graph: Graph::new(expected, &renamed.schema),
        rebuilt: Rebuilt::default(),
        is_recorded: expected
            .objects
            .values()
            .any(|one| !one.depends_on.is_empty()),
    };
    work.rebuilt = rebuild::find(&work);
    let rebuilt = &work.rebuilt;
    let mut planner = Planner::new(&work.graph.expected, &work.graph.actual);
    for (table, reason) in &rebuilt.tables {
        rebuild::steps(table, reason, &work)
            .into_iter()
            .for_each(|step| planner.add(step));
    }
    for difference in rest.iter().filter(|one| !rebuilt.covers(&one.key)) {
        whole::repair(difference, &work)
            .into_iter()
            .for_each(|step| planner.add(step));
    }
    planner.detour(|key, because| whole::around(key, because, &work));
    renamed
        .statements
        .into_iter()
        .chain(planner.finish())
        .collect()
}

/// A difference, or what of it was asked for: an ignored part stays as it is.
fn asked(
    mut difference: ObjectDifference,
    differences: &[ObjectDifference],
    affected: &[Key],
) -> Option<ObjectDifference> {
    if affected.contains(&difference.key) {
        return Some(difference);
    }
    let original = differences.iter().find(|one| one.key == difference.key)?;
    if original.change() == Change::Changed {
        difference
            .paths
            .retain(|path| original.paths.iter().any(|other| other.path == path.path));
    }
    (difference.change() != Change::Changed || !difference.paths.is_empty()).then_some(difference)
}

/// What there is to do, after renames.
pub struct Work<'a> {
    pub rest: BTreeMap<&'a Key, &'a ObjectDifference>,
    pub expected: &'a Schema,
    pub actual: &'a Schema,
    pub graph: Graph,
    /// Tables that are made again.
    pub rebuilt: Rebuilt,
    /// Does the expected schema say what depends on what? Snapshots once did not.
    pub is_recorded: bool,
}

impl Work<'_> {
    /// The difference of one object.
    pub fn of(&self, key: &Key) -> Option<&ObjectDifference> {
        self.rest.get(key).copied()
    }

    /// The expected object of that kind and name.
    pub fn wanted(&self, kind: &str, name: &str) -> Option<&Object> {
        self.expected.objects.get(&Key::new(kind, name))
    }

    /// The object of that kind and name as it is.
    pub fn found(&self, kind: &str, name: &str) -> Option<&Object> {
        self.actual.objects.get(&Key::new(kind, name))
    }

    /// Is, or was, there a continuous aggregate of that name?
    pub fn is_aggregate(&self, name: &str) -> bool {
        self.wanted(CONTINUOUS_AGGREGATE, name).is_some()
            || self.found(CONTINUOUS_AGGREGATE, name).is_some()
    }
}
