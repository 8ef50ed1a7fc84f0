//! A schema that was written down, in the form in which its engine reads one today.

use super::timescale;
use crate::{
    schema::{Object, Snapshot, Steps},
    target::Target,
};

/// A snapshot as if it had been read today: an older one may spell some things as this program no
/// longer does.
pub fn snapshot_of_today(mut snapshot: Snapshot) -> Snapshot {
    if let Some(object) = form(snapshot.target) {
        snapshot.schema.objects.values_mut().for_each(object);
    }
    snapshot
}

/// The same of every version.
pub fn steps_of_today(mut steps: Steps) -> Steps {
    if let Some(object) = form(steps.target) {
        let set = steps.steps.iter_mut().flat_map(|step| &mut step.set);
        set.for_each(object);
    }
    steps
}

fn form(target: Target) -> Option<fn(&mut Object)> {
    match target {
        Target::Mysql => None,
        Target::Timescale => Some(timescale::in_normal_form),
    }
}
