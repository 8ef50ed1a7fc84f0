//! Triggers, routines and events: what differs is dropped and made again, but for an event, which
//! is altered because its times are not known.

use super::{
    collations::Defaults,
    plan::{Both, Phase, Plan, split, touches, typed},
    views::definer,
};
use crate::{
    engine::mysql::{
        catalog::{
            columns::quoted,
            events::{self, Event},
            routines::{self, Routine},
            tables::{self, Table},
            triggers::{self, Trigger},
        },
        session::identifier,
    },
    schema::{Class, Key, Object, ObjectDifference},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// All of them.
pub fn repair(both: &Both<'_>, plan: &mut Plan) {
    for kind in [routines::PROCEDURE, routines::FUNCTION] {
        for difference in both.of_kind(kind) {
            routine(difference, plan);
        }
        for difference in inheriting(both, kind) {
            routine(&difference, plan);
        }
    }
    triggers(both, plan);
    for difference in both.of_kind(events::KIND) {
        event(difference, plan);
    }
}

/// Routines that are as expected but for a default that the database changes: their texts keep the
/// collation that it had when they were made.
fn inheriting(both: &Both<'_>, kind: &str) -> Vec<ObjectDifference> {
    if !Defaults::of(both).change() {
        return Vec::new();
    }
    both.actual
        .objects
        .iter()
        .filter(|(key, _)| key.kind == kind && !both.differences.contains_key(key))
        .filter_map(|(key, actual)| {
            let expected = both.expected.objects.get(key)?;
            let found: Routine = typed(Some(actual))?;
            let inherits = found
                .parameters
                .iter()
                .chain(&found.returns)
                .any(|domain| !domain.contains(" COLLATE ") && mentions_text(domain));
            inherits.then(|| ObjectDifference {
                key: key.clone(),
                expected: Some(expected.clone()),
                actual: Some(actual.clone()),
                paths: Vec::new(),
            })
        })
        .collect()
}

/// Does a parameter hold text?
fn mentions_text(domain: &str) -> bool {
    ["char", "text", "enum", "set("]
        .iter()
        .any(|word| domain.contains(word))
}

/// Drops what stands; at a cost where nothing comes instead.
fn remove(key: &Key, name: &str, comes_again: bool, plan: &mut Plan) {
    let sql = format!(
        "DROP {} {}",
        key.kind.to_ascii_uppercase(),
        identifier(name)
    );
    if comes_again {
        plan.add(Phase::DropProgram, key, sql);
    } else {
        let why = format!("drops {} {name}", key.kind);
        plan.add_at_a_cost(Phase::DropProgram, key, sql, why);
    }
}

/// Makes a program under the modes that its body needs.
fn make(phase: Phase, key: &Key, modes: &[String], sql: String, plan: &mut Plan) {
    if modes.is_empty() {
        return plan.add(phase, key, sql);
    }
    let set = format!("SET SESSION sql_mode = {}", quoted(&modes.join(",")));
    plan.add(phase, key, set);
    plan.add(phase, key, sql);
    plan.add(phase, key, "SET SESSION sql_mode = DEFAULT".to_owned());
}

fn comment(object: &Object) -> String {
    object
        .optional
        .get(&Class::Comments)
        .and_then(Value::as_str)
        .map(|text| format!(" COMMENT {}", quoted(text)))
        .unwrap_or_default()
}

fn routine(difference: &ObjectDifference, plan: &mut Plan) {
    let key = &difference.key;
    let wanted = difference.expected.as_ref();
    if difference.actual.is_some() {
        remove(key, &key.name, wanted.is_some(), plan);
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
    make(Phase::CreateRoutine, key, &routine.sql_mode, sql, plan);
}

/// Triggers of one moment run in an order; one that is made again must come to its place.
fn triggers(both: &Both<'_>, plan: &mut Plan) {
    let all = both.tables();
    let mut remade: BTreeSet<Key> = both
        .of_kind(triggers::KIND)
        .map(|difference| difference.key.clone())
        .collect();
    for difference in both.of_kind(tables::KIND) {
        if touches(difference, "trigger_order") {
            remade.extend(reordered(difference, both));
        }
    }
    let mut standing: BTreeSet<String> = both
        .actual
        .objects
        .keys()
        .filter(|key| key.kind == triggers::KIND && !remade.contains(key))
        .map(|key| key.name.clone())
        .collect();
    let mut wanted = Vec::new();
    for key in &remade {
        let difference = both.differences.get(key);
        let expected = match difference {
            Some(one) => one.expected.as_ref(),
            None => both.expected.objects.get(key),
        };
        let Some((table, own)) = split(&key.name, &all) else {
            continue;
        };
        // Dropping the table drops it.
        let gone = both
            .difference(tables::KIND, table)
            .is_some_and(|one| one.expected.is_none());
        if both.actual.objects.contains_key(key) && !gone {
            remove(key, own, expected.is_some(), plan);
        }
        if let (Some(object), Some(trigger)) = (expected, typed::<Trigger>(expected)) {
            let order = order(both, table, &trigger);
            let place = order.iter().position(|name| name == own).unwrap_or(0);
            wanted.push((table, place, own, object, trigger, order));
        }
    }
    wanted.sort_by_key(|(table, place, own, ..)| (*table, *place, *own));
    for (table, place, own, object, trigger, order) in wanted {
        let stands = |name: &&String| standing.contains(&format!("{table}.{name}"));
        let before = order[..place.min(order.len())].iter().rev().find(stands);
        let behind = order.iter().skip(place + 1).find(stands);
        let position = match (before, behind) {
            (Some(before), _) => format!(" FOLLOWS {}", identifier(before)),
            (None, Some(behind)) => format!(" PRECEDES {}", identifier(behind)),
            (None, None) => String::new(),
        };
        let definer = both
            .differences
            .get(&object.key)
            .map(|difference| definer(difference, object))
            .unwrap_or_default();
        let sql = format!(
            "CREATE{definer} TRIGGER {} {} {} ON {} FOR EACH ROW{position}\n{}",
            identifier(own),
            trigger.timing,
            trigger.event,
            identifier(table),
            trigger.body,
        );
        make(
            Phase::CreateTrigger,
            &object.key,
            &trigger.sql_mode,
            sql,
            plan,
        );
        standing.insert(object.key.name.clone());
    }
}

/// The expected order of the triggers of one moment.
fn order(both: &Both<'_>, table: &str, trigger: &Trigger) -> Vec<String> {
    let moment = format!("{}_{}", trigger.timing, trigger.event).to_ascii_lowercase();
    let key = Key::new(tables::KIND, table);
    let table: Option<Table> = typed(both.expected.objects.get(&key));
    let mut orders = table.map(|table| table.trigger_order).unwrap_or_default();
    orders.remove(&moment).unwrap_or_default()
}

/// Triggers on both sides of every moment whose order differs.
fn reordered(difference: &ObjectDifference, both: &Both<'_>) -> Vec<Key> {
    let Some(table) = typed::<Table>(difference.expected.as_ref()) else {
        return Vec::new();
    };
    table
        .trigger_order
        .iter()
        .filter(|(moment, _)| touches(difference, &format!("trigger_order.{moment}")))
        .flat_map(|(_, names)| names)
        .map(|name| Key::new(triggers::KIND, format!("{}.{name}", difference.key.name)))
        .filter(|key| both.actual.objects.contains_key(key))
        .collect()
}

fn event(difference: &ObjectDifference, plan: &mut Plan) {
    let key = &difference.key;
    let Some(object) = &difference.expected else {
        return remove(key, &key.name, false, plan);
    };
    let Some(event) = typed::<Event>(Some(object)) else {
        return;
    };
    let missing = difference.actual.is_none();
    let every = event.schedule.starts_with("EVERY");
    // The moment of an event for one moment is not known.
    let schedule = if every && (missing || touches(difference, "schedule")) {
        format!(" ON SCHEDULE {}", event.schedule)
    } else if missing || touches(difference, "schedule") {
        return;
    } else {
        String::new()
    };
    let preserve = if event.preserve { "" } else { "NOT " };
    let state = if event.disabled { "DISABLE" } else { "ENABLE" };
    let verb = if missing { "CREATE" } else { "ALTER" };
    let sql = format!(
        "{verb}{} EVENT {}{schedule} ON COMPLETION {preserve}PRESERVE {state}{} DO {}",
        definer(difference, object),
        identifier(&key.name),
        comment(object),
        event.body,
    );
    make(Phase::CreateEvent, key, &event.sql_mode, sql, plan);
}
