//! Views: what differs is replaced, when all that it reads is as expected.

use super::{
    both::{Both, touches, typed},
    depends,
};
use crate::{
    engine::mysql::{
        catalog::views::{self, View},
        session::identifier,
    },
    schema::{
        Class, Object, ObjectDifference,
        plan::{Planner, Step},
    },
};
use serde_json::Value;

/// All views.
pub fn repair(both: &Both<'_>, planner: &mut Planner<'_>) {
    for difference in both.of_kind(views::KIND) {
        let key = &difference.key;
        let name = depends::name(depends::RELATION, &key.name);
        let Some(object) = &difference.expected else {
            let sql = format!("DROP VIEW {}", identifier(&key.name));
            let step = Step::drop(key, sql).dropping(&name);
            planner.add(step.losing(format!("drops view {}", key.name)));
            continue;
        };
        if let Some(sql) = create(difference, object) {
            planner.add(Step::create(key, sql).creating(&name));
        }
    }
}

/// None where the expected text is not known.
fn create(difference: &ObjectDifference, object: &Object) -> Option<String> {
    let view: View = typed(Some(object))?;
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
