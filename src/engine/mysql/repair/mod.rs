//! Which statements turn the actual MySQL schema into the expected one? Pure.
//!
//! Decisions: what loses nothing comes in one ALTER per table, what may lose something in a second
//! one behind it, so that the second can be withheld. A definer is only written where definers are
//! compared: it may not exist on this server. Left out, because the schema does not tell enough:
//! grants, and an event for one moment that is missing.

mod alter;
mod collations;
mod column;
mod foreign_keys;
mod keys;
mod partitions;
mod plan;
mod programs;
mod sequence;
mod tables;
mod views;

use crate::schema::{ObjectDifference, Repair, Schema};
use plan::{Both, Plan};

/// In an order that works.
pub fn repair(differences: &[ObjectDifference], expected: &Schema, actual: &Schema) -> Vec<Repair> {
    let both = Both::new(differences, expected, actual);
    let mut plan = Plan::default();
    collations::database(&both, &mut plan);
    tables::repair(&both, &mut plan);
    foreign_keys::repair(&both, &mut plan);
    views::repair(&both, &mut plan);
    programs::repair(&both, &mut plan);
    plan.in_order()
}
