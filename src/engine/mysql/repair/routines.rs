//! Procedures and functions: what differs is dropped and created again.

use super::{
    both::{Both, typed},
    collations::Defaults,
    programs::{comment, remove},
    views::definer,
};
use crate::{
    engine::mysql::{
        catalog::routines::{self, Routine},
        session::identifier,
    },
    schema::{
        ObjectDifference,
        plan::{Planner, Step},
    },
};

/// All of them.
pub fn repair(both: &Both<'_>, planner: &mut Planner<'_>) {
    for kind in [routines::PROCEDURE, routines::FUNCTION] {
        for difference in both.of_kind(kind) {
            routine(difference, planner);
        }
        for difference in inheriting(both, kind) {
            routine(&difference, planner);
        }
    }
}

/// Routines that are as expected but for a default that the database changes: their texts keep the
/// collation that it had when they were created.
fn inheriting(both: &Both<'_>, kind: &str) -> Vec<ObjectDifference> {
    let defaults = Defaults::of(both);
    if !defaults.change() {
        return Vec::new();
    }
    both.actual
        .objects
        .iter()
        .filter(|(key, _)| key.kind == kind && !both.differences.contains_key(key))
        .filter_map(|(key, actual)| {
            let expected = both.expected.objects.get(key)?;
            let [wanted, found] = [expected, actual].map(|one| typed::<Routine>(Some(one)));
            let to = wanted?.resolved(&defaults.after);
            (found?.resolved(&defaults.before) != to).then(|| ObjectDifference {
                key: key.clone(),
                expected: Some(expected.clone()),
                actual: Some(actual.clone()),
                paths: Vec::new(),
            })
        })
        .collect()
}

fn routine(difference: &ObjectDifference, planner: &mut Planner<'_>) {
    let key = &difference.key;
    let wanted = difference.expected.as_ref();
    if difference.actual.is_some() {
        planner.add(remove(key, &key.name, wanted.is_some()));
    }
    let (Some(object), Some(routine)) = (wanted, typed::<Routine>(wanted)) else {
        return;
    };
    let returns = routine
        .returns
        .as_ref()
        .map(|domain| format!(" RETURNS {domain}"))
        .unwrap_or_default();
    let deterministic = if routine.deterministic { "" } else { "NOT " };
    let security = routine.security.as_deref().unwrap_or("DEFINER");
    let sql = format!(
        "CREATE{} {} {}({}){returns} {deterministic}DETERMINISTIC {} SQL SECURITY {security}{}\n{}",
        definer(difference, object),
        key.kind.to_ascii_uppercase(),
        identifier(&key.name),
        routine.parameters.join(", "),
        routine.data_access,
        comment(object),
        routine.body,
    );
    planner.add(Step::create(key, sql));
}
