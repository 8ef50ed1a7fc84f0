//! Views, each behind those that it reads.

use super::plan::{Both, Phase, Plan, touches, typed};
use crate::{
    engine::mysql::{
        catalog::views::{self, View},
        session::identifier,
    },
    schema::{Class, Object, ObjectDifference},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// All views.
pub fn repair(both: &Both<'_>, plan: &mut Plan) {
    let mut pending: BTreeMap<&str, (&ObjectDifference, View)> = BTreeMap::new();
    for difference in both.of_kind(views::KIND) {
        let name = difference.key.name.as_str();
        match typed::<View>(difference.expected.as_ref()) {
            Some(view) => drop(pending.insert(name, (difference, view))),
            None => plan.add_at_a_cost(
                Phase::DropProgram,
                &difference.key,
                format!("DROP VIEW {}", identifier(name)),
                format!("drops view {name}"),
            ),
        }
    }
    while !pending.is_empty() {
        let ready = pending
            .iter()
            .find(|(_, (_, view))| {
                !view
                    .depends_on
                    .iter()
                    .any(|one| pending.contains_key(one.as_str()))
            })
            .map(|(name, _)| *name);
        // No view reads itself, so only a snapshot that no server wrote has none that is ready.
        let Some(name) = ready.or_else(|| pending.keys().next().copied()) else {
            break;
        };
        if let Some((difference, view)) = pending.remove(name)
            && let Some(sql) = create(difference, &view)
        {
            plan.add(Phase::CreateView, &difference.key, sql);
        }
    }
}

/// None where the expected text is not known.
fn create(difference: &ObjectDifference, view: &View) -> Option<String> {
    let object = difference.expected.as_ref()?;
    let text = object.per_major.as_ref()?.get("text")?.as_str()?;
    let algorithm = view.algorithm.as_deref().unwrap_or("UNDEFINED");
    let security = view.security.as_deref().unwrap_or("DEFINER");
    let columns: Vec<String> = view.columns.iter().map(|name| identifier(name)).collect();
    let check = view
        .check_option
        .as_ref()
        .map(|option| format!(" WITH {option} CHECK OPTION"))
        .unwrap_or_default();
    Some(format!(
        "CREATE OR REPLACE ALGORITHM = {algorithm}{} SQL SECURITY {security} VIEW {} ({}) AS {text}{check}",
        definer(difference, object),
        identifier(&difference.key.name),
        columns.join(", "),
    ))
}

/// `DEFINER = …`, where definers are compared and differ.
pub fn definer(difference: &ObjectDifference, object: &Object) -> String {
    let compared = touches(difference, Class::Definers.name());
    object
        .optional
        .get(&Class::Definers)
        .and_then(Value::as_str)
        .filter(|_| compared)
        .and_then(|account| account.rsplit_once('@'))
        .map(|(user, host)| format!(" DEFINER = {}@{}", identifier(user), identifier(host)))
        .unwrap_or_default()
}
