//! What is pending, may it run, run it: lock, apply, record.

mod adopt;
mod back;
mod climb;
mod contradiction;
mod dry_run;
mod event;
mod excerpt;
mod expectation;
pub mod files;
mod job;
mod limit;
#[cfg(test)]
mod linear;
mod lint;
mod look;
mod plan;
mod preflight;
mod resolve;
mod resume;
mod retention;
mod run;
mod settle;
mod told;
mod upgrade;
mod verify;
mod watch;

pub use adopt::adopt;
pub use climb::{States, climb};
pub use event::{Event, Observer};
pub use look::{Look, look};
pub use plan::Plan;
pub use resolve::{Claim, Proposal, ResolveRequest, propose, resolve};
pub use retention::run_retention;
pub use settle::{DataLoss, compare as compare_policies};
pub use upgrade::{Options, Side, upgrade};
pub use verify::{differences, verify};
