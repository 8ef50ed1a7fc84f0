//! A schema that was written down, in the form in which its engine reads one today.

use super::{mysql, timescale};
use crate::{
    schema::{Object, Snapshot, Steps},
    target::Target,
};

/// A snapshot as if it had been read today: an older one may spell some things as this program no
/// longer does.
pub fn snapshot_of_today(mut snapshot: Snapshot) -> Snapshot {
    let objects = snapshot.schema.objects.values_mut();
    objects.for_each(form(snapshot.target));
    snapshot
}

/// The same of every version.
pub fn steps_of_today(mut steps: Steps) -> Steps {
    let set = steps.steps.iter_mut().flat_map(|step| &mut step.set);
    set.for_each(form(steps.target));
    steps
}

fn form(target: Target) -> fn(&mut Object) {
    match target {
        Target::Mysql => mysql::in_normal_form,
        Target::Timescale => timescale::in_normal_form,
    }
}
