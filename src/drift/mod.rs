//! What was expected, what is there? Writes nothing but what `recorded` stores under the lock.

mod committed;
mod compare;
mod expected;
mod findings;
mod outage;
mod patch;
mod recorded;

pub use committed::Committed;
pub use compare::{Drift, Question, against, against_committed, look};
pub use expected::{Expected, expected};
pub use findings::{nothing_recorded, told, without_repair};
pub use patch::{Patch, patches};
pub use recorded::{Baseline, baseline, is_unrecorded, note_accepted, store, store_back};
