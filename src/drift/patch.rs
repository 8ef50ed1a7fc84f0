//! A look at the schema as text: for each object the unified diff of how it is written down.

use super::Drift;
use crate::{
    schema::{Object, ObjectDifference, Scope, only, render},
    visible,
};
use similar::TextDiff;

/// One object that is not as expected.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Kind and name.
    pub object: String,
    pub text: String,
}

/// Every difference, in the order of the objects.
pub fn patches(drift: &Drift) -> Vec<Patch> {
    drift
        .differences
        .iter()
        .map(|difference| Patch {
            object: difference.key.to_string(),
            text: patch(difference, &drift.scope),
        })
        .collect()
}

fn patch(difference: &ObjectDifference, scope: &Scope) -> String {
    let expected = difference.expected.as_ref();
    // What is ignored or not compared must not show.
    let actual = only(difference).or_else(|| difference.actual.clone());
    // A line break in a name must not begin another line of the patch.
    let object = visible::line(&difference.key.to_string()).into_owned();
    let write =
        |object: Option<&Object>| object.map_or(String::new(), |one| render(&compared(one, scope)));
    TextDiff::from_lines(write(expected).as_str(), write(actual.as_ref()).as_str())
        .unified_diff()
        .header(&format!("expected {object}"), &format!("actual {object}"))
        .to_string()
}

/// Without the parts that this look does not compare.
fn compared(object: &Object, scope: &Scope) -> Object {
    let mut object = object.clone();
    if !scope.same_major {
        object.per_major = None;
    }
    object
        .optional
        .retain(|class, _| scope.include.contains(class));
    object
}
