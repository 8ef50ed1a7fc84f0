//! Statements that turn the actual schema into the expected one. Pure.

mod columns;
mod hypertables;
mod indexes;
mod keep;
mod rebuild;
mod renames;
mod routines;
mod sequences;
mod steps;
mod tables;
mod triggers;
mod types;
mod views;
mod whole;

use crate::schema::{Change, Key, Object, ObjectDifference, Repair, Schema, Scope, diff};
use steps::Steps;

/// In an order that works: what is renamed first, then what must go before it can be made anew, then
/// what is made, then what is not expected.
///
/// Extensions are never dropped, chunks never touched. Owners, grants and comments are not repaired, only kept where an object is made anew;
/// row-level policies are only made and dropped where one is missing or not expected.
pub fn repair(differences: &[ObjectDifference], expected: &Schema, actual: &Schema) -> Vec<Repair> {
    let mut steps = Steps::default();
    let renamed = renames::apply(differences, actual, &mut steps);
    let scope = Scope {
        same_major: true,
        ..Scope::default()
    };
    let rest: Vec<ObjectDifference> = diff(expected, &renamed.schema, &scope)
        .into_iter()
        .filter_map(|one| asked(one, differences, &renamed.affected))
        .collect();
    let work = Work {
        rest: &rest,
        expected,
        actual: &renamed.schema,
    };
    let rebuilt = rebuild::repair(&work, &mut steps);
    for difference in rest.iter().filter(|one| !rebuilt.covers(&one.key)) {
        whole::repair(difference, &work, &mut steps);
    }
    views::repair(&work, &rebuilt, &mut steps);
    steps.in_order()
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
    pub rest: &'a [ObjectDifference],
    pub expected: &'a Schema,
    pub actual: &'a Schema,
}

impl Work<'_> {
    /// The difference of one object.
    pub fn of(&self, kind: &str, name: &str) -> Option<&ObjectDifference> {
        self.rest
            .iter()
            .find(|one| one.key.kind == kind && one.key.name == name)
    }

    /// Is that object there, and not expected to be?
    pub fn is_unexpected(&self, kind: &str, name: &str) -> bool {
        self.of(kind, name)
            .is_some_and(|one| one.change() == Change::Unexpected)
    }

    /// The expected object of that kind and name.
    pub fn wanted(&self, kind: &str, name: &str) -> Option<&Object> {
        self.expected.objects.get(&Key::new(kind, name))
    }

    /// The object of that kind and name as it is.
    pub fn found(&self, kind: &str, name: &str) -> Option<&Object> {
        self.actual.objects.get(&Key::new(kind, name))
    }
}
