//! Events: what differs is altered.

use super::{
    both::{Both, touches, typed},
    programs::{comment, remove},
    views::definer,
};
use crate::{
    engine::mysql::{
        catalog::events::{self, Event},
        session::identifier,
    },
    schema::{
        ObjectDifference,
        plan::{Planner, Step},
    },
};

/// All events.
pub fn repair(both: &Both<'_>, planner: &mut Planner<'_>) {
    for difference in both.of_kind(events::KIND) {
        match &difference.expected {
            Some(_) => make(difference, planner),
            None => planner.add(remove(&difference.key, &difference.key.name, false)),
        }
    }
}

fn make(difference: &ObjectDifference, planner: &mut Planner<'_>) {
    let (key, wanted) = (&difference.key, difference.expected.as_ref());
    let (Some(object), Some(event)) = (wanted, typed::<Event>(wanted)) else {
        return;
    };
    let is_missing = difference.actual.is_none();
    let times = ["schedule", "at", "starts", "ends"];
    let schedule = if is_missing || times.iter().any(|path| touches(difference, path)) {
        // A snapshot of an older version does not tell the moment.
        let Some(schedule) = event.on_schedule() else {
            return;
        };
        format!(" ON SCHEDULE {schedule}")
    } else {
        String::new()
    };
    let preserve = if event.preserve { "" } else { "NOT " };
    let state = if event.disabled { "DISABLE" } else { "ENABLE" };
    let verb = if is_missing { "CREATE" } else { "ALTER" };
    let sql = format!(
        "{verb}{} EVENT {}{schedule} ON COMPLETION {preserve}PRESERVE {state}{} DO {}",
        definer(difference, object),
        identifier(&key.name),
        comment(object),
        event.body,
    );
    planner.add(match is_missing {
        true => Step::create(key, sql),
        false => Step::alter(key, sql),
    });
}
