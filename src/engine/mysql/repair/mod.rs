//! Which statements turn the actual MySQL schema into the expected one? Pure.
//!
//! Each file says what its kind's statements do; the order, and what is withheld with a statement
//! that loses something, is the planner's (`schema::plan`), from what depends on what (`depends`).
//! Decisions: what loses nothing comes in one ALTER per table, what may lose something in a second
//! one, so that the second can be withheld (`clauses`). A definer is only written where definers are
//! compared: it may not exist on this server. Left out, because the schema does not tell enough:
//! grants.

mod alter;
mod anew;
mod both;
mod checks;
mod clauses;
mod collations;
mod column;
mod columns;
mod depends;
mod events;
mod foreign_keys;
mod indexes;
mod keys;
mod partitions;
mod programs;
mod routines;
mod sequence;
mod tables;
mod triggers;
mod views;

use crate::schema::{ObjectDifference, Repair, Schema, plan::Planner};
use both::Both;

/// In an order that works.
pub fn repair(differences: &[ObjectDifference], expected: &Schema, actual: &Schema) -> Vec<Repair> {
    let both = Both::new(differences, expected, actual);
    let after = depends::dependencies(expected);
    let before = depends::dependencies(actual);
    let mut planner = Planner::new(&after, &before);
    collations::database(&both, &mut planner);
    tables::repair(&both, &mut planner);
    foreign_keys::repair(&both, &mut planner);
    routines::repair(&both, &mut planner);
    views::repair(&both, &mut planner);
    triggers::repair(&both, &mut planner);
    events::repair(&both, &mut planner);
    planner.detour(|key, step| foreign_keys::detour(&both, key, step));
    let repairs = planner.finish().into_iter();
    repairs
        .flat_map(|repair| programs::under_its_modes(repair, &both))
        .collect()
}
