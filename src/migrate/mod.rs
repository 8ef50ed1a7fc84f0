//! What is pending, may it run, run it: lock, apply, record.

mod dry_run;
mod event;
mod expectation;
pub mod files;
mod lint;
mod look;
mod plan;
mod preflight;
mod resume;
mod retention;
mod run;
mod settle;
mod signals;
mod upgrade;

pub use event::{Event, Observer};
pub use look::{Look, look};
pub use plan::Plan;
pub use retention::run_retention;
pub use settle::{DataLoss, compare as compare_policies};
pub use upgrade::{Options, Side, upgrade};
