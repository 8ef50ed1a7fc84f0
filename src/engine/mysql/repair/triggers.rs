//! Triggers: what differs is dropped and created again, in its place among those of one moment.

use super::{
    both::{Both, touches, typed},
    depends,
    programs::remove,
    views::definer,
};
use crate::{
    engine::mysql::{
        catalog::{
            tables::{self, Table},
            triggers::{self, Trigger},
        },
        session::identifier,
    },
    schema::{
        Key, Object, ObjectDifference,
        plan::{Planner, Step},
    },
};
use std::collections::BTreeSet;

/// One that is created, with its place in the order of its moment.
struct Wanted<'a> {
    table: &'a str,
    own: &'a str,
    object: &'a Object,
    trigger: Trigger,
    order: Vec<String>,
    place: usize,
}

/// All triggers.
pub fn repair(both: &Both<'_>, planner: &mut Planner<'_>) {
    let remade = remade(both);
    let is_kept = |key: &&Key| key.kind == triggers::KIND && !remade.contains(key);
    let mut there: BTreeSet<Key> = both
        .actual
        .objects
        .keys()
        .filter(is_kept)
        .cloned()
        .collect();
    let mut wanted = Vec::new();
    for key in &remade {
        let Some((table, own)) = both.split(key) else {
            continue;
        };
        let expected = match both.differences.get(key) {
            Some(difference) => difference.expected.as_ref(),
            None => both.expected.objects.get(key),
        };
        // Dropping the table drops it.
        let goes = both
            .difference(tables::KIND, table)
            .is_some_and(|one| one.expected.is_none());
        if both.actual.objects.contains_key(key) && !goes {
            let step = remove(key, own, expected.is_some());
            planner.add(step.dropping(&depends::name(triggers::KIND, own)));
        }
        if let (Some(object), Some(trigger)) = (expected, typed::<Trigger>(expected)) {
            let order = order(both, table, &trigger);
            wanted.push(Wanted {
                table,
                own,
                object,
                trigger,
                place: order.iter().position(|name| name == own).unwrap_or(0),
                order,
            });
        }
    }
    wanted.sort_by_key(|one| (one.table, one.place, one.own));
    for one in wanted {
        planner.add(create(both, &one, &there));
        there.insert(one.object.key.clone());
    }
}

/// Those that differ, and those whose place does.
fn remade(both: &Both<'_>) -> BTreeSet<Key> {
    let of_tables = both.of_kind(tables::KIND);
    let reordered = of_tables
        .filter(|one| touches(one, "trigger_order"))
        .flat_map(|one| reordered(one, both));
    let differing = both.of_kind(triggers::KIND).map(|one| one.key.clone());
    differing.chain(reordered).collect()
}

fn create(both: &Both<'_>, wanted: &Wanted<'_>, there: &BTreeSet<Key>) -> Step {
    let Wanted {
        table,
        own,
        object,
        trigger,
        order,
        place,
    } = wanted;
    let key_of = |name: &String| Key::new(triggers::KIND, format!("{table}.{name}"));
    let is_there = |name: &&String| there.contains(&key_of(name));
    let before = order[..*place.min(&order.len())]
        .iter()
        .rev()
        .find(is_there);
    let behind = order.iter().skip(place + 1).find(is_there);
    let (position, neighbour) = match (before, behind) {
        (Some(before), _) => (format!(" FOLLOWS {}", identifier(before)), Some(before)),
        (None, Some(behind)) => (format!(" PRECEDES {}", identifier(behind)), Some(behind)),
        (None, None) => (String::new(), None),
    };
    let difference = both.differences.get(&object.key);
    let definer = difference
        .map(|one| definer(one, object))
        .unwrap_or_default();
    let sql = format!(
        "CREATE{definer} TRIGGER {} {} {} ON {} FOR EACH ROW{position}\n{}",
        identifier(own),
        trigger.timing,
        trigger.event,
        identifier(table),
        trigger.body,
    );
    let step = Step::create(&object.key, sql).creating(&depends::name(triggers::KIND, own));
    neighbour
        .into_iter()
        .fold(step, |step, name| step.needing(&key_of(name)))
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
